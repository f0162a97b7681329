#include "models/poisson_saddlepoint.hpp"

#include "base/random.hpp"
#include "models/tails.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace salus {
namespace {

using Values = std::vector<double>;

// The same approximation with the sums written out, bisection for the root, in long double.
double slow_tail(const Values& slope, const Values& mean, double rest, double score) {
    using Real = long double;
    const Real target = score;
    const auto derivative = [&](Real t) {
        Real sum = t * static_cast<Real>(rest);
        for (std::size_t i = 0; i < slope.size(); ++i)
            sum += static_cast<Real>(mean[i]) * static_cast<Real>(slope[i]) *
                   std::expm1(static_cast<Real>(slope[i]) * t);
        return sum;
    };
    Real low = score < 0 ? -1 : 0, high = score < 0 ? 0 : 1;
    while (score > 0 && derivative(high) < target)
        high *= 2;
    while (score < 0 && derivative(low) > target)
        low *= 2;
    for (int i = 0; i < 200; ++i) {
        const Real middle = (low + high) / 2;
        (derivative(middle) < target ? low : high) = middle;
    }
    const Real t = low;
    Real value = t * t * static_cast<Real>(rest) / 2, curvature = static_cast<Real>(rest);
    for (std::size_t i = 0; i < slope.size(); ++i) {
        const Real x = static_cast<Real>(slope[i]) * t;
        value += static_cast<Real>(mean[i]) * (std::expm1(x) - x);
        curvature += static_cast<Real>(mean[i]) * static_cast<Real>(slope[i]) *
                     static_cast<Real>(slope[i]) * std::exp(x);
    }
    const Real w = std::sqrt(2 * (t * target - value)), v = std::fabs(t) * std::sqrt(curvature);
    const Real r = w + std::log(v / w) / w;
    return static_cast<double>(std::erfc(r / std::sqrt(Real{2})) / 2);
}

double slow_neg_log10_p(const Values& slope, const Values& mean, double rest, double score) {
    return -std::log10(slow_tail(slope, mean, rest, score) + slow_tail(slope, mean, rest, -score));
}

TEST(PoissonSaddlepoint, AgreesWithASlowVersion) {
    // Roots are found to 1e-10 standard deviations: relative error of p about z times that.
    PoissonSaddlepoint saddlepoint;
    for (std::uint64_t round = 0; round < 60; ++round) {
        Rng rng(1, "poisson", round);
        const std::size_t rows = 1 + rng.below(40);
        Values slope(rows), mean(rows);
        for (std::size_t i = 0; i < rows; ++i) {
            slope[i] = round % 3 == 0 ? 2 * rng.uniform() : 2 * rng.uniform() - 0.5;
            mean[i] = round % 2 == 0 ? 0.05 * rng.uniform() : 20 * rng.uniform();
        }
        const double rest = 0.01 + rng.uniform();
        double variance = rest;
        for (std::size_t i = 0; i < rows; ++i)
            variance += mean[i] * slope[i] * slope[i];
        for (const double z : {-8.0, -3.0, 0.5, 2.1, 5.0, 20.0}) {
            const double score = z * std::sqrt(variance);
            const auto found = saddlepoint.test(
                {.slope = slope, .mean = mean, .rest_variance = rest, .score = score});
            EXPECT_TRUE(found.converged);
            const double expected = slow_neg_log10_p(slope, mean, rest, score);
            if (!std::isfinite(expected)) continue; // underflow
            EXPECT_NEAR(found.neg_log10_p, expected, 1e-7 * (1 + expected)) << round << " " << z;
        }
    }
}

TEST(PoissonSaddlepoint, IsNormalWhereAllIsNormal) {
    PoissonSaddlepoint saddlepoint;
    for (const double z : {0.0, 0.5, -3.0, 40.0}) {
        const auto found = saddlepoint.test({.rest_variance = 4, .score = 2 * z});
        EXPECT_TRUE(found.converged);
        EXPECT_NEAR(found.neg_log10_p, normal_neg_log10_p(z), 1e-9 * (1 + z * z));
    }
}

TEST(PoissonSaddlepoint, IsNearThePoissonTail) {
    // 20 carriers who expect 0.02 events each: the score is (events - 0.4). The lower tail does not
    // reach beyond -0.4. Upper tail: near the mid-point of P(D >= k) and P(D > k), as for a
    // continuous S; these two differ by a factor of 7 to 20.
    const Values slope(20, 1.0), mean(20, 0.02);
    PoissonSaddlepoint saddlepoint;
    for (int k = 2; k <= 8; ++k) {
        const auto found = saddlepoint.test({.slope = slope, .mean = mean, .score = k - 0.4});
        EXPECT_TRUE(found.converged);
        double term = std::exp(-0.4), below = 0;
        for (int j = 0; j < k; ++j) {
            below += term;
            term *= 0.4 / (j + 1);
        }
        const double middle = 1 - below - term / 2;
        const double normal = normal_neg_log10_p((k - 0.4) / std::sqrt(0.4));
        EXPECT_NEAR(found.neg_log10_p, -std::log10(middle), 0.25) << k;
        if (k >= 4) {
            EXPECT_GT(normal, found.neg_log10_p + 1) << "the normal tail is far too light";
        }
    }
}

TEST(PoissonSaddlepoint, WithoutVariance) {
    PoissonSaddlepoint saddlepoint;
    const auto nothing = saddlepoint.test({});
    EXPECT_FALSE(nothing.converged);
}

} // namespace
} // namespace salus
