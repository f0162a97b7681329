#include "kernels/radix_order.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

namespace salus {
namespace {

std::vector<std::uint32_t> sorted(std::span<const double> values) {
    std::vector<std::uint32_t> order(values.size());
    std::iota(order.begin(), order.end(), std::uint32_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return values[a] < values[b]; });
    return order;
}

TEST(RadixOrder, FewAndEqualNumbers) {
    EXPECT_TRUE(ascending_order({}).empty());
    EXPECT_EQ(ascending_order(std::vector{3.0}), (std::vector<std::uint32_t>{0}));
    EXPECT_EQ(ascending_order(std::vector{2.0, 2.0, 1.0, 2.0}),
              (std::vector<std::uint32_t>{2, 0, 1, 3}));
    EXPECT_EQ(ascending_order(std::vector{0.0, -0.0, 0.0}), (std::vector<std::uint32_t>{0, 1, 2}));
}

TEST(RadixOrder, IsThatOfAStableSort) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    std::mt19937 rng(5);
    std::normal_distribution<double> normal;
    std::vector<double> values{infinity, -infinity, 1e300, -1e300, 5e-324, -5e-324, 0, -1};
    for (int i = 0; i < 20000; ++i) {
        values.push_back(normal(rng));
        values.push_back(std::round(10 * normal(rng)));
        values.push_back(std::exp(100 * normal(rng)));
    }
    EXPECT_EQ(ascending_order(values), sorted(values));
}

TEST(RadixOrder, TakesAllBitsOfKeys) {
    std::vector<std::uint64_t> keys;
    for (unsigned bit = 64; bit-- > 0;)
        keys.push_back(std::uint64_t{1} << bit);
    std::vector<std::uint32_t> backwards(64);
    std::iota(backwards.rbegin(), backwards.rend(), 0u);
    EXPECT_EQ(radix_order(keys), backwards);
}

} // namespace
} // namespace salus
