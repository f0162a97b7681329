#include "models/family_saddlepoint.hpp"

#include "base/random.hpp"
#include "models/saddlepoint.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace salus {
namespace {

/// Carriers of one copy in families of three.
struct Families {
    explicit Families(std::size_t count, double correlation) {
        Rng rng(6, "family_saddlepoint", 0);
        for (std::size_t i = 0; i < count; ++i) {
            probability.push_back(0.05 + 0.1 * rng.uniform());
            slope.push_back(1);
            if (i % 3 == 2) families.push_back({.end = i + 1, .correlation = correlation});
        }
        for (const double p : probability)
            mean += p;
    }
    FamilyScoreProblem problem(double score, double variance) const {
        return {.slope = slope,
                .probability = probability,
                .families = families,
                .score = score,
                .variance = variance};
    }
    std::vector<double> slope, probability;
    std::vector<CarrierFamily> families;
    double mean = 0;
};

TEST(FamilySaddlepoint, WithoutCorrelationItIsThatOfIndependentOutcomes) {
    const Families of(24, 0);
    std::vector<double> logit, outcome(24), slope = of.slope;
    double variance = 0.4; // of all others
    for (const double p : of.probability) {
        logit.push_back(std::log(p / (1 - p)));
        variance += p * (1 - p);
    }
    for (const double score : {4.0, -1.5, 8.0}) {
        const auto plain = saddlepoint_test(
            {.exact = {.offset = logit, .slope = slope, .outcome = outcome, .samples = 24},
             .rest_variance = 0.4,
             .score = score,
             .variance = variance});
        const auto found = FamilySaddlepoint().test(of.problem(score, variance));
        EXPECT_TRUE(found.converged);
        EXPECT_NEAR(found.neg_log10_p, plain.neg_log10_p, 1e-7) << score;
    }
}

// The count of cases among carriers has a distribution that can be summed: the saddle point is near
// the middle of its jumps, far from the one without correlation.
TEST(FamilySaddlepoint, HasTheTailOfCorrelatedOutcomes) {
    const Families of(30, 0.35), independent(30, 0);
    const std::vector<std::uint32_t> steps(30, 1);
    for (const std::uint64_t cases : {7U, 9U, 12U}) {
        const auto exact = ExactScore().test({.steps = steps,
                                              .fitted = of.probability,
                                              .probability = of.probability,
                                              .families = of.families,
                                              .observed = cases});
        const double score = static_cast<double>(cases) - of.mean;
        const auto found = FamilySaddlepoint().test(of.problem(score, 0));
        EXPECT_TRUE(found.converged);
        EXPECT_NEAR(found.neg_log10_p, exact.neg_log10_mid_p, 0.06) << cases;
        EXPECT_GT(FamilySaddlepoint().test(independent.problem(score, 0)).neg_log10_p,
                  found.neg_log10_p + 0.2);
    }
}

TEST(FamilySaddlepoint, AScoreThatCannotBeReachedIsNotConverged) {
    const Families of(9, 0.2);
    EXPECT_FALSE(FamilySaddlepoint().test(of.problem(100, 0)).converged);
}

} // namespace
} // namespace salus
