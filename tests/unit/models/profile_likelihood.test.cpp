#include "models/profile_likelihood.hpp"

#include "base/random.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace salus {
namespace {

struct ProfileExample {
    RegressedOutcome outcome;
    std::vector<std::vector<double>> covariates;
    std::vector<double> offset;
    explicit ProfileExample(RegressedKind kind, std::size_t n = 61) : covariates(2) {
        outcome.kind = kind;
        Rng rng(3, "profile", 0);
        for (std::size_t i = 0; i < n; ++i) {
            covariates[0].push_back(rng.normal());
            covariates[1].push_back(rng.uniform());
            offset.push_back(0.5 * rng.normal());
            const double eta = covariates[0][i] + offset[i];
            if (kind == RegressedKind::quantitative)
                outcome.value.push_back(eta + rng.normal());
            else
                outcome.value.push_back(rng.bernoulli(1 / (1 + std::exp(-eta))) ? 1 : 0);
            if (kind == RegressedKind::time_to_event)
                outcome.time.push_back(std::ceil(8 * rng.exponential()));
        }
    }
    /// Log-likelihood at offset + covariates.
    double value(const std::vector<double>& from, const std::vector<double>& c) const {
        std::vector<double> eta(from);
        for (std::size_t i = 0; i < eta.size(); ++i)
            eta[i] += c[0] + c[1] * covariates[0][i] + c[2] * covariates[1][i];
        return regressed_log_likelihood(outcome, eta);
    }
};

TEST(ProfileLikelihood, IsTheMaximumOverCovariates) {
    for (const auto kind :
         {RegressedKind::quantitative, RegressedKind::binary, RegressedKind::time_to_event}) {
        const ProfileExample e(kind);
        const auto likelihood = profile_likelihood(e.outcome, e.covariates);
        const auto point = likelihood->at(e.offset);
        ASSERT_TRUE(point.converged);
        ASSERT_EQ(point.coefficients.size(), 3U);
        EXPECT_NEAR(point.log_likelihood, e.value(e.offset, point.coefficients), 1e-9);
        for (std::size_t c = 0; c < 3; ++c)
            for (const double step : {-1e-3, 1e-3}) {
                auto moved = point.coefficients;
                moved[c] += step;
                EXPECT_LE(e.value(e.offset, moved), point.log_likelihood + 1e-12);
            }
    }
}

TEST(ProfileLikelihood, ResidualsAreItsDerivative) {
    for (const auto kind :
         {RegressedKind::quantitative, RegressedKind::binary, RegressedKind::time_to_event}) {
        const ProfileExample e(kind);
        const auto likelihood = profile_likelihood(e.outcome, e.covariates);
        const auto point = likelihood->at(e.offset);
        for (const std::size_t i : {0U, 7U, 60U}) {
            auto up = e.offset, down = e.offset;
            up[i] += 1e-4;
            down[i] -= 1e-4;
            const double slope =
                (likelihood->at(up).log_likelihood - likelihood->at(down).log_likelihood) / 2e-4;
            EXPECT_NEAR(point.residual[i], slope, 1e-7); // error of the central difference
            EXPECT_GE(point.weight[i], 0);
        }
    }
}

TEST(ProfileLikelihood, AgreesWithItsDefinition) {
    // Cox, by hand: times 1, 2, 2, 3, events at 1 and twice at 2, predictors 0, log 2, 0, log 3.
    const RegressedOutcome cox{
        .kind = RegressedKind::time_to_event, .value = {1, 1, 1, 0}, .time = {1, 2, 2, 3}};
    const std::vector<double> eta{0, std::log(2.0), 0, std::log(3.0)};
    EXPECT_NEAR(regressed_log_likelihood(cox, eta), std::log(1.0 / 7) + std::log(2.0 / 36), 1e-12);
    EXPECT_NEAR(saturated_log_likelihood(cox), -2 * std::log(2.0), 1e-12);
    const RegressedOutcome binary{.kind = RegressedKind::binary, .value = {1, 0}};
    EXPECT_NEAR(regressed_log_likelihood(binary, std::vector<double>{0, std::log(3.0)}),
                std::log(0.5) + std::log(0.25), 1e-12);
    const RegressedOutcome linear{.value = {1, 4}};
    EXPECT_EQ(regressed_log_likelihood(linear, std::vector<double>{0, 2}), -2.5);
    EXPECT_EQ(saturated_log_likelihood(linear), 0);
}

TEST(ProfileLikelihood, WithoutCovariates) {
    for (const auto kind :
         {RegressedKind::quantitative, RegressedKind::binary, RegressedKind::time_to_event}) {
        const ProfileExample e(kind);
        const auto point =
            profile_likelihood(e.outcome, {})->at(std::vector<double>(e.outcome.rows(), 0.0));
        EXPECT_TRUE(point.converged);
        double sum = 0;
        for (const double r : point.residual)
            sum += r;
        EXPECT_NEAR(sum, 0, 1e-8);
    }
}

} // namespace
} // namespace salus
