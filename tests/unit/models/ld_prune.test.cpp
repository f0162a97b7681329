#include "models/ld_prune.hpp"

#include "base/random.hpp"

#include <gtest/gtest.h>

#include <set>
#include <utility>

namespace salus {
namespace {

using Pairs = std::set<std::pair<std::uint32_t, std::uint32_t>>;

std::vector<std::uint8_t> prune(std::vector<double> major, const std::vector<LdWindow>& windows,
                                const Pairs& pairs, std::vector<std::uint8_t> removed = {}) {
    removed.resize(major.size());
    LdPruner pruner(std::move(major), removed);
    for (const LdWindow window : windows)
        pruner.prune(window, [&](std::uint32_t a, std::uint32_t b) {
            return pairs.count({a, b}) > 0;
        });
    return pruner.removed();
}

TEST(CountWindows, CoverEverythingAndEndOnce) {
    EXPECT_TRUE(count_windows(0, 5, 2).empty());
    EXPECT_EQ(count_windows(3, 5, 2), (std::vector<LdWindow>{{0, 3}}));
    EXPECT_EQ(count_windows(5, 5, 2), (std::vector<LdWindow>{{0, 5}}));
    EXPECT_EQ(count_windows(8, 5, 2), (std::vector<LdWindow>{{0, 5}, {2, 7}, {4, 8}}));
}

TEST(DistanceWindows, AreMaximalAndJumpOverGaps) {
    EXPECT_TRUE(distance_windows({}, 10).empty());
    EXPECT_EQ(distance_windows(std::vector<std::uint32_t>{1, 5, 11, 12, 100, 4000000000}, 10),
              (std::vector<LdWindow>{{0, 3}, {1, 4}, {4, 5}, {5, 6}}));
    EXPECT_EQ(distance_windows(std::vector<std::uint32_t>{7, 7, 7}, 0),
              (std::vector<LdWindow>{{0, 3}}));
}

TEST(LdPruner, TheRarerOfAPairGoesAndTheRightOneOfEquals) {
    EXPECT_EQ(prune({0.9, 0.8}, {{0, 2}}, {{0, 1}}), (std::vector<std::uint8_t>{1, 0}));
    EXPECT_EQ(prune({0.8, 0.9}, {{0, 2}}, {{0, 1}}), (std::vector<std::uint8_t>{0, 1}));
    EXPECT_EQ(prune({0.8, 0.8}, {{0, 2}}, {{0, 1}}), (std::vector<std::uint8_t>{0, 1}));
    EXPECT_EQ(prune({0.8, 0.8 * (1 - 1e-15)}, {{0, 2}}, {{0, 1}}),
              (std::vector<std::uint8_t>{0, 1})); // equal but for rounding
}

TEST(LdPruner, OnlyPairsOfOneWindowCount) {
    EXPECT_EQ(prune({0.5, 0.5, 0.5}, count_windows(3, 2, 1), {{0, 2}}),
              (std::vector<std::uint8_t>{0, 0, 0}));
    EXPECT_EQ(prune({0.5, 0.5, 0.5}, count_windows(3, 3, 1), {{0, 2}}),
              (std::vector<std::uint8_t>{0, 0, 1}));
}

TEST(LdPruner, RoundsTakeOneVariantPerSearch) {
    // 0 removes 1 before 1 can remove 2.
    EXPECT_EQ(prune({0.5, 0.6, 0.7}, {{0, 3}}, {{0, 1}, {1, 2}}),
              (std::vector<std::uint8_t>{0, 1, 0}));
    // 3 removes 0 in the first round, and then falls to 1 in the same round.
    EXPECT_EQ(prune({0.9, 0.5, 0.6, 0.7}, {{0, 4}}, {{0, 3}, {1, 3}}),
              (std::vector<std::uint8_t>{1, 0, 0, 1}));
}

TEST(LdPruner, StartsAgainFromTheRemovedFlagsAlone) {
    for (std::uint64_t key = 0; key < 20; ++key) {
        Rng rng(5, "prune", key);
        constexpr std::uint32_t n = 300;
        std::vector<double> major(n);
        for (double& f : major)
            f = 0.5 + 0.5 * rng.uniform();
        Pairs pairs;
        for (std::uint32_t a = 0; a < n; ++a)
            for (std::uint32_t b = a + 1; b < std::min(n, a + 40); ++b)
                if (rng.bernoulli(0.08)) pairs.insert({a, b});
        const auto windows = count_windows(n, 30, 7);
        const auto whole = prune(major, windows, pairs);
        const auto half = prune(major, {windows.begin(), windows.begin() + 20}, pairs);
        LdPruner rest(major, half);
        rest.resume(windows[19].end);
        for (std::size_t w = 20; w < windows.size(); ++w)
            rest.prune(windows[w], [&](std::uint32_t a, std::uint32_t b) {
                return pairs.count({a, b}) > 0;
            });
        EXPECT_EQ(rest.removed(), whole) << key;
        for (const auto& [a, b] : pairs) // what is left is free of LD within windows
            for (const LdWindow window : windows) {
                if (a >= window.begin && b < window.end) {
                    EXPECT_TRUE(whole[a] != 0 || whole[b] != 0);
                }
            }
    }
}

} // namespace
} // namespace salus
