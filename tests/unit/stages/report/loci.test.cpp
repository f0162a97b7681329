#include "stages/report/chart_regional.hpp"
#include "stages/report/read_tables.hpp"
#include "stages/report/sections.hpp"
#include "unit/stages/report/example_results.hpp"

#include "base/random.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace salus::report {
namespace {

using example::occurrences;
using testing::HasSubstr;
using testing::Not;

RegionalChart example_chart(std::size_t variants, bool mapped = true) {
    RegionalChart chart{
        .trait = "LDL cholesterol", .chromosome = "chr19", .start = 1e6, .end = 2e6};
    Rng rng(1, "regional", 0);
    for (std::size_t v = 0; v < variants; ++v)
        chart.variants.push_back({.position = 1e6 + 1e6 * rng.uniform(),
                                  .neg_log10_p = 20 * rng.uniform(),
                                  .pip = mapped ? rng.uniform() : unknown,
                                  .r2 = rng.uniform(),
                                  .in_set = v < 3,
                                  .index = v == 0});
    return chart;
}

TEST(RegionalChart, RingsCredibleSetsAndMarksTheIndexVariant) {
    const std::string svg = regional_chart(example_chart(50));
    EXPECT_EQ(occurrences(svg, "<circle"), 3u);
    EXPECT_EQ(occurrences(svg, "l6 8l-6 8l-6-8z"), 1u);
    EXPECT_EQ(occurrences(svg, "h0"), 50u);
    RegionalChart twice = example_chart(50);
    for (RegionVariant variant : example_chart(50).variants) {
        variant.r2 = 0;
        twice.variants.push_back(variant);
    }
    EXPECT_EQ(occurrences(regional_chart(twice), "h0"), 50u); // of equal places, the stronger LD
    EXPECT_THAT(svg, HasSubstr("50 variants"));
    EXPECT_THAT(svg, HasSubstr("on chromosome 19"));
}

TEST(RegionalChart, StaysSmallForManyVariants) {
    EXPECT_LT(regional_chart(example_chart(300'000)).size(), 1'000'000u);
    EXPECT_EQ(occurrences(regional_chart(example_chart(0)), "h0"), 0u);
}

TEST(RegionalChart, ColoursAreByLd) {
    RegionalChart chart = example_chart(1);
    for (const auto& [r2, style] : std::vector<std::pair<double, std::string>>{{0.1, "dots g0"},
                                                                               {0.3, "dots c2 g6"},
                                                                               {0.5, "dots c2 g3"},
                                                                               {0.7, "dots c2 g5"},
                                                                               {0.8, "dots c2 g2"},
                                                                               {1, "dots c2 g2"}}) {
        chart.variants[0].r2 = r2;
        EXPECT_THAT(regional_chart(chart), HasSubstr("\"" + style + "\"")) << r2;
        EXPECT_THAT(ld_legend(), HasSubstr(style.substr(style.size() - 2)));
    }
}

TEST(InclusionChart, IsEmptyWithoutFineMapping) {
    EXPECT_THAT(inclusion_chart(example_chart(20)), HasSubstr("<svg"));
    EXPECT_EQ(inclusion_chart(example_chart(20, false)), "");
}

// Two traits; the second has no locus, a third was left out.
std::filesystem::path write_loci() {
    using enum ColumnType;
    const auto path = std::filesystem::path(testing::TempDir()) / "report_loci.h5";
    H5File file = H5File::create(path);
    TableData traits({"traits",
                      "trait",
                      "Traits.",
                      {{"name", text, "", "Name"},
                       {"signals", u64, "1", "Signals"},
                       {"credible_sets", u64, "1", "Sets"},
                       {"note", text, "", "Note"}}});
    for (const char* name : {"ldl_cholesterol", "hba1c", "survival"})
        traits.column<std::string>("name").push_back(name);
    traits.column<std::uint64_t>("signals") = {3, 0, 0};
    traits.column<std::uint64_t>("credible_sets") = {2, 0, 0};
    traits.column<std::string>("note") = {"", "", "its kind has no model"};
    file.write(traits);
    TableData loci({"loci",
                    "region",
                    "Loci.",
                    {{"trait", text, "", "T"},
                     {"locus", text, "", "L"},
                     {"chromosome", text, "", "C"},
                     {"index_variant_id", text, "", "I"},
                     {"start", u32, "bp", "S"},
                     {"end", u32, "bp", "E"},
                     {"index_position", u32, "bp", "P"},
                     {"index_variant", u64, "1", "I"},
                     {"variants", u64, "1", "V"},
                     {"signals", u64, "1", "S"},
                     {"hla", u8, "1", "H"},
                     {"fine_mapping_status", u8, "1", "F"},
                     {"neg_log10_p", f64, "1", "P"}}});
    loci.column<std::string>("trait") = {"ldl_cholesterol", "ldl_cholesterol"};
    loci.column<std::string>("locus") = {"6:26000000-27000000", "19:1000-900000"};
    loci.column<std::string>("chromosome") = {"6", "19"};
    loci.column<std::string>("index_variant_id") = {"rs1", "rs2"};
    loci.column<std::uint32_t>("start") = {26000000, 1000};
    loci.column<std::uint32_t>("end") = {27000000, 900000};
    loci.column<std::uint32_t>("index_position") = {26500000, 400000};
    loci.column<std::uint64_t>("index_variant") = {11, 41};
    loci.column<std::uint64_t>("variants") = {2, 3};
    loci.column<std::uint64_t>("signals") = {1, 2};
    loci.column<std::uint8_t>("hla") = {1, 0};
    loci.column<std::uint8_t>("fine_mapping_status") = {1, 0};
    loci.column<double>("neg_log10_p") = {8, 30};
    file.write(loci);
    TableData sets({"credible_sets",
                    "credible_set",
                    "Sets.",
                    {{"trait", text, "", "T"}, {"locus", text, "", "L"}, {"size", u64, "1", "S"}}});
    sets.column<std::string>("trait") = {"ldl_cholesterol", "ldl_cholesterol"};
    sets.column<std::string>("locus") = {"19:1000-900000", "19:1000-900000"};
    sets.column<std::uint64_t>("size") = {1, 7};
    file.write(sets);
    TableData variants({"variants",
                        "locus_variant",
                        "Variants.",
                        {{"variant", u64, "1", "V"},
                         {"base_pair_location", u32, "bp", "P"},
                         {"neg_log10_p", f64, "1", "P"},
                         {"pip", f64, "1", "P"},
                         {"credible_set", u32, "1", "S"},
                         {"r2", f64, "1", "R"}}});
    variants.column<std::uint64_t>("variant") = {10, 11, 40, 41, 42};
    variants.column<std::uint32_t>("base_pair_location") = {26400000, 26500000, 300000, 400000,
                                                            500000};
    variants.column<double>("neg_log10_p") = {1, 8, 2, 30, 3};
    variants.column<double>("pip") = {unknown, unknown, 0, 0.99, 0.2};
    variants.column<std::uint32_t>("credible_set") = {0, 0, 0, 1, 2};
    variants.column<double>("r2") = {0.1, 1, 0.1, 1, 0.5};
    file.write(variants);
    file.close();
    return path;
}

TEST(ReadLociResult, StrongestFirstWithPicturesOfSome) {
    const auto traits =
        read_loci_result(H5File::open(write_loci()), {.listed = 10, .traits = 1, .regions = 1});
    ASSERT_EQ(traits.size(), 3u);
    ASSERT_EQ(traits[0].loci.size(), 2u);
    const FineLocus &first = traits[0].loci[0], &second = traits[0].loci[1];
    EXPECT_EQ(first.id, "rs2");
    EXPECT_EQ(first.set_sizes, (std::vector<std::uint64_t>{1, 7}));
    EXPECT_THAT(first.regional, HasSubstr("3 variants; the largest \u2212log10 p is 30.0; 2 of"));
    EXPECT_THAT(first.inclusion, HasSubstr("1 variants have"));
    EXPECT_TRUE(second.hla && !second.mapped && second.regional.empty());
    EXPECT_EQ(traits[1].total, 0u);
    EXPECT_EQ(traits[2].note, "its kind has no model");
    EXPECT_EQ(read_loci_result(H5File::open(write_loci()), {.listed = 1})[0].loci.size(), 1u);
}

TEST(LociSection, SaysWhatThereIs) {
    ReportData data;
    EXPECT_EQ(loci_section(data), "");
    data.loci = read_loci_result(H5File::open(write_loci()), {});
    const std::string html = loci_section(data);
    EXPECT_THAT(html, HasSubstr("6:26,000,000\u201327,000,000 (HLA)"));
    EXPECT_THAT(html, HasSubstr("not mapped"));
    EXPECT_THAT(html, HasSubstr("1, 7"));
    EXPECT_THAT(html, HasSubstr("was left out: its kind has no model"));
    EXPECT_THAT(html, Not(HasSubstr("id=\"loci-hba1c\"")));
    EXPECT_EQ(occurrences(html, "<svg"), 3u); // the locus that is not mapped has no probabilities
}

} // namespace
} // namespace salus::report
