#include "base/error.hpp"
#include "support/variant_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace salus {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class PlinkBedTest : public testing::Test {
protected:
    PlinkBedTest() {
        folder_.write("a.fam",
                      "f a 0 0 1 -9\nf b 0 0 2 -9\nf c\t0 0 0 1\nf d 0 0 1 -9\nf e 0 0 2 -9\n");
        folder_.write("a.bim", "1 rs1 0 100 C A\n1 . 0 100 G T\nX rs3 0 90000000 T <DEL>\n");
        // 00 hom A1, 01 missing, 10 het, 11 hom A2; five samples, unused bits 0.
        folder_.write("a.bed", std::string("\x6c\x1b\x01\x1b\x00\xe4\x03\xaa\x02", 9));
    }
    std::filesystem::path bed() const { return folder_.path() / "a.bed"; }
    std::string error_of() {
        try {
            test::read_all(bed());
        } catch (const DataError& error) {
            return error.what();
        }
        return "no error";
    }
    test::ScratchFolder folder_{"bed"};
};

TEST_F(PlinkBedTest, ReadsCallsAllelesAndSex) {
    const auto file = open_genotype_file(bed());
    EXPECT_THAT(file->samples().id, ElementsAre("a", "b", "c", "d", "e"));
    EXPECT_THAT(file->samples().sex,
                ElementsAre(Sex::male, Sex::female, Sex::unknown, Sex::male, Sex::female));
    EXPECT_EQ(file->records(), 3U);
    ReadCounters counters;
    EXPECT_THAT(
        test::read_all(*file, {}, {}, 1 << 20, &counters),
        ElementsAre("1:100 rs1 A>C  01.22", "1:100  T>G  2.100", "X:90000000 rs3 <DEL>>T  .11.1"));
    EXPECT_EQ(counters.heterozygous_haploid, 2U);
    EXPECT_THAT(test::read_all(
                    *file, {.regions = {parse_region("1")}, .bed_alleles = BedAlleles::a1_is_ref}),
                ElementsAre("1:100 rs1 C>A  21.00", "1:100  G>T  0.122"));
}

TEST_F(PlinkBedTest, RangesGiveTheSameVariants) {
    std::string bim, rows("\x6c\x1b\x01", 3);
    for (int v = 0; v < 3000; ++v) {
        bim += "1 v" + std::to_string(v) + " 0 " + std::to_string(v + 1) + " C A\n";
        rows += std::string{static_cast<char>(v * 37), static_cast<char>(v % 4)};
    }
    folder_.write("a.bim", bim);
    folder_.write("a.bed", rows);
    const auto file = open_genotype_file(bed());
    EXPECT_EQ(file->ranges(100, {}).size(), 60U);
    const auto whole = test::read_all(*file);
    ASSERT_EQ(whole.size(), 3000U);
    EXPECT_EQ(test::read_all(*file, {}, {}, 100), whole);
}

TEST_F(PlinkBedTest, WrongFiles) {
    folder_.write("a.bed", std::string("\x6c\x1b\x01\x1b\x00\xe4\x03\xaa", 8));
    EXPECT_THAT(error_of(), HasSubstr("8 bytes instead of 9"));
    folder_.write("a.bed", std::string("\x6c\x1b\x01\x1b\x00\xe4\x03\xaa\x02\x00", 10));
    EXPECT_THAT(error_of(), HasSubstr("10 bytes instead of 9"));
    folder_.write("a.bed", std::string("\x6c\x1b\x00\x1b\x00\xe4\x03\xaa\x02", 9));
    EXPECT_THAT(error_of(), HasSubstr("sample-major"));
    folder_.write("a.bed", std::string("chr1\t5\t9\n", 9));
    EXPECT_THAT(error_of(), HasSubstr("not a PLINK 1"));
    folder_.write("a.bed", std::string("\x6c\x1b\x01\x1b\x10\xe4\x03\xaa\x02", 9));
    EXPECT_THAT(error_of(), HasSubstr("unused bits"));
    std::filesystem::remove(folder_.path() / "a.fam");
    EXPECT_THAT(error_of(), HasSubstr("a.fam"));
}

TEST_F(PlinkBedTest, WrongSideFiles) {
    const auto bim_error = [&](const char* bim) {
        folder_.write("a.bim", bim);
        return error_of();
    };
    EXPECT_THAT(bim_error("1 a 0 5 C A\n1 b 0 4 C A\n1 c 0 9 C A\n"), HasSubstr("not sorted"));
    EXPECT_THAT(bim_error("1 a 0 5 C A\n2 b 0 4 C A\n1 c 0 9 C A\n"), HasSubstr("comes back"));
    EXPECT_THAT(bim_error("1 a 0 5 C A\n2 b 0 4 C\n3 c 0 9 C A\n"), HasSubstr("line 2"));
    EXPECT_THAT(bim_error("1 a 0 5 C A\n2 b 0 -4 C A\n3 c 0 9 C A\n"), HasSubstr("position"));
    ReadCounters counters;
    const auto kept = test::read_all(*open_genotype_file(bed()), {.on_bad_record = BadRecord::skip},
                                     {}, 1 << 20, &counters);
    EXPECT_EQ(kept.size(), 2U);
    EXPECT_EQ(counters.skipped, 1U);
    folder_.write("a.bim", "1 a 0 5 C A\n1 b 0 6 C A\n1 c 0 9 C A\n");
    folder_.write("a.fam", "f a 0 0 1 -9\nf a 0 0 2 -9\nf c 0 0 0 1\nf d 0 0 1 -9\nf e 0 0 2 -9\n");
    EXPECT_THAT(error_of(), HasSubstr("twice"));
    folder_.write("a.fam", "f a 0 0 1 -9\nf b 0 0\nf c 0 0 0 1\nf d 0 0 1 -9\nf e 0 0 2 -9\n");
    EXPECT_THAT(error_of(), HasSubstr("line 2"));
}

} // namespace
} // namespace salus
