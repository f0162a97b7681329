#include "models/carrier_resampling.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace salus {
namespace {

using Outcome = CarrierProblem::Outcome;
using Method = ResampledTails::Method;

double total_of(std::span<const double> values) {
    return std::accumulate(values.begin(), values.end(), 0.0);
}

// `carriers` of one copy each, in turn of each element; the first `cases` have the outcome.
CarrierProblem problem(std::size_t carriers, std::size_t elements, std::size_t cases, double mean) {
    CarrierProblem p;
    p.elements = elements;
    p.score.assign(elements, 0.0);
    for (std::size_t i = 0; i < carriers; ++i) {
        const auto e = static_cast<std::uint32_t>(i % elements);
        p.mean.push_back(mean);
        p.observed.push_back(i < cases ? 1 : 0);
        p.from.push_back(i);
        p.element.push_back(e);
        p.copies.push_back(1 + 0.5 * e);
        p.score[e] += p.copies.back() * (p.observed.back() - mean);
    }
    p.from.push_back(carriers);
    return p;
}

Exceedance at_least(double observed, double (*statistic)(std::span<const double>)) {
    return [=](std::span<const double> scores, std::span<double> exceeds) {
        const double value = statistic(scores), margin = 1e-9 * std::fabs(observed);
        exceeds[0] = value > observed + margin ? 1 : value >= observed - margin ? 0.5 : 0;
    };
}

double squares_of(std::span<const double> scores) {
    return std::inner_product(scores.begin(), scores.end(), scores.begin(), 0.0);
}

double binomial(double n, double k) {
    return std::exp(std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1));
}

TEST(CarrierResampler, AllOutcomesOfOneVariantAreBinomial) {
    const CarrierProblem p = problem(8, 1, 3, 0.1);
    const auto tails = CarrierResampler(p).tails(Rng(1, "test", 1), {},
                                                 at_least(total_of(p.score), total_of), 1, {});
    double expected = 0;
    for (int k = 3; k <= 8; ++k)
        expected += (k == 3 ? 0.5 : 1) * binomial(8, k) * std::pow(0.1, k) * std::pow(0.9, 8 - k);
    EXPECT_EQ(tails.method, Method::exact);
    EXPECT_EQ(tails.draws, 256U);
    EXPECT_NEAR(tails.p[0], expected, 1e-14);
}

// With the intercept, cases are drawn without replacement: 10 carriers of 400 people with 40 cases.
// The normal distribution of the cases among the others is right to a few percent.
TEST(CarrierResampler, WithInterceptOutcomesAreHypergeometric) {
    CarrierProblem p = problem(10, 1, 4, 0.1);
    p.covariates = 1;
    p.standardised.assign(10, 1 / std::sqrt(400 * 0.1 * 0.9));
    const auto tails = CarrierResampler(p).tails(Rng(1, "test", 1), {},
                                                 at_least(total_of(p.score), total_of), 1, {});
    double expected = 0;
    for (int k = 4; k <= 10; ++k)
        expected +=
            (k == 4 ? 0.5 : 1) * binomial(40, k) * binomial(360, 10 - k) / binomial(400, 10);
    EXPECT_NEAR(tails.p[0] / expected, 1, 0.05);
}

TEST(CarrierResampler, DrawsAgreeWithAllOutcomes) {
    CarrierProblem p = problem(12, 3, 4, 0.05);
    for (std::size_t i = 0; i < 12; ++i)
        p.mean[i] *= 0.5 + 0.1 * static_cast<double>(i);
    p.covariates = 1;
    p.standardised.assign(12, 0.2);
    const CarrierResampler resampler(p);
    const auto exceeds = at_least(squares_of(p.score), squares_of);
    const auto all = resampler.tails(Rng(1, "test", 1), {}, exceeds, 1, {});
    ASSERT_EQ(all.method, Method::exact);
    const std::vector<ScoreDirection> directions{
        {{1, 0, 0}, std::sqrt(squares_of(p.score))},
        {{0, 0, 1}, std::sqrt(squares_of(p.score))},
        {{1, 1, 1}, std::sqrt(squares_of(p.score))},
    };
    for (const bool tilted : {false, true}) {
        const auto drawn = resampler.tails(
            Rng(1, "test", 1), tilted ? std::span(directions) : std::span<const ScoreDirection>(),
            exceeds, 1, {.exact_carriers = 0, .draws_max = 1 << 20, .relative_error = 0.02});
        EXPECT_EQ(drawn.method, Method::resampled);
        EXPECT_NEAR(drawn.p[0], all.p[0], 4.5 * drawn.standard_error[0]);
        EXPECT_LE(drawn.standard_error[0], (drawn.p[0] > 0.05    ? 0.06
                                            : drawn.p[0] > 0.001 ? 0.04
                                                                 : 0.02) *
                                               drawn.p[0]);
    }
}

// Far out the tilted draws still hit: 6 cases among 30 carriers with 1 % each, p about 4e-7.
TEST(CarrierResampler, TiltedDrawsReachFarTails) {
    const CarrierProblem p = problem(30, 1, 6, 0.01);
    const std::vector<ScoreDirection> directions{{{1}, total_of(p.score)}};
    const auto tails = CarrierResampler(p).tails(Rng(1, "test", 2), directions,
                                                 at_least(total_of(p.score), total_of), 1, {});
    double expected = 0;
    for (int k = 6; k <= 30; ++k)
        expected +=
            (k == 6 ? 0.5 : 1) * binomial(30, k) * std::pow(0.01, k) * std::pow(0.99, 30 - k);
    EXPECT_EQ(tails.method, Method::resampled);
    EXPECT_NEAR(tails.p[0] / expected, 1, 0.2);
    EXPECT_LT(tails.draws, 40000U);
}

TEST(CarrierResampler, CountsArePoisson) {
    CarrierProblem p = problem(20, 1, 7, 0.2);
    p.outcome = Outcome::count;
    const std::vector<ScoreDirection> directions{{{1}, total_of(p.score)}};
    for (const bool tilted : {false, true}) {
        const auto tails = CarrierResampler(p).tails(
            Rng(1, "test", 3), tilted ? std::span(directions) : std::span<const ScoreDirection>(),
            at_least(total_of(p.score), total_of), 1, {.relative_error = 0.01});
        double expected = 0; // of counts with mean 4
        for (int k = 7; k < 60; ++k)
            expected +=
                (k == 7 ? 0.5 : 1) * std::exp(-4 + k * std::log(4.0) - std::lgamma(k + 1.0));
        EXPECT_NEAR(tails.p[0], expected, 4.5 * tails.standard_error[0] + 1e-9);
    }
}

TEST(CarrierResampler, NothingIsLeftWhereTheCovariatesDetermineTheCarriers) {
    CarrierProblem p = problem(4, 1, 1, 0.25);
    p.covariates = 1;
    p.standardised.assign(4, 1 / std::sqrt(4 * 0.25 * 0.75)); // nobody else carries information
    EXPECT_EQ(CarrierResampler(p).tails(Rng(1, "test", 4), {}, at_least(0, total_of), 1, {}).method,
              Method::none);
}

TEST(CarrierResampler, SaysThatTooFewDrawsWereAllowed) {
    const CarrierProblem p = problem(30, 1, 6, 0.01);
    const auto tails =
        CarrierResampler(p).tails(Rng(1, "test", 5), {}, at_least(total_of(p.score), total_of), 1,
                                  {.first_draws = 256, .draws_max = 1024});
    EXPECT_EQ(tails.method, Method::unresolved);
    EXPECT_EQ(tails.draws, 1024U);
}

} // namespace
} // namespace salus
