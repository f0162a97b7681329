#include "stages/report/charts.hpp"

#include "stages/report/chart_manhattan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace salus::report {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::vector<ChromosomeRun> two_chromosomes() {
    return {{.name = "1", .begin = 0, .end = 1000, .first = 1, .last = 10'000'000},
            {.name = "X", .begin = 1000, .end = 1100, .first = 5, .last = 1'000'000}};
}

} // namespace

TEST(NiceTicks, CoverTheRangeInRoundSteps) {
    EXPECT_THAT(nice_ticks(0, 9.3, 5), ElementsAre(0, 2, 4, 6, 8, 10));
    EXPECT_THAT(nice_ticks(-3, 3, 3), ElementsAre(-4, -2, 0, 2, 4));
    EXPECT_THAT(nice_ticks(5, 5, 5), testing::SizeIs(testing::Ge(2u)));
    EXPECT_EQ(tick_label(0.25, 0.05), "0.25");
    EXPECT_EQ(tick_label(20000, 5000), "20,000");
}

TEST(DecadeAxis, SpansWholePowers) {
    const Axis axis = decade_axis("n", 3, 400);
    EXPECT_EQ(axis.low, 1);
    EXPECT_EQ(axis.high, 1000);
    EXPECT_EQ(axis.ticks.size(), 4u);
}

TEST(Coordinate, HasOneDecimalAtMost) {
    EXPECT_EQ(coordinate(12.0), "12");
    EXPECT_EQ(coordinate(12.26), "12.3");
    EXPECT_EQ(coordinate(-0.04), "0");
    EXPECT_EQ(coordinate(-3.5), "-3.5");
}

TEST(Svg, EscapesWordsAndLabels) {
    Svg svg(10, 10, "a \"b\" <c>");
    svg.words({1, 2}, "x < y & z", "tick");
    const std::string out = std::move(svg).finish();
    EXPECT_THAT(out, HasSubstr("x &lt; y &amp; z"));
    EXPECT_THAT(out, Not(HasSubstr("<c>")));
}

TEST(SignificanceBin, RoundTripsWithinItsWidth) {
    for (const double value : {0.0, 0.013, 7.30103, 19.999, 20.0, 45.5, 300.0, 1e6}) {
        const double back = significance_of(significance_bin(value));
        EXPECT_NEAR(back, value, std::max(0.0101, 0.003 * value)) << value;
    }
    EXPECT_EQ(significance_bin(1e300), significance_bins - 1);
}

TEST(GenomeSketch, TakesLociByStrengthAndDistance) {
    const auto runs = two_chromosomes();
    GenomeSketch sketch(runs, 5.0, 500'000);
    sketch.add(0, 10, 1'000'000, 9.0);
    sketch.add(0, 11, 1'010'000, 12.0);
    sketch.add(0, 12, 1'400'000, 11.0); // within 500 kb of the better one
    sketch.add(0, 13, 1'510'000, 8.0);  // exactly 500 kb away
    sketch.add(0, 14, 4'000'000, 4.0);  // not suggestive
    sketch.add(0, 15, 4'000'001, std::nan(""));
    sketch.add(1, 1000, 1'010'000 - 500'000, 7.0);
    const auto hits = sketch.independent_hits();
    ASSERT_EQ(hits.size(), 3u);
    EXPECT_EQ(hits[0].row, 11u);
    EXPECT_EQ(hits[1].row, 13u);
    EXPECT_EQ(hits[2].row, 1000u);
    EXPECT_EQ(sketch.tested(), 6u);
}

TEST(GenomeSketch, EmptyTraitGivesAPictureAllTheSame) {
    const auto runs = two_chromosomes();
    const GenomeSketch sketch(runs, 5.0, 500'000);
    EXPECT_TRUE(sketch.independent_hits().empty());
    EXPECT_THAT(manhattan_chart({.trait = "t", .sketch = sketch, .runs = runs, .loci = {}}),
                HasSubstr("</svg>"));
    EXPECT_THAT(qq_chart("t", sketch, std::nan("")), HasSubstr("</svg>"));
}

TEST(ManhattanChart, StaysSmallForVeryManyVariants) {
    const std::vector<ChromosomeRun> runs = {
        {.name = "1", .begin = 0, .end = 3'000'000, .first = 1, .last = 3'000'000}};
    GenomeSketch sketch(runs, 5.0, 500'000);
    std::uint64_t state = 1; // any scattered values will do
    for (std::uint32_t v = 0; v < 3'000'000; ++v) {
        state = state * 6364136223846793005ull + 1442695040888963407ull;
        sketch.add(0, v, v + 1, -std::log10((static_cast<double>(state >> 11) + 1) / 0x1p53) * 3);
    }
    const auto svg = manhattan_chart({.trait = "t", .sketch = sketch, .runs = runs, .loci = {}});
    EXPECT_LT(svg.size(), 300'000u);
    EXPECT_LT(qq_chart("t", sketch, 1.0).size(), 60'000u);
}

TEST(QqChart, SplitsTestsByFrequencyWhereSeveralClassesAreThere) {
    const std::vector<ChromosomeRun> runs = {
        {.name = "1", .begin = 0, .end = 1000, .first = 1, .last = 1000}};
    GenomeSketch one(runs, 5.0, 500'000), two(runs, 5.0, 500'000);
    for (std::uint32_t v = 0; v < 1000; ++v) {
        const double value = -std::log10((v + 0.5) / 1000);
        one.add(0, v, v + 1, value, 0.3);
        two.add(0, v, v + 1, value, v % 4 == 0 ? 0.995 : 0.3); // 0.5 % of the other allele
    }
    EXPECT_EQ(std::accumulate(two.counts_of(0).begin(), two.counts_of(0).end(), 0u), 250u);
    EXPECT_EQ(std::accumulate(two.counts_of(1).begin(), two.counts_of(1).end(), 0u), 0u);
    EXPECT_EQ(std::accumulate(two.counts_of(2).begin(), two.counts_of(2).end(), 0u), 750u);
    EXPECT_THAT(qq_chart("t", one, 1), testing::Not(HasSubstr("MAF")));
    const std::string svg = qq_chart("t", two, 1);
    EXPECT_THAT(svg, HasSubstr("MAF &lt; 1 %"));
    EXPECT_THAT(svg, HasSubstr("\u2265 5 %"));
    EXPECT_THAT(svg, testing::Not(HasSubstr("1 \u2013 5 %"))); // fewer than 100 tests
}

TEST(ShortChromosome, DropsThePrefix) {
    EXPECT_EQ(short_chromosome("chr19"), "19");
    EXPECT_EQ(short_chromosome("X"), "X");
    EXPECT_EQ(short_chromosome("chr"), "chr");
}

} // namespace salus::report
