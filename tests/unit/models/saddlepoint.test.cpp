#include "models/saddlepoint.hpp"
#include "models/tails.hpp"

#include "base/random.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

namespace salus {
namespace {

/// Outcomes with given probabilities and slopes; the first `carriers` are summed one by one.
struct SaddlepointExample {
    explicit SaddlepointExample(std::size_t samples, std::size_t carriers, double odds,
                                std::uint64_t seed)
        : offset(padded_samples(samples)), slope(padded_samples(samples)),
          outcome(padded_samples(samples)), n(samples), listed(carriers) {
        Rng rng(8, "saddlepoint", seed);
        for (std::size_t i = 0; i < samples; ++i) {
            offset[i] = odds + 0.5 * rng.normal();
            slope[i] = i < carriers ? 1 + 0.1 * rng.normal() : 1e-3 * rng.normal();
        }
        for (std::size_t i = 0; i < n; ++i) {
            const double w = probability(i) * (1 - probability(i));
            variance += slope[i] * slope[i] * w;
            if (i >= carriers) rest_variance += slope[i] * slope[i] * w;
        }
    }
    double probability(std::size_t i) const { return 1 / (1 + std::exp(-offset[i])); }
    SaddlepointProblem dense(double score) const {
        return {.exact = {.offset = offset, .slope = slope, .outcome = outcome, .samples = n},
                .rest_variance = 0,
                .score = score,
                .variance = variance};
    }
    SaddlepointProblem fast(double score) {
        few = slope;
        std::fill(few.begin() + static_cast<std::ptrdiff_t>(listed), few.end(), 0.0);
        SaddlepointProblem problem = dense(score);
        problem.exact = {.offset = std::span(offset).first(padded_samples(listed)),
                         .slope = std::span(few).first(padded_samples(listed)),
                         .outcome = outcome,
                         .samples = listed};
        problem.rest_variance = rest_variance;
        return problem;
    }
    /// Lugannani and Rice in plain long double loops with bisection, one tail.
    double tail(double s) const {
        long double low = 0, high = s > 0 ? 1 : -1;
        while (std::fabs(derivative(high)) < std::fabs(static_cast<long double>(s)))
            high *= 2;
        for (int k = 0; k < 200; ++k) {
            const long double middle = (low + high) / 2;
            (std::fabs(derivative(middle)) < std::fabs(static_cast<long double>(s)) ? low : high) =
                middle;
        }
        long double k0 = 0, k2 = 0;
        for (std::size_t i = 0; i < n; ++i) {
            const long double p = probability(i), e = std::exp(slope[i] * low);
            k0 += std::log1p(p * (e - 1)) - low * slope[i] * p;
            const long double tilted = p * e / (1 - p + p * e);
            k2 += slope[i] * slope[i] * tilted * (1 - tilted);
        }
        const long double w = std::sqrt(2 * (low * s - k0)), v = std::fabs(low) * std::sqrt(k2);
        return static_cast<double>(0.5L * std::erfc((w + std::log(v / w) / w) / std::sqrt(2.0L)));
    }
    long double derivative(long double t) const {
        long double sum = 0;
        for (std::size_t i = 0; i < n; ++i) {
            const long double p = probability(i), e = std::exp(slope[i] * t);
            sum += slope[i] * (p * e / (1 - p + p * e) - p);
        }
        return sum;
    }
    std::vector<double> offset, slope, outcome, few;
    double variance = 0, rest_variance = 0;
    std::size_t n, listed;
};

TEST(Saddlepoint, AgreesWithPlainLoops) {
    const SaddlepointExample e(300, 40, -1.5, 1);
    for (const double z : {0.2, 1.0, -2.0, 3.0, -2.7, 5.0}) {
        const double s = z * std::sqrt(e.variance);
        // Scores below the least possible one have no probability.
        double lower = 0;
        for (std::size_t i = 0; i < e.n; ++i)
            lower += std::min(e.slope[i], 0.0) - e.slope[i] * e.probability(i);
        const double p = e.tail(std::fabs(s)) + (-std::fabs(s) > lower ? e.tail(-std::fabs(s)) : 0);
        const auto test = saddlepoint_test(e.dense(s));
        EXPECT_TRUE(test.converged) << z;
        EXPECT_NEAR(test.neg_log10_p, -std::log10(p), 1e-8 * (1 - std::log10(p))) << z;
    }
}

TEST(Saddlepoint, OthersAsNormalChangeLittleWhereTheirSlopesAreSmall) {
    SaddlepointExample e(20000, 40, -3, 2);
    for (const double z : {2.0, -2.0, 3.0, 6.0, 8.0}) {
        const double s = z * std::sqrt(e.variance);
        const auto fast = saddlepoint_test(e.fast(s)), dense = saddlepoint_test(e.dense(s));
        EXPECT_TRUE(fast.converged);
        // The share of the variance that is not theirs is 98 %; p within 0.1 %.
        EXPECT_NEAR(fast.neg_log10_p, dense.neg_log10_p, 4e-4) << z;
    }
}

// Equal slopes and probabilities: the score is a binomial count, whose tails are sums.
TEST(Saddlepoint, IsNearTheBinomialTailWhereTheNormalIsFarOff) {
    constexpr std::size_t n = 200;
    SaddlepointExample e(n, n, -3, 3);
    std::fill_n(e.offset.begin(), n, std::log(0.03 / 0.97));
    std::fill_n(e.slope.begin(), n, 1.0);
    e.variance = n * 0.03 * 0.97;
    const auto mass = [](double k) {
        return std::exp(std::lgamma(n + 1.0) - std::lgamma(k + 1.0) - std::lgamma(n - k + 1.0) +
                        k * std::log(0.03) + (n - k) * std::log(0.97));
    };
    for (const int k : {16, 18, 24}) {
        // Lugannani and Rice without a continuity correction give the middle of the jump at k.
        double tail = 0.5 * mass(k);
        for (int j = k + 1; j <= 100; ++j)
            tail += mass(j);
        const double s = k - n * 0.03;
        const auto test = saddlepoint_test(e.dense(s));
        EXPECT_NEAR(test.neg_log10_p, -std::log10(tail), 0.1) << k;
        EXPECT_GT(normal_neg_log10_p(s / std::sqrt(e.variance)), test.neg_log10_p + 0.8) << k;
    }
}

TEST(Saddlepoint, FarTailsStayFinite) {
    SaddlepointExample e(20000, 400, -3, 4);
    const auto test = saddlepoint_test(e.dense(300));
    EXPECT_TRUE(test.converged);
    EXPECT_GT(test.neg_log10_p, 250);
    EXPECT_TRUE(std::isfinite(test.neg_log10_p));
}

TEST(Saddlepoint, ScoresThatCannotBeReachedAreNormalAndNotConverged) {
    const SaddlepointExample e(50, 50, -1, 5);
    const double s = 1000;
    const auto test = saddlepoint_test(e.dense(s));
    EXPECT_FALSE(test.converged);
    EXPECT_EQ(test.neg_log10_p, normal_neg_log10_p(s / std::sqrt(e.variance)));
}

TEST(Saddlepoint, NoScoreIsNoEvidence) {
    const SaddlepointExample e(50, 50, -1, 5);
    EXPECT_TRUE(saddlepoint_test(e.dense(0)).converged);
    EXPECT_EQ(saddlepoint_test(e.dense(0)).neg_log10_p, 0);
}

} // namespace
} // namespace salus
