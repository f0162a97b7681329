#include "base/random.hpp"
#include "models/life_simulation.hpp"
#include "models/transition_model.hpp"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

namespace salus {
namespace {

constexpr double never = std::numeric_limits<double>::quiet_NaN();
const std::vector<double> edges{40, 50};
const TransitionSizes sizes{.conditions = 2, .bands = 3, .covariates = 2};

/// 600 people by simple arithmetic, which R can repeat.
std::vector<LifeBlock> people(std::size_t blocks) {
    constexpr std::size_t n = 600;
    std::vector<LifeBlock> out(blocks);
    for (auto& block : out)
        block.episode_begin.push_back(0);
    for (std::size_t i = 0; i < n; ++i) {
        LifeBlock& block = out[i * blocks / n];
        const double entry = 30 + static_cast<double>(i * 7 % 30),
                     exit = entry + 2 + static_cast<double>(i * 13 % 17);
        std::vector<double> onset{never, never};
        if (i * i % 5 == 1)
            onset[0] = entry + (static_cast<double>(i * 29 % 100) + 0.5) / 101 * (exit - entry);
        if (i % 17 == 0) onset[0] = entry - 1;
        if (i % 4 == 1)
            onset[1] = entry + (static_cast<double>(i * 53 % 97) + 0.25) / 98 * (exit - entry);
        cut_into_episodes({.entry = entry, .exit = exit, .died = i % 6 == 2, .onset = onset}, edges,
                          block.episodes);
        block.covariates.push_back(static_cast<double>(i * 37 % 101) / 50 - 1);
        block.covariates.push_back(i % 3 == 0 ? 1 : 0);
        block.episode_begin.push_back(block.episodes.size());
        ++block.people;
    }
    return out;
}

TEST(Episodes, AreCutAtEdgesOnsetsAndTheEnd) {
    const std::vector<double> onset{45, 40, 30};
    std::vector<Episode> made;
    cut_into_episodes({.entry = 35, .exit = 55, .died = true, .onset = onset}, edges, made);
    const std::vector<std::array<double, 4>> expected{// years, conditions, band, event
                                                      {5, 4, 0, 2},
                                                      {5, 6, 1, 1},
                                                      {5, 7, 1, 0},
                                                      {5, 7, 2, 4}};
    ASSERT_EQ(made.size(), expected.size());
    for (std::size_t e = 0; e < made.size(); ++e)
        EXPECT_EQ((std::array<double, 4>{made[e].years, static_cast<double>(made[e].conditions),
                                         static_cast<double>(made[e].band),
                                         static_cast<double>(made[e].event)}),
                  expected[e])
            << e;
}

TEST(Episodes, OnsetsOfOneDayAreBehindEachOtherAndNothingIsMadeWithoutTime) {
    const std::vector<double> onset{37, 37, 50};
    std::vector<Episode> made;
    cut_into_episodes({.entry = 35, .exit = 37, .died = true, .onset = onset}, edges, made);
    ASSERT_EQ(made.size(), 3u);
    EXPECT_EQ(made[0].event, 1);
    EXPECT_EQ(made[1].event, 2);
    EXPECT_EQ(made[1].years, 0);
    EXPECT_EQ(made[1].conditions, 1u);
    EXPECT_EQ(made[2].event, 4);
    EXPECT_EQ(made[2].conditions, 3u);
    cut_into_episodes({.entry = 37, .exit = 37, .died = true, .onset = onset}, edges, made);
    EXPECT_EQ(made.size(), 3u);
}

// R 4.2.2: glm(d ~ 0 + factor(band) + x1 + x2 + other condition, poisson, offset = log(years),
// epsilon 1e-14) on the same episodes. Both are Newton's method at the same optimum; R's covariance is of
// the iteration before the last.
TEST(Transitions, EqualPoissonRegressionOfR) {
    const auto blocks = people(4);
    const TransitionFit first = fit_transition({.blocks = blocks, .sizes = sizes}, 0, 20);
    ASSERT_EQ(first.state, TransitionState::fitted);
    EXPECT_EQ(first.events, 226u);
    const std::vector<double> coefficients{-3.1956066821626887, -3.0806107255552497,
                                           -2.9617421075819923, 0.0084739946700569,
                                           0.0018029507604623,  0,
                                           -0.0300734526731520},
        errors{0.1794353624877429, 0.1275035045970405, 0.1075691001131186,
               0.1172311275606517, 0.1417088383936437, 0,
               0.2093427873404686};
    for (std::size_t c = 0; c < sizes.columns(); ++c) {
        EXPECT_NEAR(first.coefficients[c], coefficients[c], 1e-9) << c;
        EXPECT_NEAR(std::sqrt(first.covariance[c * sizes.columns() + c]), errors[c], 1e-8) << c;
    }
    EXPECT_NEAR(first.log_likelihood, -913.108268349627, 1e-9);
    EXPECT_EQ(first.aliased, (std::vector<std::uint8_t>{0, 0, 0, 0, 0, 1, 0}));
}

TEST(Transitions, AreTheSameBitsForAnyCutIntoRanks) {
    const auto blocks = people(6);
    const TransitionFit whole = fit_transition({.blocks = blocks, .sizes = sizes}, 1, 20);
    // What the other ranks hold comes behind; here both halves are summed in turn by one rank.
    const auto mirrored = [&](std::size_t n, const std::function<void(std::size_t)>& body) {
        for (std::size_t i = n; i-- > 0;)
            body(i);
    };
    const TransitionFit turned =
        fit_transition({.blocks = blocks, .sizes = sizes, .each = mirrored}, 1, 20);
    EXPECT_EQ(whole.coefficients, turned.coefficients);
    EXPECT_EQ(whole.covariance, turned.covariance);
}

// Nobody with x2 = 1, and nobody with the second condition, dies: no finite estimate.
TEST(Transitions, WithoutFiniteEstimateOrEventsThereIsOneRate) {
    const auto blocks = people(3);
    const TransitionFit death = fit_transition({.blocks = blocks, .sizes = sizes}, 2, 20);
    EXPECT_EQ(death.newton, FitState::monotone);
    EXPECT_EQ(death.state, TransitionState::no_covariates);
    EXPECT_NEAR(death.coefficients[0], std::log(100.0 / 5988), 1e-12);
    EXPECT_NEAR(death.covariance[0], 0.01, 1e-15);
    const TransitionFit few = fit_transition({.blocks = blocks, .sizes = sizes}, 2, 101);
    EXPECT_EQ(few.newton, FitState::no_events);
    EXPECT_EQ(few.state, TransitionState::no_covariates);
    LifeBlock nobody;
    nobody.episode_begin = {0};
    const TransitionFit none =
        fit_transition({.blocks = std::span(&nobody, 1), .sizes = sizes}, 0, 20);
    EXPECT_EQ(none.state, TransitionState::no_events);
    EXPECT_EQ(estimated_intensities(std::span(&none, 1), sizes).band_rate[0], 0);
}

TEST(Transitions, BandsWithoutEventsShareARate) {
    auto blocks = people(1);
    for (Episode& episode : blocks[0].episodes)
        if (episode.band != 1 && episode.event == 1) episode.event = 0;
    const TransitionFit fit = fit_transition({.blocks = blocks, .sizes = sizes}, 0, 20);
    ASSERT_EQ(fit.state, TransitionState::fitted);
    EXPECT_EQ(fit.column_of_band, (std::vector<std::uint32_t>{0, 0, 0}));
    EXPECT_EQ(fit.aliased[1] + fit.aliased[2], 2);
}

/// One condition and death at constant rates, with a factor of the condition on death.
Intensities constant_rates(double onset, double death, double factor) {
    return {.sizes = {.conditions = 1, .bands = 1, .covariates = 0},
            .band_rate = {onset, death},
            .condition_factor = {1, factor},
            .effects = {}};
}

// Illness and death: P(onset by t) = a / (a + d) (1 - exp(-(a + d) t)); P(alive at t) in closed
// form. 200,000 lives: 4.5 standard errors of a proportion.
TEST(Lives, FollowTheClosedFormOfIllnessAndDeath) {
    constexpr double a = 0.08, d = 0.03, c = 3, t = 10;
    constexpr int lives = 200'000;
    const Intensities intensities = constant_rates(a, d, c);
    Rng rng(3, "test.lives", 0);
    int onsets = 0, alive = 0;
    std::vector<double> thresholds(2), happens(2);
    const std::vector<double> factors{1, 1};
    for (int i = 0; i < lives; ++i) {
        for (double& e : thresholds)
            e = rng.exponential();
        simulate_life(intensities, {}, factors, {.age = 50, .conditions = 0}, t, thresholds,
                      happens);
        onsets += happens[0] <= t ? 1 : 0;
        alive += happens[1] > t ? 1 : 0;
    }
    const double p_onset = a / (a + d) * (1 - std::exp(-(a + d) * t)),
                 p_alive = std::exp(-(a + d) * t) +
                           a / (a + d - c * d) * (std::exp(-c * d * t) - std::exp(-(a + d) * t));
    const auto near = [&](double p) { return 4.5 * std::sqrt(p * (1 - p) / lives); };
    EXPECT_NEAR(static_cast<double>(onsets) / lives, p_onset, near(p_onset));
    EXPECT_NEAR(static_cast<double>(alive) / lives, p_alive, near(p_alive));
}

TEST(Lives, PassThroughAgeBandsAndStopAtTheHorizonAndDeath) {
    const std::vector<double> band_edges{51, 53};
    const Intensities rates{.sizes = {.conditions = 1, .bands = 3, .covariates = 0},
                            .band_rate = {0.1, 0.2, 0.4, 0, 0, 0.5},
                            .condition_factor = {1, 2},
                            .effects = {}};
    const std::vector<double> factors{1, 0.5};
    std::vector<double> happens(2);
    // Onset: 0.1 in the first year, 0.2 a year in the next two, then 0.4: 0.58 is reached
    // after 3.2. Death: 0.25 a year from the third year on, 0.5 from the onset on.
    const std::vector<double> thresholds{0.58, 1.05};
    simulate_life(rates, band_edges, factors, {.age = 50, .conditions = 0}, 10, thresholds,
                  happens);
    EXPECT_NEAR(happens[0], 3.2, 1e-12);
    EXPECT_NEAR(happens[1], 5.2, 1e-12);
    simulate_life(rates, band_edges, factors, {.age = 50, .conditions = 0}, 3.1, thresholds,
                  happens);
    EXPECT_TRUE(std::isinf(happens[0]) && std::isinf(happens[1]));
    simulate_life(rates, band_edges, factors, {.age = 50, .conditions = 1}, 10, thresholds,
                  happens);
    EXPECT_TRUE(std::isinf(happens[0]));
    EXPECT_NEAR(happens[1], 3 + 1.05 / 0.5, 1e-12);
}

// Mean and variance of 4,000 draws against the estimate and its covariance: five standard errors.
TEST(Lives, DrawsOfParametersHaveMeanAndCovarianceOfTheFit) {
    const auto blocks = people(1);
    const std::vector<TransitionFit> fits{
        fit_transition({.blocks = blocks, .sizes = sizes}, 0, 20)};
    constexpr int draws = 4000;
    double sum = 0, square = 0, cross = 0, other = 0;
    for (std::uint64_t k = 0; k < draws; ++k) {
        const Intensities drawn = drawn_intensities(fits, sizes, 9, k);
        const double x = drawn.effects[0] - fits[0].coefficients[3],
                     y = std::log(drawn.band_rate[2]) - fits[0].coefficients[2];
        sum += x, square += x * x, cross += x * y, other += y * y;
    }
    const std::size_t columns = sizes.columns();
    const double xx = fits[0].covariance[3 * columns + 3], yy = fits[0].covariance[2 * columns + 2],
                 xy = fits[0].covariance[3 * columns + 2];
    EXPECT_NEAR(sum / draws, 0, 5 * std::sqrt(xx / draws));
    EXPECT_NEAR(square / draws, xx, 5 * xx * std::sqrt(2.0 / draws));
    EXPECT_NEAR(other / draws, yy, 5 * yy * std::sqrt(2.0 / draws));
    EXPECT_NEAR(cross / draws, xy, 5 * std::sqrt((xx * yy + xy * xy) / draws));
    EXPECT_EQ(drawn_intensities(fits, sizes, 9, 7).band_rate,
              drawn_intensities(fits, sizes, 9, 7).band_rate);
}

} // namespace
} // namespace salus
