#include "models/ld.hpp"

#include "base/random.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

namespace salus {
namespace {

using Calls = std::vector<int>; // 0, 1, 2 or 3 = missing

CallPairSums sums_of(const Calls& a, const Calls& b) {
    CallPairSums s;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (a[i] == 3 || b[i] == 3) continue;
        ++s.samples;
        s.sum_a += a[i], s.sum_b += b[i];
        s.squares_a += a[i] * a[i], s.squares_b += b[i] * b[i];
        s.product += a[i] * b[i];
    }
    return s;
}
CallSums sums_of(const Calls& a) {
    const CallPairSums s = sums_of(a, a);
    return {.called = s.samples, .sum = s.sum_a, .squares = s.squares_a};
}

Calls random_calls(std::size_t samples, std::uint64_t key, bool with_missing) {
    Rng rng(3, "ld", key);
    const double f = 0.02 + 0.9 * rng.uniform();
    Calls calls(samples);
    for (int& call : calls) {
        call = rng.bernoulli(f) + rng.bernoulli(f);
        if (with_missing && rng.bernoulli(0.1)) call = 3;
    }
    return calls;
}

double plain_r(const std::vector<double>& x, const std::vector<double>& y) {
    const auto n = static_cast<double>(x.size());
    double mx = 0, my = 0, xx = 0, yy = 0, xy = 0;
    for (std::size_t i = 0; i < x.size(); ++i)
        mx += x[i] / n, my += y[i] / n;
    for (std::size_t i = 0; i < x.size(); ++i) {
        xx += (x[i] - mx) * (x[i] - mx);
        yy += (y[i] - my) * (y[i] - my);
        xy += (x[i] - mx) * (y[i] - my);
    }
    return xx == 0 || yy == 0 ? 0 : xy / std::sqrt(xx * yy);
}

TEST(Ld, NothingVariesGivesZeroAndIsNeverInLd) {
    const Calls none, constant{1, 1, 1}, varied{0, 1, 2}, gaps{3, 3, 3};
    for (const Calls& other : {constant, varied, gaps}) {
        EXPECT_EQ(pairwise_r2(sums_of(constant, other)), 0);
        EXPECT_EQ(mean_imputed_r(sums_of(gaps, other), sums_of(gaps), sums_of(other)), 0);
        EXPECT_FALSE(R2Limit(0).exceeded(sums_of(constant, other)));
    }
    EXPECT_EQ(pairwise_r2(sums_of(none, none)), 0);
    EXPECT_DOUBLE_EQ(pairwise_r2(sums_of(varied, varied)), 1);
    EXPECT_FALSE(R2Limit(1).exceeded(sums_of(varied, varied)));
}

TEST(Ld, CorrelationsEqualTheObviousOnes) {
    for (std::uint64_t key = 0; key < 50; ++key) {
        const Calls a = random_calls(60, 2 * key, true), b = random_calls(60, 2 * key + 1, true);
        const CallPairSums pair = sums_of(a, b);
        const CallSums own_a = sums_of(a), own_b = sums_of(b);
        std::vector<double> x, y, full_x, full_y;
        for (std::size_t i = 0; i < a.size(); ++i) {
            if (a[i] != 3 && b[i] != 3) x.push_back(a[i]), y.push_back(b[i]);
            full_x.push_back(a[i] != 3 ? a[i]
                                       : static_cast<double>(own_a.sum) /
                                             static_cast<double>(own_a.called));
            full_y.push_back(b[i] != 3 ? b[i]
                                       : static_cast<double>(own_b.sum) /
                                             static_cast<double>(own_b.called));
        }
        // Rounding of about 60 terms of size 1.
        EXPECT_NEAR(pairwise_r2(pair), std::pow(plain_r(x, y), 2), 1e-12);
        EXPECT_NEAR(mean_imputed_r(pair, own_a, own_b), plain_r(full_x, full_y), 1e-12);
    }
    EXPECT_DOUBLE_EQ(adjusted_r2(0.5, 102), 0.5 - 0.5 / 100);
}

/// Minor copies instead of ALT copies.
Calls minor_of(Calls calls) {
    const CallSums sums = sums_of(calls);
    for (int& call : calls)
        if (call != 3 && sums.sum > sums.called) call = 2 - call;
    return calls;
}

TEST(Ld, PairsOutsideTheProductRangeAreNeverInLdWhateverTheArrangement) {
    std::size_t excluded = 0;
    for (std::uint64_t key = 0; key < 3000; ++key) {
        Calls a = minor_of(random_calls(40, 2 * key, false)),
              b = minor_of(random_calls(40, 2 * key + 1, false));
        const R2Limit limit(0.2);
        const ProductRange range = product_range(sums_of(a), sums_of(b), 40);
        const auto verdict = limit.decide(range, sums_of(a), sums_of(b), 40);
        excluded += verdict == false ? 1u : 0u;
        bool found = false;
        std::sort(a.begin(), a.end());
        for (int order = 0; order < 3; ++order) { // as drawn, and the two extreme arrangements
            const CallPairSums sums = sums_of(a, b);
            found = found || limit.exceeded(sums);
            EXPECT_GE(sums.product, range.least);
            EXPECT_LE(sums.product, range.most);
            order == 0 ? std::sort(b.begin(), b.end()) : std::reverse(b.begin(), b.end());
        }
        // The bounds are attained by the extreme arrangements, both of which must fail.
        EXPECT_EQ(verdict == false, !found) << key;
    }
    EXPECT_GT(excluded, 30u);
    EXPECT_LT(excluded, 2970u);
}

TEST(Ld, TheRestAddsWhatItsRangeSays) {
    for (std::uint64_t key = 0; key < 2000; ++key) {
        Calls a = random_calls(50, 2 * key, true), b = random_calls(50, 2 * key + 1, true);
        for (std::size_t i = 0; i < a.size(); ++i) { // missing calls are 0 copies here
            a[i] %= 3, b[i] %= 3;
            if (key % 3 == 0) b[i] = a[i];
        }
        const ProductRange range = rest_range(moments_of(sums_of(a)), moments_of(sums_of(b)));
        const std::int64_t product = sums_of(a, b).product;
        EXPECT_LE(range.least, product) << key;
        EXPECT_GE(range.most, product) << key;
        if (key % 3 == 0) {
            EXPECT_LE(range.most, product + 2) << key; // attained by equal variants
        }
    }
}

TEST(Ld, VerdictsFromTheProductNeverContradictTheSums) {
    std::size_t decided[2] = {}, open = 0;
    for (std::uint64_t key = 0; key < 4000; ++key) {
        Calls a = minor_of(random_calls(300, 2 * key, key % 4 != 0)),
              b = minor_of(random_calls(300, 2 * key + 1, key % 4 != 0));
        Rng rng(4, "share", key);
        const double share = rng.uniform(); // of the genotypes of a that b repeats or mirrors
        for (std::size_t i = 0; i < a.size(); ++i)
            if (a[i] != 3 && b[i] != 3 && rng.bernoulli(share))
                b[i] = key % 2 == 0 ? a[i] : 2 - a[i];
        b = minor_of(b);
        const CallPairSums sums = sums_of(a, b);
        const R2Limit limit(0.2);
        const auto verdict =
            limit.decide({sums.product, sums.product}, sums_of(a), sums_of(b), 300);
        if (verdict) {
            EXPECT_EQ(*verdict, limit.exceeded(sums)) << key;
        }
        EXPECT_TRUE(verdict || key % 4 != 0) << key;
        verdict ? ++decided[*verdict] : ++open;
    }
    EXPECT_GT(decided[0], 100u);
    EXPECT_GT(decided[1], 100u);
    EXPECT_GT(open, 100u);
}

} // namespace
} // namespace salus
