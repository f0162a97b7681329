#include "models/relatives.hpp"

#include "base/random.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <bit>
#include <numeric>

namespace salus {
namespace {

using testing::ElementsAre;

std::vector<std::uint8_t> choose(std::size_t samples, const std::vector<RelatedPair>& pairs,
                                 std::vector<double> call_rate = {},
                                 std::vector<std::uint8_t> eligible = {}) {
    if (call_rate.empty()) call_rate.assign(samples, 1);
    if (eligible.empty()) eligible.assign(samples, 1);
    return unrelated_set({.pairs = pairs, .call_rate = call_rate, .eligible = eligible});
}

std::vector<RelatedPair> random_pairs(std::size_t samples, double density, std::uint64_t seed) {
    Rng rng(seed, "test.pairs", 0);
    std::vector<RelatedPair> pairs;
    for (std::uint32_t i = 0; i < samples; ++i)
        for (std::uint32_t j = i + 1; j < samples; ++j)
            if (rng.bernoulli(density)) pairs.push_back({i, j});
    return pairs;
}

bool independent(const std::vector<std::uint8_t>& kept, const std::vector<RelatedPair>& pairs) {
    return std::none_of(pairs.begin(), pairs.end(),
                        [&](const RelatedPair& p) { return kept[p.first] && kept[p.second]; });
}

bool maximal(const std::vector<std::uint8_t>& kept, const std::vector<RelatedPair>& pairs) {
    std::vector<std::uint8_t> blocked(kept.begin(), kept.end());
    for (const auto& [a, b] : pairs) {
        if (kept[a]) blocked[b] = 1;
        if (kept[b]) blocked[a] = 1;
    }
    return std::find(blocked.begin(), blocked.end(), 0) == blocked.end();
}

TEST(Families, AreNumberedByTheirFirstMember) {
    EXPECT_TRUE(find_families(0, {}).empty());
    EXPECT_THAT(find_families(3, {}), ElementsAre(0, 0, 0));
    const std::vector<RelatedPair> pairs{{4, 6}, {1, 3}, {3, 5}};
    EXPECT_THAT(find_families(8, pairs), ElementsAre(0, 1, 0, 1, 2, 1, 2, 0));
}

TEST(UnrelatedSet, SmallCases) {
    EXPECT_TRUE(choose(0, {}).empty());
    EXPECT_THAT(choose(2, {}), ElementsAre(1, 1));
    EXPECT_THAT(choose(2, {{0, 1}}), ElementsAre(1, 0));
    EXPECT_THAT(choose(2, {{0, 1}}, {0.9, 0.95}), ElementsAre(0, 1));
    // The parent of a trio's other parent: both parents stay, the child goes.
    EXPECT_THAT(choose(3, {{0, 1}, {0, 2}}), ElementsAre(0, 1, 1));
    // One who may not be kept does not keep others away.
    EXPECT_THAT(choose(3, {{0, 1}, {0, 2}, {1, 2}}, {}, {1, 0, 0}), ElementsAre(1, 0, 0));
    EXPECT_THAT(choose(3, {{0, 1}, {1, 2}}, {}, {1, 0, 1}), ElementsAre(1, 0, 1));
}

TEST(UnrelatedSet, IsTheFirstOfTheLargestByTrialOfAllSubsets) {
    constexpr std::size_t samples = 13;
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        const auto pairs = random_pairs(samples, 0.1 + 0.02 * static_cast<double>(seed), seed);
        std::vector<double> call_rate(samples);
        Rng rng(seed, "test.rates", 0);
        for (double& rate : call_rate)
            rate = 0.9 + 0.01 * static_cast<double>(rng.below(4));
        std::vector<std::size_t> order(samples); // ranks
        std::iota(order.begin(), order.end(), 0u);
        std::stable_sort(order.begin(), order.end(),
                         [&](auto a, auto b) { return call_rate[a] > call_rate[b]; });
        unsigned best = 0; // the highest ranked sample is the highest bit
        for (unsigned set = 0; set < 1u << samples; ++set) {
            std::vector<std::uint8_t> kept(samples);
            for (std::size_t r = 0; r < samples; ++r)
                kept[order[r]] = set >> (samples - 1 - r) & 1;
            if (!independent(kept, pairs)) continue;
            const int more = std::popcount(set) - std::popcount(best);
            if (more > 0 || (more == 0 && set > best)) best = set;
        }
        const auto kept = choose(samples, pairs, call_rate);
        for (std::size_t r = 0; r < samples; ++r)
            ASSERT_EQ(kept[order[r]], best >> (samples - 1 - r) & 1) << seed << " " << r;
    }
}

TEST(UnrelatedSet, LargeComponentsAreMaximalAndFollowTheRule) {
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
        const auto pairs = random_pairs(300, 0.03, seed);
        const auto kept = choose(300, pairs);
        EXPECT_TRUE(independent(kept, pairs));
        EXPECT_TRUE(maximal(kept, pairs));
    }
    // A star of 60: the middle has the most relatives and goes first.
    std::vector<RelatedPair> star;
    for (std::uint32_t i = 1; i < 60; ++i)
        star.push_back({0, i});
    const auto kept = choose(60, star);
    EXPECT_EQ(kept[0], 0);
    EXPECT_EQ(std::count(kept.begin(), kept.end(), 1), 59);
    // A clique of 50: the one with the best call rate stays.
    std::vector<double> rate(50, 0.9);
    rate[17] = 0.99;
    const auto one = choose(50, random_pairs(50, 1.1, 1), rate);
    EXPECT_EQ(std::count(one.begin(), one.end(), 1), 1);
    EXPECT_EQ(one[17], 1);
}

TEST(UnrelatedSet, FortySamplesOfOneComponentTakeNoTime) {
    for (std::uint64_t seed = 0; seed < 6; ++seed) {
        const auto pairs =
            random_pairs(exact_component_max, 0.08 + 0.03 * static_cast<double>(seed), seed);
        const auto kept = choose(exact_component_max, pairs);
        EXPECT_TRUE(independent(kept, pairs));
        EXPECT_TRUE(maximal(kept, pairs));
    }
}

} // namespace
} // namespace salus
