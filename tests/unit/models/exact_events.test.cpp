#include "models/exact_events.hpp"

#include "base/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace salus {
namespace {

double p_of_carriers(const std::vector<EventCarrier>& carriers) {
    const ExactEventsTest test = ExactEvents().test(carriers);
    EXPECT_TRUE(test.usable);
    return std::pow(10.0, -test.neg_log10_p);
}

// Everybody is seen to the end, and hardly anybody has the event: the count is binomial.
TEST(ExactEvents, RareEventsAreBinomial) {
    const LifeTable seen{{{.begin = 0, .hazard = 0.006, .censored = 0},
                          {.begin = 1, .hazard = 0.004, .censored = 1}}};
    std::vector<EventCarrier> carriers(
        6, {.follow_up = &seen, .risk = 2, .entry = 0, .copies = 1, .residual = -0.02});
    const double q = std::exp(-0.02);
    double beyond = 1 - std::pow(q, 6);
    for (std::size_t events = 1; events <= 4; ++events) {
        carriers[events - 1].residual = 0.99;
        EXPECT_NEAR(p_of_carriers(carriers), beyond, 1e-12) << events;
        double choose = 1;
        for (std::size_t k = 0; k < events; ++k)
            choose *= static_cast<double>(6 - k) / static_cast<double>(k + 1);
        beyond -= choose * std::pow(1 - q, events) * std::pow(q, 6 - events);
    }
}

TEST(ExactEvents, EntryAndCopiesCount) {
    const LifeTable seen{
        {{.begin = 0, .hazard = 0.05, .censored = 0}, {.begin = 5, .hazard = 0.01, .censored = 1}}};
    const double late =
        p_of_carriers({{.follow_up = &seen, .entry = 5, .copies = 1, .residual = 0.99}});
    EXPECT_NEAR(late, -std::expm1(-0.01), 1e-12);
    const double early =
        p_of_carriers({{.follow_up = &seen, .entry = 0, .copies = 1, .residual = 0.99}});
    EXPECT_GT(early, 4 * late);
    // Two copies of one person are not two people.
    const double two =
        p_of_carriers({{.follow_up = &seen, .entry = 5, .copies = 2, .residual = 0.99}});
    EXPECT_NEAR(two, late, 1e-12);
}

TEST(ExactEvents, CensoringIsThatOfKaplanAndMeier) {
    // Times 1 to 4: event, censored, event, censored.
    const LifeTable of =
        LifeTable::of({{.time = 3, .entry = -HUGE_VAL, .event = true, .hazard = 0.5},
                       {.time = 1, .entry = -HUGE_VAL, .event = true, .hazard = 0.25},
                       {.time = 4, .entry = -HUGE_VAL, .event = false, .hazard = 0},
                       {.time = 2, .entry = -HUGE_VAL, .event = false, .hazard = 0}});
    ASSERT_EQ(of.intervals.size(), 4U);
    EXPECT_EQ(of.intervals[0].hazard, 0.25);
    EXPECT_EQ(of.intervals[0].censored, 0);
    EXPECT_NEAR(of.intervals[1].censored, 1.0 / 3, 1e-15);
    EXPECT_EQ(of.intervals[2].hazard, 0.5);
    EXPECT_EQ(of.intervals[3].censored, 1);
    EXPECT_EQ(of.intervals[3].begin, 3);
}

// Carriers drawn from the very people whose follow-up it is: a level is not exceeded, whatever the
// share of events, while the score against its information exceeds it many times.
TEST(ExactEvents, NullDrawsDoNotExceedTheLevel) {
    constexpr std::size_t people = 2000, draws = 20000;
    for (const double rate : {0.7, 0.1, 0.02}) {
        Rng rng(9, "exact_events", static_cast<std::uint64_t>(1000 * rate));
        std::vector<LifeTable::Exit> exits;
        for (std::size_t i = 0; i < people; ++i) {
            const double time = rng.exponential() / rate, end = 0.5 + rng.uniform();
            exits.push_back({.time = std::min(time, end),
                             .entry = -HUGE_VAL,
                             .event = time <= end,
                             .hazard = 0});
        }
        std::sort(exits.begin(), exits.end(),
                  [](const auto& a, const auto& b) { return a.time < b.time; });
        std::vector<double> residual(people);
        double lived = 0;
        for (std::size_t i = 0; i < people; ++i) { // Breslow
            if (exits[i].event) exits[i].hazard = 1 / static_cast<double>(people - i);
            lived += exits[i].hazard;
            residual[i] = (exits[i].event ? 1 : 0) - lived;
        }
        const LifeTable follow_up = LifeTable::of(exits);
        ExactEvents exact;
        std::size_t rejected = 0;
        for (std::size_t d = 0; d < draws; ++d) {
            std::vector<EventCarrier> carriers;
            for (std::size_t k = 0; k < 5; ++k)
                carriers.push_back({.follow_up = &follow_up,
                                    .entry = -HUGE_VAL,
                                    .copies = 1,
                                    .residual = residual[rng.below(people)]});
            rejected += exact.test(carriers).neg_log10_p >= 2 ? 1U : 0U;
        }
        EXPECT_LT(rejected, 200 + 3 * 14) << rate; // 0.01, three standard deviations
    }
}

TEST(ExactEvents, NobodyIsNoTest) { EXPECT_FALSE(ExactEvents().test({}).usable); }

} // namespace
} // namespace salus
