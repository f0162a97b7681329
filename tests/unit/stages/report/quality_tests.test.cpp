#include "stages/report/quality_tests.hpp"

#include "base/error.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>

namespace salus::report {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::size_t variants = 50;

/// quality.h5 with two groups, batches and trios; every tenth variant is far from Hardy-Weinberg in
/// group B.
std::filesystem::path write_result(const std::string& name, std::size_t group_rows = 2 * variants) {
    using enum ColumnType;
    TableData plain({"variants", "variant", "", {{"pass", u8, "", ""}}});
    TableData tests({"variant_tests",
                     "variant",
                     "",
                     {{"batch_missing_neg_log10_p", f64, "", ""},
                      {"batch_frequency_neg_log10_p", f64, "", ""},
                      {"case_missing_neg_log10_p", f64, "", ""},
                      {"mendel_trios", u32, "", ""},
                      {"mendel_errors", u32, "", ""}}});
    for (std::size_t v = 0; v < variants; ++v) {
        plain.column<std::uint8_t>("pass").push_back(1);
        tests.column<double>("batch_missing_neg_log10_p").push_back(0.1 * static_cast<double>(v));
        tests.column<double>("batch_frequency_neg_log10_p").push_back(v == 7 ? 300 : 0.2);
        tests.column<double>("case_missing_neg_log10_p").push_back(std::nan(""));
        tests.column<std::uint32_t>("mendel_trios").push_back(v == 3 ? 0 : 20);
        tests.column<std::uint32_t>("mendel_errors")
            .push_back(v == 3 ? 0 : static_cast<std::uint32_t>(v % 20));
    }
    TableData groups({"variant_groups",
                      "variant_group",
                      "",
                      {{"group", text, "", ""}, {"hwe_midp_neg_log10_p", f64, "", ""}}});
    for (std::size_t i = 0; i < group_rows; ++i) {
        groups.column<std::string>("group").push_back(i % 2 == 0 ? "A" : "B");
        groups.column<double>("hwe_midp_neg_log10_p").push_back(i % 20 == 1 ? 12 : 0.3);
    }
    TableData sets({"sample_sets",
                    "sample_set",
                    "",
                    {{"kind", text, "", ""},
                     {"name", text, "", ""},
                     {"samples", u32, "", ""},
                     {"passed", u32, "", ""},
                     {"call_rate", f64, "", ""},
                     {"heterozygosity", f64, "", ""}}});
    for (const std::string group : {"A", "B"}) {
        sets.column<std::string>("kind").push_back("group");
        sets.column<std::string>("name").push_back(group);
        sets.column<std::uint32_t>("samples").push_back(group == "A" ? 900 : 3);
        sets.column<std::uint32_t>("passed").push_back(group == "A" ? 880 : 3);
        sets.column<double>("call_rate").push_back(0.995);
        sets.column<double>("heterozygosity").push_back(0.21);
    }
    TableData trios(
        {"sample_trios", "trio", "", {{"variants", u32, "", ""}, {"mendel_errors", u32, "", ""}}});
    trios.column<std::uint32_t>("variants") = {50, 40};
    trios.column<std::uint32_t>("mendel_errors") = {2, 1};
    const auto path = std::filesystem::path(testing::TempDir()) / (name + ".h5");
    H5File file = H5File::create(path);
    for (const TableData* table : {&plain, &tests, &groups, &sets, &trios})
        file.write(*table);
    file.close();
    return path;
}

const TestTail& find(const QualityTests& tests, const std::string& name) {
    for (const TestTail& tail : tests.tails)
        if (tail.name == name) return tail;
    throw std::runtime_error("no tail " + name);
}

TEST(QualityTests, CountsEveryVariantOnce) {
    const H5File file = H5File::open(write_result("counts"));
    const QualityTests tests = read_quality_tests(file, 0, variants);
    ASSERT_EQ(tests.tails.size(), 4u); // case status was not known
    EXPECT_EQ(find(tests, "batch_missing_neg_log10_p").counts[0], 5u);
    EXPECT_EQ(find(tests, "batch_frequency_neg_log10_p").counts[39], 1u);
    EXPECT_EQ(find(tests, "B").counts[24], 5u);
    EXPECT_EQ(find(tests, "A").counts[0], 50u);
    EXPECT_EQ(tests.mendel[0], 3u);
    EXPECT_EQ(tests.mendel[10], 20u); // 10 to 19 errors
}

TEST(QualityTests, PartsAddUpToTheWhole) {
    const H5File file = H5File::open(write_result("parts"));
    QualityTests sum;
    for (const auto& [begin, end] : {std::pair{0, 13}, std::pair{13, 14}, std::pair{14, 50}}) {
        const auto path = std::filesystem::path(testing::TempDir()) / "quality-part.h5";
        H5File part = H5File::create(path);
        write_quality_tests(part, read_quality_tests(file, static_cast<std::uint64_t>(begin),
                                                     static_cast<std::uint64_t>(end)));
        part.close();
        merge(sum, read_quality_tests_part(H5File::open(path)));
    }
    const QualityTests whole = read_quality_tests(file, 0, variants);
    ASSERT_EQ(sum.tails.size(), whole.tails.size());
    for (const TestTail& tail : whole.tails)
        EXPECT_EQ(find(sum, tail.name).counts, tail.counts);
    EXPECT_EQ(sum.mendel, whole.mendel);
}

TEST(QualityTests, TablesThatDoNotFitAreRefused) {
    const H5File file = H5File::open(write_result("torn", 2 * variants - 1));
    EXPECT_THROW(read_quality_tests(file, 0, variants), DataError);
}

TEST(QualityTests, FiguresNameWhatTheyShowAndHideSmallGroups) {
    const H5File file = H5File::open(write_result("body"));
    Quality quality;
    quality.variants.tests = read_quality_tests(file, 0, variants);
    quality.variants.hwe[0] = 50;
    quality.samples.sets = read_sample_sets(file);
    const std::string body = quality_tests_body(quality, 5);
    EXPECT_THAT(body, HasSubstr("all samples together"));
    EXPECT_THAT(body, HasSubstr("</i>A</li>"));
    EXPECT_THAT(body, Not(HasSubstr("</i>B</li>"))); // three people
    EXPECT_THAT(body, HasSubstr("allele frequency, between batches"));
    EXPECT_THAT(body, Not(HasSubstr("cases against controls")));
    EXPECT_THAT(body, HasSubstr("of 2 trios"));
    EXPECT_THAT(body, HasSubstr("3.333 %"));
    EXPECT_THAT(body, HasSubstr("Samples by ancestry group"));
    EXPECT_EQ(quality_tests_body({}, 5), "");
}

} // namespace
} // namespace salus::report
