#include "models/calibration.hpp"

#include "base/random.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace salus {
namespace {

const std::vector<double> calibration_outcome{0, 0, 1, 0, 1, 1, 0, 1, 0, 1};
const std::vector<double> calibration_quantity{1.2, 0.4, 2.2, 3.1, 1.9, 2.8, 0.3, 2.5, 1.1, 2.0};
const std::vector<std::vector<double>> calibration_columns{
    {.1, .4, .35, .8, .7, .9, .2, .4, .5, .6}, {.3, .2, .6, .5, .55, .7, .1, .5, .45, .4}};

TEST(Regression, LogisticOfR) {
    // R 4.2.2: summary(glm(y ~ a + b, family = binomial))$coefficients
    const RegressionFit fit =
        fit_regression(OutcomeKind::binary, calibration_columns, calibration_outcome);
    ASSERT_TRUE(fit.converged);
    EXPECT_NEAR(fit.intercept, -7.34732689944812, 1e-6);
    EXPECT_NEAR(fit.coefficients[0], -2.97769880887899, 1e-6);
    EXPECT_NEAR(fit.coefficients[1], 19.7761561929291, 1e-5);
    EXPECT_NEAR(fit.intercept_standard_error, 5.17999052997591,
                1e-4); // R stops at 1e-8 of the deviance
    EXPECT_NEAR(fit.standard_errors[0], 5.67480991523336, 1e-4);
    EXPECT_NEAR(fit.standard_errors[1], 14.1946908325529, 1e-4);
}

TEST(Regression, LinearOfR) {
    // R 4.2.2: summary(lm(z ~ a + b))$coefficients
    const RegressionFit fit =
        fit_regression(OutcomeKind::quantitative, calibration_columns, calibration_quantity);
    ASSERT_TRUE(fit.converged);
    EXPECT_NEAR(fit.intercept, -0.229796766443736, 1e-10);
    EXPECT_NEAR(fit.coefficients[0], 0.722212843321861, 1e-10);
    EXPECT_NEAR(fit.coefficients[1], 3.772793974417245, 1e-10);
    EXPECT_NEAR(fit.intercept_standard_error, 0.475082693113653, 1e-10);
    EXPECT_NEAR(fit.standard_errors[0], 0.993168064493128, 1e-10);
    EXPECT_NEAR(fit.standard_errors[1], 1.381702577484393, 1e-10);
}

TEST(Regression, LeavesOutConstantAndDependentColumns) {
    std::vector<std::vector<double>> more = calibration_columns;
    more.insert(more.begin() + 1, std::vector<double>(10, 3.0));
    more.push_back(calibration_columns[0]);
    for (std::size_t i = 0; i < 10; ++i)
        more.back()[i] = 2 * calibration_columns[0][i] - calibration_columns[1][i] + 1;
    const RegressionFit fit = fit_regression(OutcomeKind::quantitative, more, calibration_quantity);
    ASSERT_TRUE(fit.converged);
    EXPECT_NEAR(fit.coefficients[0], 0.722212843321861, 1e-9);
    EXPECT_EQ(fit.coefficients[1], 0);
    EXPECT_TRUE(std::isnan(fit.standard_errors[1]));
    EXPECT_EQ(fit.coefficients[3], 0);
}

TEST(Regression, TooFewPeopleAndSeparatedClassesDoNotConverge) {
    const std::vector<std::vector<double>> one{{1, 2, 3, 4, 5, 6}};
    EXPECT_FALSE(
        fit_regression(OutcomeKind::binary, one, std::vector<double>{0, 0, 0, 1, 1, 1}).converged);
    EXPECT_FALSE(fit_regression(OutcomeKind::quantitative, std::vector<std::vector<double>>{{1, 2}},
                                std::vector<double>{1, 2})
                     .converged);
}

TEST(Regression, OutOfFoldPredictionsIgnoreTheOwnFold) {
    std::vector<double> outcome = calibration_quantity;
    const std::vector<std::uint8_t> fold{0, 1, 0, 1, 0, 1, 0, 1, 0, 1};
    const auto before =
        predict_out_of_fold(OutcomeKind::quantitative, calibration_columns, outcome, fold, 2);
    outcome[0] += 100;
    const auto after =
        predict_out_of_fold(OutcomeKind::quantitative, calibration_columns, outcome, fold, 2);
    EXPECT_EQ(before[0], after[0]);
    EXPECT_EQ(before[2], after[2]);
    EXPECT_NE(before[1], after[1]);
}

TEST(Calibration, BinaryOfR) {
    // R 4.2.2: glm(y ~ qlogis(p), binomial), glm(y ~ offset(qlogis(p)), binomial)
    const Calibration c =
        calibrate(OutcomeKind::binary, calibration_columns[1], calibration_outcome);
    const std::vector<double> p{.2, .3, .6, .5, .55, .7, .1, .5, .45, .4};
    const Calibration r = calibrate(OutcomeKind::binary, p, calibration_outcome);
    EXPECT_NEAR(r.slope.estimate, 3.770908432940562, 1e-6);
    EXPECT_NEAR((r.slope.upper - r.slope.lower) / 2 / 1.959963984540054, 2.666490993835763, 1e-4);
    EXPECT_NEAR(r.intercept.estimate, 0.324248116393824, 1e-8);
    EXPECT_NEAR((r.intercept.upper - r.intercept.estimate) / 1.959963984540054, 0.680515482663176,
                1e-6);
    EXPECT_GT(c.slope.estimate, 0);
}

TEST(Calibration, PerfectPredictionsHaveSlopeOne) {
    Rng rng(5, "calibration", 0);
    std::vector<double> p(20000), outcome(20000), value(20000);
    for (std::size_t i = 0; i < p.size(); ++i) {
        p[i] = 0.05 + 0.9 * rng.uniform();
        outcome[i] = rng.bernoulli(p[i]) ? 1 : 0;
        value[i] = p[i] + 0.3 * rng.normal();
    }
    const Calibration binary = calibrate(OutcomeKind::binary, p, outcome);
    EXPECT_LT(binary.slope.lower, 1);
    EXPECT_GT(binary.slope.upper, 1);
    EXPECT_LT(binary.intercept.lower, 0);
    EXPECT_GT(binary.intercept.upper, 0);
    const Calibration linear = calibrate(OutcomeKind::quantitative, p, value);
    EXPECT_NEAR(linear.slope.estimate, 1, 0.05);
    EXPECT_NEAR(linear.intercept.estimate, 0, 0.01);
}

TEST(Calibration, WilsonOfR) {
    // R 4.2.2: prop.test(7, 40, correct = FALSE)$conf.int
    const Interval i = wilson_interval(7, 40);
    EXPECT_NEAR(i.lower, 0.0874541374603592, 1e-12);
    EXPECT_NEAR(i.upper, 0.319499903317877, 1e-12);
    EXPECT_EQ(wilson_interval(0, 10).lower, 0);
    EXPECT_TRUE(std::isnan(wilson_interval(0, 0).estimate));
}

TEST(Calibration, BinsHoldEverybodyOnce) {
    const auto bins =
        calibration_bins(OutcomeKind::binary, calibration_columns[1], calibration_outcome, 3);
    ASSERT_EQ(bins.size(), 3u);
    EXPECT_EQ(bins[0].people + bins[1].people + bins[2].people, 10u);
    EXPECT_NEAR(bins[0].mean_prediction, 0.2, 1e-12);
    EXPECT_EQ(bins[0].observed.estimate, 0);
    EXPECT_EQ(
        calibration_bins(OutcomeKind::binary, calibration_columns[1], calibration_outcome, 100)
            .size(),
        10u);
    EXPECT_TRUE(calibration_bins(OutcomeKind::quantitative, {}, {}, 10).empty());
}

} // namespace
} // namespace salus
