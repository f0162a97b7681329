#include "models/matching.hpp"

#include "base/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

namespace salus {
namespace {

std::vector<std::uint64_t> keys(std::size_t n, std::uint64_t seed) {
    std::vector<std::uint64_t> out;
    for (std::size_t i = 0; i < n; ++i)
        out.push_back(Rng(seed, "keys", i).next64());
    return out;
}

/// Every free control looked at for every case and round.
std::vector<double> slow_distances(const MatchInput& in, std::vector<std::size_t> order) {
    std::vector<bool> used(in.control_value.size(), false);
    std::vector<std::vector<double>> found(in.case_value.size());
    for (std::size_t round = 0; round < in.ratio; ++round)
        for (const std::size_t c : order) {
            if (found[c].size() < round) continue;
            std::size_t best = used.size();
            const auto distance = [&](std::size_t k) {
                return std::fabs(in.case_value[c] - in.control_value[k]);
            };
            for (std::size_t k = 0; k < used.size(); ++k)
                if (!used[k] && distance(k) <= in.caliper &&
                    (best == used.size() || distance(k) < distance(best)))
                    best = k;
            if (best == used.size()) continue;
            used[best] = true;
            found[c].push_back(distance(best));
        }
    std::vector<double> flat;
    for (const auto& of : found)
        flat.insert(flat.end(), of.begin(), of.end());
    return flat;
}

TEST(MatchNearest, NobodyToMatch) {
    const std::vector<double> values{1, 2}, none;
    const auto some = keys(2, 1);
    EXPECT_TRUE(
        match_nearest({.case_value = none, .control_value = values, .control_key = some}).empty());
    EXPECT_TRUE(match_nearest({.case_value = values, .control_value = none}).empty());
}

// By hand. MatchIt 4.5.1 is no reference here: it takes 4.6 for the case at 5, where 5.3 is nearer.
TEST(MatchNearest, TwoRounds) {
    const std::vector<double> cases{5, 1.2, 9}, controls{4.6, 5.3, 1, 8.1, 20, 5.9};
    const auto control_key = keys(6, 2);
    const auto pairs = match_nearest(
        {.case_value = cases, .control_value = controls, .control_key = control_key, .ratio = 2});
    std::vector<std::pair<std::size_t, std::size_t>> found;
    for (const MatchedPair& pair : pairs)
        found.emplace_back(pair.case_index, pair.control_index);
    const std::vector<std::pair<std::size_t, std::size_t>> expected{{0, 1}, {0, 0}, {1, 2},
                                                                    {1, 5}, {2, 3}, {2, 4}};
    EXPECT_EQ(found, expected);
}

TEST(MatchNearest, EqualsTheSlowWayWithoutTies) {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        Rng rng(seed, "match", 0);
        std::vector<double> cases(1 + rng.below(30)), controls(1 + rng.below(80));
        for (double& v : cases)
            v = rng.normal();
        for (double& v : controls)
            v = rng.normal();
        const auto case_key = keys(cases.size(), seed),
                   control_key = keys(controls.size(), seed + 1);
        for (const MatchOrder order :
             {MatchOrder::data, MatchOrder::largest, MatchOrder::smallest, MatchOrder::random})
            for (const double caliper : {0.02, 0.3, 1e300}) {
                const MatchInput in{.case_value = cases,
                                    .control_value = controls,
                                    .case_key = case_key,
                                    .control_key = control_key,
                                    .ratio = 1 + static_cast<std::size_t>(seed % 3),
                                    .caliper = caliper,
                                    .order = order};
                std::vector<std::size_t> sequence(cases.size());
                std::iota(sequence.begin(), sequence.end(), std::size_t{0});
                std::sort(sequence.begin(), sequence.end(), [&](std::size_t a, std::size_t b) {
                    return order == MatchOrder::largest    ? cases[a] > cases[b]
                           : order == MatchOrder::smallest ? cases[a] < cases[b]
                           : order == MatchOrder::random   ? case_key[a] < case_key[b]
                                                           : a < b;
                });
                std::vector<double> distances;
                for (const MatchedPair& pair : match_nearest(in))
                    distances.push_back(pair.distance);
                EXPECT_EQ(distances, slow_distances(in, sequence));
            }
    }
}

TEST(MatchNearest, WithReplacementEveryCaseGetsItsNearest) {
    const std::vector<double> cases{5, 5.1}, controls{1, 4.9, 5.05, 9};
    const auto control_key = keys(4, 3);
    const auto pairs = match_nearest({.case_value = cases,
                                      .control_value = controls,
                                      .control_key = control_key,
                                      .ratio = 2,
                                      .caliper = 1,
                                      .replacement = Replacement::with});
    ASSERT_EQ(pairs.size(), 4u);
    EXPECT_EQ(pairs[0].control_index, 2u);
    EXPECT_EQ(pairs[1].control_index, 1u);
    EXPECT_EQ(pairs[2].control_index, 2u);
    EXPECT_EQ(pairs[3].control_index, 1u);
}

TEST(MatchNearest, TiesFollowTheKeysAndNotTheOrderOfControls) {
    const std::vector<double> cases{5, 5, 5}, controls{5, 5, 5, 5, 4, 6};
    auto control_key = keys(6, 4);
    const auto chosen = [&](const std::vector<double>& values,
                            const std::vector<std::uint64_t>& key) {
        std::vector<std::uint64_t> out;
        for (const MatchedPair& pair :
             match_nearest({.case_value = cases, .control_value = values, .control_key = key}))
            out.push_back(key[pair.control_index]);
        return out;
    };
    const auto first = chosen(controls, control_key);
    std::vector<double> turned(controls.rbegin(), controls.rend());
    std::reverse(control_key.begin(), control_key.end());
    EXPECT_EQ(first, chosen(turned, control_key));
    EXPECT_EQ(first.size(), 3u);
}

} // namespace
} // namespace salus
