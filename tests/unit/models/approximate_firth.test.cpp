#include "models/approximate_firth.hpp"

#include "base/random.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace salus {
namespace {

/// Carriers first, then samples of small slopes; some outcomes.
struct FirthExample {
    FirthExample(std::size_t samples, std::size_t carriers, double effect, double small,
                 std::uint64_t seed)
        : offset(padded_samples(samples)), slope(padded_samples(samples)),
          outcome(padded_samples(samples)), n(samples), listed(carriers) {
        Rng rng(9, "approximate_firth", seed);
        for (std::size_t i = 0; i < samples; ++i) {
            offset[i] = -2.5 + 0.5 * rng.normal();
            slope[i] = i < carriers ? 1 + 0.05 * rng.normal() : small * rng.normal();
            const double eta = offset[i] + effect * slope[i];
            outcome[i] = rng.bernoulli(1 / (1 + std::exp(-eta))) ? 1 : 0;
        }
    }
    SlopeColumns all() const {
        return {.offset = offset, .slope = slope, .outcome = outcome, .samples = n};
    }
    /// The carriers, padded with zeros, and the moments of all others.
    FirthTest by_moments() const {
        const std::size_t padded = padded_samples(listed);
        std::vector<double> o(padded), s(padded), y(padded);
        for (std::size_t i = 0; i < listed; ++i) {
            o[i] = offset[i];
            s[i] = slope[i];
            y[i] = outcome[i];
        }
        SlopeMoments rest;
        for (std::size_t i = listed; i < n; ++i) {
            const double mu = 1 / (1 + std::exp(-offset[i])), w = mu * (1 - mu), x = slope[i];
            rest.score += x * (outcome[i] - mu);
            rest.information += x * x * w;
            rest.third += x * x * x * w * (1 - 2 * mu);
            rest.largest_slope = std::max(rest.largest_slope, std::fabs(x));
        }
        return approximate_firth({.offset = o, .slope = s, .outcome = y, .samples = listed}, rest);
    }
    double penalised(double b) const {
        double likelihood = 0, information = 0;
        for (std::size_t i = 0; i < n; ++i) {
            const double eta = offset[i] + b * slope[i], mu = 1 / (1 + std::exp(-eta));
            likelihood += outcome[i] * eta - std::log1p(std::exp(eta));
            information += slope[i] * slope[i] * mu * (1 - mu);
        }
        return likelihood + 0.5 * std::log(information);
    }
    std::vector<double> offset, slope, outcome;
    std::size_t n, listed;
};

TEST(ApproximateFirth, IsTheMaximumOfThePenalisedLikelihood) {
    for (const double effect : {0.0, 0.8, -1.5, 3.0}) {
        const FirthExample e(500, 30, effect, 0.1, 1);
        const FirthTest test = approximate_firth(e.all());
        ASSERT_TRUE(test.converged) << effect;
        // Golden section, without derivatives.
        double low = -20, high = 20;
        const double g = 0.6180339887498949;
        while (high - low > 1e-7) {
            const double a = high - g * (high - low), b = low + g * (high - low);
            (e.penalised(a) > e.penalised(b) ? high : low) =
                e.penalised(a) > e.penalised(b) ? b : a;
        }
        // Likelihoods of 200 have errors of 1e-13, so the place of the maximum of 3e-7.
        EXPECT_NEAR(test.beta, 0.5 * (low + high), 2e-6) << effect;
        EXPECT_NEAR(test.chi_square, 2 * (e.penalised(test.beta) - e.penalised(0)), 1e-9);
        EXPECT_NEAR(likelihood_ratio_error(test), std::fabs(test.beta) / std::sqrt(test.chi_square),
                    1e-15);
    }
}

TEST(ApproximateFirth, WithoutOtherColumnsItIsTheExactTest) {
    const FirthExample e(400, 60, 1, 0.2, 2);
    const double* const columns[] = {e.slope.data()};
    const DesignColumns design{.columns = columns, .samples = e.n};
    LogisticSolver solver;
    const std::vector<double> start{0.0};
    const FirthTest exact = firth_test(solver, design, e.outcome, start, e.offset);
    const FirthTest ours = approximate_firth(e.all());
    EXPECT_NEAR(ours.beta, exact.beta, 1e-8);
    EXPECT_NEAR(ours.standard_error, exact.standard_error, 1e-8);
    EXPECT_NEAR(ours.chi_square, exact.chi_square, 1e-9);
    EXPECT_NEAR(ours.neg_log10_p, exact.neg_log10_p, 1e-9);
}

TEST(ApproximateFirth, MomentsOfTheOthersAreEnoughWhereTheirSlopesAreSmall) {
    for (const double effect : {0.0, 1.0, -2.0, 4.0}) {
        const FirthExample e(20000, 40, effect, 1e-3, 3);
        const FirthTest dense = approximate_firth(e.all()), few = e.by_moments();
        ASSERT_TRUE(few.converged);
        EXPECT_NEAR(few.beta, dense.beta, 1e-6 * dense.standard_error);
        EXPECT_NEAR(few.standard_error, dense.standard_error, 1e-6 * dense.standard_error);
        EXPECT_NEAR(few.chi_square, dense.chi_square, 2e-5); // twice the bound
    }
}

TEST(ApproximateFirth, SaysWhereMomentsAreNotEnough) {
    const FirthExample e(20000, 40, 3, 0.2, 4);
    EXPECT_TRUE(approximate_firth(e.all()).converged);
    EXPECT_FALSE(e.by_moments().converged);
}

TEST(ApproximateFirth, CompleteSeparationHasAFiniteEstimate) {
    FirthExample e(200, 20, 0, 0, 5);
    for (std::size_t i = 0; i < e.n; ++i)
        e.outcome[i] = i < 20 ? 1 : 0;
    const FirthTest test = approximate_firth(e.all());
    EXPECT_TRUE(test.converged);
    EXPECT_GT(test.beta, 2);
    EXPECT_LT(test.beta, 15);
    EXPECT_GT(test.neg_log10_p, 5);
}

/// Powers of the slopes, which are the sum of two columns.
SlopePowers powers_of(const FirthExample& e, Isa isa = best_isa()) {
    std::vector<double> half(e.slope), other(e.slope), fitted(e.slope.size());
    for (std::size_t i = 0; i < e.n; ++i) {
        half[i] = 0.25 * e.slope[i] + 1;
        other[i] = e.slope[i] - half[i];
        fitted[i] = 1 / (1 + std::exp(-e.offset[i]));
    }
    const double* const columns[] = {half.data(), other.data()};
    const std::vector<double> ones{1, 1};
    return slope_powers({.design = {.columns = columns, .samples = e.n},
                         .coefficients = ones,
                         .fitted = fitted,
                         .outcome = e.outcome},
                        isa);
}

TEST(ApproximateFirth, TheSeriesIsEnoughWhereAllEffectsAreSmall) {
    for (const double effect : {0.0, 0.1, -0.2}) {
        const FirthExample e(5003, 2000, effect, 0.3, 6);
        const FirthTest dense = approximate_firth(e.all()),
                        series = approximate_firth(powers_of(e));
        ASSERT_TRUE(series.converged) << effect;
        EXPECT_NEAR(series.beta, dense.beta, 1e-6 * dense.standard_error);
        EXPECT_NEAR(series.standard_error, dense.standard_error, 1e-6 * dense.standard_error);
        EXPECT_NEAR(series.chi_square, dense.chi_square, 2e-7); // twice the bound
    }
}

TEST(ApproximateFirth, SaysWhereTheSeriesIsNotEnough) {
    const FirthExample e(20000, 40, 3, 0.2, 4);
    EXPECT_FALSE(approximate_firth(powers_of(e)).converged);
}

TEST(ApproximateFirth, PowersAreThoseOfSumsAtZeroAndTheSameBitsOnEveryInstructionSet) {
    const FirthExample e(1003, 300, 0.5, 0.3, 7);
    const SlopePowers powers = powers_of(e);
    const SlopeSums sums = slope_sums(e.all(), 0);
    EXPECT_NEAR(powers.score, sums.score, 1e-10);
    EXPECT_NEAR(powers.cumulants[2], sums.information, 1e-10);
    EXPECT_NEAR(powers.cumulants[3], sums.third, 1e-10);
    EXPECT_NEAR(powers.cumulants[4], sums.fourth, 1e-10);
    // The next ones by differences of the fourth, whose own error is the square of the step.
    const double h = 1e-3;
    const double below = slope_sums(e.all(), -h).fourth, above = slope_sums(e.all(), h).fourth;
    EXPECT_NEAR(powers.cumulants[5], (above - below) / (2 * h), 1e-4);
    EXPECT_NEAR(powers.cumulants[6], (above - 2 * sums.fourth + below) / (h * h), 1e-3);
    for (const Isa isa : {Isa::reference, Isa::avx2, Isa::avx512_vnni}) {
        if (!is_supported(isa)) continue;
        const SlopePowers other = powers_of(e, isa);
        EXPECT_EQ(other.score, powers.score);
        EXPECT_EQ(other.cumulants, powers.cumulants);
        EXPECT_EQ(other.tenth, powers.tenth);
        EXPECT_EQ(other.twelfth, powers.twelfth);
        EXPECT_EQ(other.steepest, powers.steepest);
    }
}

TEST(ApproximateFirth, NoSlopeIsNoTest) {
    const std::vector<double> zeros(8, 0.0);
    EXPECT_FALSE(
        approximate_firth({.offset = zeros, .slope = zeros, .outcome = zeros, .samples = 8})
            .converged);
}

} // namespace
} // namespace salus
