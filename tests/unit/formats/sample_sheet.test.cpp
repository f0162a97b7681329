#include "formats/sample_sheet.hpp"

#include "base/error.hpp"
#include "support/variant_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace salus {
namespace {

TEST(SampleSheet, ReadsSexInEveryForm) {
    const test::ScratchFolder folder("sheet");
    const auto sheet = read_sample_sheet(folder.write(
        "s.tsv", "sample_id\tgroup\tsex\na\tEUR\t1\nb\tAFR\tFemale\nc\t\tM\nd\tx\t\ne\tx\t0\n"));
    EXPECT_THAT(sheet.id, testing::ElementsAre("a", "b", "c", "d", "e"));
    EXPECT_THAT(sheet.sex, testing::ElementsAre(Sex::male, Sex::female, Sex::male, Sex::unknown,
                                                Sex::unknown));
    EXPECT_EQ(read_sample_sheet(folder.write("s.tsv", "sample_id\tx\na\t1\n")).sex.front(),
              Sex::unknown);
}

TEST(SampleSheet, Errors) {
    const test::ScratchFolder folder("sheet-bad");
    for (const char* bad :
         {"id\tsex\na\t1\n", "sample_id\tsex\na\t1\na\t1\n", "sample_id\tsex\n\t1\n",
          "sample_id\tsex\na\t3\n", "sample_id\tsex\na\n"})
        EXPECT_THROW(read_sample_sheet(folder.write("s.tsv", bad)), DataError) << bad;
}

} // namespace
} // namespace salus
