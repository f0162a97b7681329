#include "stages/report/read_tables.hpp"
#include "stages/report/sections.hpp"
#include "unit/stages/report/example_structure.hpp"

#include <gmock/gmock.h>

#include <filesystem>

namespace salus::report {
namespace {

using testing::HasSubstr;
using testing::Not;

class StructureSection : public testing::Test {
protected:
    StructureSection() {
        folder_ = std::filesystem::path(testing::TempDir()) /
                  (std::string("structure-") +
                   testing::UnitTest::GetInstance()->current_test_info()->name());
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_);
        example::write_structure(folder_);
    }
    ~StructureSection() override { std::filesystem::remove_all(folder_); }
    Structure read(bool with_ancestry = true) const {
        const H5File components = H5File::open(folder_ / "components.h5"),
                     ancestry = H5File::open(folder_ / "ancestry.h5"),
                     kinship = H5File::open(folder_ / "kinship.h5"),
                     ld = H5File::open(folder_ / "ld.h5");
        return read_structure({.components = &components,
                               .ancestry = with_ancestry ? &ancestry : nullptr,
                               .kinship = &kinship,
                               .ld = &ld},
                              5);
    }

    std::filesystem::path folder_;
};

TEST_F(StructureSection, CountsAreThoseOfTheTables) {
    const Structure s = read();
    EXPECT_EQ(s.samples, example::structure_samples);
    EXPECT_EQ(s.used, 540u);
    EXPECT_EQ(s.variants, 9000u);
    ASSERT_EQ(s.groups.size(), 5u);
    EXPECT_EQ(s.groups[0].name, "EUR");
    EXPECT_EQ(s.groups.back().name, "unassigned");
    EXPECT_EQ(s.groups[3].name, "tiny");
    EXPECT_EQ(s.groups[3].count, 4u);
    EXPECT_EQ(s.labelled, 200u);
    EXPECT_EQ(s.recovered, 190u);
    EXPECT_EQ(s.unclear, 10u);
    EXPECT_EQ(s.relations[1].count, 60u);
    EXPECT_EQ(s.related_samples, 150u);
    EXPECT_EQ(s.unrelated, 525u);
    EXPECT_EQ(s.ld_kept, 9000u);
}

TEST_F(StructureSection, SmallGroupsAreNeitherDrawnNorCounted) {
    const Structure s = read();
    EXPECT_TRUE(s.groups[3].first.empty());
    EXPECT_FALSE(s.groups[0].first.empty());
    ReportData data;
    data.structure = s;
    const std::string html = structure_section(data);
    EXPECT_THAT(html, HasSubstr("&lt;5"));
    EXPECT_THAT(html, HasSubstr("not shown")); // the second smallest, so that 4 cannot be computed
    EXPECT_THAT(html, Not(HasSubstr("</i>tiny")));
    EXPECT_THAT(html, HasSubstr("</i>EUR"));
}

TEST_F(StructureSection, WorksWithoutGroups) {
    ReportData data;
    data.structure = read(false);
    const std::string html = structure_section(data);
    EXPECT_THAT(html, Not(HasSubstr("Ancestry groups")));
    EXPECT_THAT(html, HasSubstr("Components 1 and 2"));
    EXPECT_THAT(html, HasSubstr("Kinship of pairs"));
}

TEST_F(StructureSection, IsAbsentWithoutResults) { EXPECT_EQ(structure_section(ReportData{}), ""); }

TEST_F(StructureSection, DotsThatHideOneAnotherAreOne) {
    const Structure s = read();
    std::size_t dots = 0;
    for (const auto& places : s.pairs)
        dots += places.size();
    EXPECT_LE(dots, 135u); // 7 twins lie on few spots
    EXPECT_LT(s.pairs[0].size(), 8u);
}

} // namespace
} // namespace salus::report
