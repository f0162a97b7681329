#include "app/release.hpp"

#include "base/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace salus {
namespace {

using ::testing::HasSubstr;

TableData small_table() {
    TableData table(TableSpec{.name = "counts",
                              .row = "row",
                              .doc = "Counts",
                              .columns = {{"site", ColumnType::text, "", "site"},
                                          {"people", ColumnType::u64, "people", "people"},
                                          {"ill", ColumnType::u64, "people", "of these ill"},
                                          {"share", ColumnType::f64, "1", "ill over people"}}});
    const auto add = [&](const char* site, std::uint64_t people, std::uint64_t ill) {
        table.column<std::string>("site").emplace_back(site);
        table.column<std::uint64_t>("people").push_back(people);
        table.column<std::uint64_t>("ill").push_back(ill);
        table.column<double>("share").push_back(static_cast<double>(ill) /
                                                static_cast<double>(people));
    };
    add("a", 100, 50);
    add("a", 90, 3);
    add("b", 40, 38);
    add("b", 4, 0);
    return table;
}

std::vector<std::uint8_t> hidden(std::string_view rules, std::size_t column) {
    return hide_cells(small_table(), parse_release(rules), 5).column[column];
}
using Cells = std::vector<std::uint8_t>;

TEST(HideCells, TotalsPartsCellsAndSteps) {
    EXPECT_EQ(hidden("total people", 1), (Cells{0, 0, 0, 1}));
    // 38 of 40 would tell that 2 are not ill.
    EXPECT_EQ(hidden("part ill of people hides share", 2), (Cells{0, 1, 1, 0}));
    EXPECT_EQ(hidden("part ill of people hides share", 3), (Cells{0, 1, 1, 0}));
    EXPECT_EQ(hidden("cells ill by site", 2), (Cells{1, 1, 0, 0}));
    EXPECT_EQ(hidden("cells people", 1), (Cells{0, 0, 1, 1}));
    EXPECT_EQ(hidden("steps people", 1), (Cells{0, 0, 0, 1}));
    EXPECT_EQ(hidden("steps people by site", 1), (Cells{0, 0, 0, 1}));
    EXPECT_EQ(hidden("total people; part ill of people", 3), (Cells{0, 0, 0, 0}));
}

TEST(HideCells, CountsWhatItHid) {
    const auto all = hide_cells(small_table(), parse_release("cells people"), 5);
    EXPECT_EQ(all.small, 1u);
    EXPECT_EQ(all.others, 1u);
}

TEST(ParseRelease, RulesThatCannotBeReadAreOurOwnBug) {
    EXPECT_THROW(parse_release("sum people"), InternalError);
    EXPECT_THROW(parse_release("part ill"), InternalError);
    EXPECT_THROW(hide_cells(small_table(), parse_release("total nobody"), 5), InternalError);
}

class Release : public ::testing::Test {
protected:
    void SetUp() override {
        folder_ = std::filesystem::temp_directory_path() /
                  ("salus-release-" + std::to_string(::getpid()));
        std::filesystem::create_directories(folder_);
        H5File file = H5File::create(folder_ / "r.h5");
        TableData table = small_table();
        file.write(table);
        file.attribute("counts", "release",
                       "total people hides ill,share; part ill of people hides share");
        TableData people(TableSpec{.name = "members",
                                   .row = "member",
                                   .doc = "People",
                                   .columns = {{"sample_id", ColumnType::text, "", "sample"}}});
        people.column<std::string>("sample_id").emplace_back("S1");
        file.write(people);
        file.close();
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }
    CommandLine line(const std::string& table) const {
        CommandLine out;
        out.path = folder_ / "r.h5";
        out.inside = table;
        out.output = (folder_ / "out.tsv").string();
        out.release = 5;
        return out;
    }
    std::filesystem::path folder_;
};

TEST_F(Release, WritesCountsAndHidesSmallOnes) {
    EXPECT_THAT(export_release(line("counts")),
                HasSubstr("2 numbers below 5 and 1 others suppressed"));
    std::ifstream in(folder_ / "out.tsv");
    const std::string written{std::istreambuf_iterator<char>(in), {}};
    EXPECT_EQ(written, "site\tpeople\till\tshare\na\t100\t50\t0.5\na\t90\tNA\tNA\nb\t40\tNA\tNA\n"
                       "b\tNA\tNA\tNA\n");
}

TEST_F(Release, RefusesPeopleAndOtherFormats) {
    EXPECT_THROW(export_release(line("members")), DisclosureError);
    auto other = line("counts");
    other.format = "regenie";
    EXPECT_THROW(export_release(other), DisclosureError);
    EXPECT_THROW(export_release(line("nothing")), UsageError);
    EXPECT_FALSE(std::filesystem::exists(folder_ / "out.tsv"));
}

} // namespace
} // namespace salus
