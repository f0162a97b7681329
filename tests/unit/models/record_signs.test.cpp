#include "models/record_signs.hpp"

#include "base/random.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <tuple>
#include <utility>
#include <vector>

namespace salus {
namespace {

/// Poisson by counting exponentials.
std::uint64_t poisson(Rng& rng, double mean) {
    std::uint64_t count = 0;
    for (double sum = rng.exponential(); sum < mean; sum += rng.exponential())
        ++count;
    return count;
}

std::vector<std::uint64_t> series(std::uint64_t seed, std::size_t months, double before,
                                  double behind, std::size_t at, double season) {
    Rng rng(seed, "rates", 0);
    std::vector<std::uint64_t> counts;
    for (std::size_t m = 0; m < months; ++m) {
        const double wave =
            1 + season * std::sin(2 * 3.14159265358979 * static_cast<double>(m) / 12);
        counts.push_back(poisson(rng, (m < at ? before : behind) * wave));
    }
    return counts;
}

TEST(RateBreaks, ShortAndConstantSeriesHaveNone) {
    EXPECT_TRUE(rate_breaks({}, 12, 6, 1.5).empty());
    EXPECT_TRUE(rate_breaks(std::vector<std::uint64_t>(23, 7), 12, 6, 1.5).empty());
    EXPECT_TRUE(rate_breaks(std::vector<std::uint64_t>(500, 7), 12, 6, 1.5).empty());
    EXPECT_TRUE(rate_breaks(std::vector<std::uint64_t>(500, 0), 12, 6, 1.5).empty());
}

TEST(RateBreaks, AJumpIsFoundWhereItIs) {
    std::vector<std::uint64_t> counts(30, 100);
    counts.resize(60, 40);
    const auto found = rate_breaks(counts, 12, 6, 1.5);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].at, 30u);
    EXPECT_NEAR(found[0].ratio, 40.5 / 100.5, 1e-12);
    // 2 sqrt(40.375) - 2 sqrt(100.375) over sqrt(pi / 12)
    EXPECT_NEAR(found[0].z, (2 * std::sqrt(40.375) - 2 * std::sqrt(100.375)) / std::sqrt(M_PI / 12),
                1e-9);
}

TEST(RateBreaks, RowsThatComeInGroupsJumpMore) {
    std::vector<std::uint64_t> counts(30, 100);
    counts.resize(60, 40);
    EXPECT_EQ(rate_breaks(counts, 12, 6, 1.5, 4).size(), 1u);
    EXPECT_NEAR(rate_breaks(counts, 12, 6, 1.5, 4)[0].z, rate_breaks(counts, 12, 6, 1.5)[0].z / 2,
                1e-9);
    EXPECT_TRUE(rate_breaks(counts, 12, 6, 1.5, 16).empty());
}

TEST(RateBreaks, TwoJumpsAndAHoleOfOneMonth) {
    std::vector<std::uint64_t> counts(30, 200);
    counts.resize(70, 50);
    counts.resize(120, 200);
    counts[100] = 0;
    const auto found = rate_breaks(counts, 12, 6, 1.5);
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].at, 30u);
    EXPECT_EQ(found[1].at, 70u);
}

TEST(RateBreaks, NoiseAndSeasonsStayQuietAndJumpsDoNot) {
    int false_alarms = 0, found = 0, near = 0;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        if (!rate_breaks(series(seed, 180, 300, 300, 0, 0.3), 12, 6, 1.5).empty()) ++false_alarms;
        const auto breaks = rate_breaks(series(seed, 180, 300, 120, 90, 0.3), 12, 6, 1.5);
        found += breaks.size() == 1 ? 1 : 0;
        near += !breaks.empty() && breaks[0].at >= 87 && breaks[0].at <= 93 ? 1 : 0;
    }
    EXPECT_EQ(false_alarms, 0);
    EXPECT_GE(found, 198);
    EXPECT_GE(near, 190);
}

using Kinds = std::vector<std::vector<std::uint64_t>>;

/// Kind 0 until `at`, then kind 1, and a third of the rows of a kind that stays.
std::pair<Kinds, std::vector<std::uint64_t>> switching(std::size_t months, std::size_t at) {
    Kinds kinds(3, std::vector<std::uint64_t>(months, 0));
    std::vector<std::uint64_t> totals(months, 30);
    for (std::size_t m = 0; m < months; ++m) {
        kinds[m < at ? 0 : 1][m] = 20;
        kinds[2][m] = 10;
    }
    return {kinds, totals};
}

TEST(KindSwitches, ASwitchIsFoundWhereItIs) {
    auto [kinds, totals] = switching(60, 31);
    auto found = kind_switches(kinds, totals, {});
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0], (KindSwitch{31, 0, 1, 20.0 / 30, 20.0 / 30}));
    // Late entries of the old kind, early ones of the new one, a month without rows.
    kinds[0][32] += 3, totals[32] += 3;
    kinds[1][29] += 2, totals[29] += 2;
    kinds[0][40] = kinds[1][40] = kinds[2][40] = totals[40] = 0;
    found = kind_switches(kinds, totals, {});
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].at, 31u);
}

TEST(KindSwitches, ThereAndBack) {
    auto [kinds, totals] = switching(90, 30);
    for (std::size_t m = 60; m < 90; ++m)
        std::swap(kinds[0][m], kinds[1][m]);
    const auto found = kind_switches(kinds, totals, {});
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].at, 30u);
    EXPECT_EQ(found[1].at, 60u);
    EXPECT_EQ(found[1].from, 1u);
}

TEST(KindSwitches, NoneWhereNothingStopsOrTooLittleIsKnown) {
    EXPECT_TRUE(kind_switches({}, {}, {}).empty());
    auto [kinds, totals] = switching(60, 60); // never
    EXPECT_TRUE(kind_switches(kinds, totals, {}).empty());
    std::tie(kinds, totals) = switching(60, 31);
    EXPECT_TRUE(kind_switches(kinds, totals, {.rows_min = 1000}).empty());
    EXPECT_TRUE(kind_switches(kinds, totals, {.share_min = 0.7}).empty());
    for (std::size_t m = 0; m < 60; ++m) // the new kind beside the old one, which goes on
        kinds[0][m] = 20;
    EXPECT_TRUE(kind_switches(kinds, totals, {}).empty());
    std::tie(kinds, totals) = switching(60, 5); // five months before it
    EXPECT_TRUE(kind_switches(kinds, totals, {}).empty());
    int found = 0;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) { // months of one kind each, at random
        Rng rng(seed, "kinds", 0);
        Kinds random(2, std::vector<std::uint64_t>(120, 0));
        for (std::size_t m = 0; m < 120; ++m)
            random[rng.uniform() < 0.5 ? 0 : 1][m] = 20;
        found += kind_switches(random, std::vector<std::uint64_t>(120, 20), {}).empty() ? 0 : 1;
    }
    EXPECT_LE(found, 1);
}

TEST(DigitPreference, NoneHalfAndAll) {
    EXPECT_EQ(digit_preference({}), 0);
    EXPECT_NEAR(digit_preference({5, 5, 5, 5, 5, 5, 5, 5, 5, 5}), 0, 1e-15);
    EXPECT_NEAR(digit_preference({9, 0, 0, 0, 0, 0, 0, 0, 0, 0}), 0.9, 1e-15);
    EXPECT_NEAR(digit_preference({5, 0, 0, 0, 0, 5, 0, 0, 0, 0}), 0.8, 1e-15);
}

std::vector<std::uint64_t>
histogram(double mean_log2, double sd, int n, std::uint64_t seed,
          std::vector<std::uint64_t> counts = std::vector<std::uint64_t>(160)) {
    Rng rng(seed, "values", 0);
    for (int i = 0; i < n; ++i) {
        const double bin = 8 * (mean_log2 + sd * rng.normal());
        if (bin >= 0 && bin < 160) ++counts[static_cast<std::size_t>(bin)];
    }
    return counts;
}

TEST(FindMixture, OneUnitIsNone) {
    EXPECT_FALSE(find_mixture({}, 0.01));
    EXPECT_FALSE(find_mixture(std::vector<std::uint64_t>(10, 0), 0.01));
    int found = 0;
    for (std::uint64_t seed = 1; seed <= 100; ++seed)
        found += find_mixture(histogram(10, 0.5, 2000, seed), 0.01) ? 1 : 0;
    EXPECT_EQ(found, 0);
}

TEST(FindMixture, GlucoseInTwoUnits) { // factor 18.016: 4.17 doublings
    const auto two = histogram(10, 0.35, 200, 2, histogram(5.83, 0.35, 2000, 1));
    const auto mixture = find_mixture(two, 0.01);
    ASSERT_TRUE(mixture);
    EXPECT_NEAR(static_cast<double>(mixture->smaller), 200, 1);
    EXPECT_NEAR(std::log2(mixture->ratio), 4.17, 0.2);
    EXPECT_FALSE(find_mixture(two, 0.2)) << "the smaller group is too small a share";
}

TEST(FindMixture, APlaceholderAndAScoreAreNoUnits) {
    auto placeholder = histogram(5, 0.3, 2000, 3);
    placeholder[120] = 300; // 999
    EXPECT_FALSE(find_mixture(placeholder, 0.01));
    std::vector<std::uint64_t> score(40); // 1, 2, 3 ... 10 on the scale of 8 bins per doubling
    for (const int bin : {0, 8, 12, 16, 18, 20, 22, 24, 25, 26})
        score[static_cast<std::size_t>(bin)] = 500;
    EXPECT_FALSE(find_mixture(score, 0.01));
}

} // namespace
} // namespace salus
