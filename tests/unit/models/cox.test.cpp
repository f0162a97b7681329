#include "models/cox.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace salus {
namespace {

// R 4.2.2, survival 3.5-3: i <- 0:59; x <- sin(i); z <- cos(3*i); g <- c(0,1,2,0,1,0,0)[i %% 7 + 1]
// time <- (i*7) %% 11 + 1 + (i %% 3 == 0); event <- as.numeric((i*5) %% 13 < 6)
// entry <- time*((i*3) %% 5)/10; o <- cos(i)/3
struct CoxExample {
    explicit CoxExample(std::size_t modulus = 13, std::size_t below = 6) : x(3) {
        for (std::size_t i = 0; i < 60; ++i) {
            const double copies[] = {0, 1, 2, 0, 1, 0, 0}, at = static_cast<double>(i);
            x[0].push_back(std::sin(at));
            x[1].push_back(std::cos(3 * at));
            x[2].push_back(copies[i % 7]);
            exit.push_back(static_cast<double>((i * 7) % 11 + 1 + (i % 3 == 0 ? 1 : 0)));
            event.push_back((i * 5) % modulus < below ? 1 : 0);
            entry.push_back(exit.back() * static_cast<double>((i * 3) % 5) / 10);
            offset.push_back(std::cos(at) / 3);
        }
    }
    std::vector<std::vector<double>> x;
    std::vector<double> exit, event, entry, offset;
};

/// A fit with everything that it needs kept alive.
struct Fitted {
    Fitted(const SurvivalTimes& times, const std::vector<std::vector<double>>& x,
           std::span<const double> given_offset = {}, Ties ties = Ties::efron,
           std::vector<double> penalties = {})
        : risk(times), columns(sorted(x)), offset(risk.sorted(given_offset)),
          penalty(std::move(penalties)), problem{.risk = risk,
                                                 .design = columns.design(risk.rows()),
                                                 .offset = offset,
                                                 .penalty = penalty,
                                                 .ties = ties},
          fit(solver.fit(problem)) {}
    std::vector<std::vector<double>> sorted(const std::vector<std::vector<double>>& x) const {
        std::vector<std::vector<double>> out;
        for (const auto& column : x)
            out.push_back(risk.sorted(column));
        return out;
    }
    RiskSets risk;
    StandardColumns columns;
    std::vector<double> offset, penalty;
    CoxProblem problem;
    CoxSolver solver;
    CoxFit fit;
};

void expect_fit(Fitted& f, std::span<const double> coef, std::span<const double> se,
                std::span<const double> likelihoods) {
    f.columns.restore(f.fit);
    EXPECT_TRUE(f.fit.converged);
    for (std::size_t c = 0; c < coef.size(); ++c) {
        EXPECT_NEAR(f.fit.coefficients[c], coef[c], 1e-10);
        if (!se.empty()) {
            EXPECT_NEAR(std::sqrt(f.fit.variance(c)), se[c], 1e-10);
        }
    }
    EXPECT_NEAR(f.fit.log_likelihood_start, likelihoods[0], 1e-10);
    EXPECT_NEAR(f.fit.log_likelihood, likelihoods[1], 1e-10);
}

TEST(Cox, EfronWithLateEntryAgreesWithR) {
    // coxph(Surv(entry,time,event) ~ x+z+g+offset(o), control = coxph.control(eps = 1e-14))
    const CoxExample e;
    Fitted f({.exit = e.exit, .event = e.event, .entry = e.entry}, e.x, e.offset);
    EXPECT_NEAR(f.fit.score_chi_square, 2.910949804155528, 1e-9);
    expect_fit(f, std::vector{0.5071085864692760, 0.1830040224784668, -0.2219914721555633},
               std::vector{0.3239254756793363, 0.3071698434822877, 0.2913711261859876},
               std::vector{-83.71602194069145, -82.19959419865982});
}

TEST(Cox, BreslowAgreesWithR) {
    // coxph(Surv(time,event) ~ x+z+g+offset(o), ties = "breslow", ...); residuals(f)[1:3]
    const CoxExample e;
    Fitted f({.exit = e.exit, .event = e.event}, e.x, e.offset, Ties::breslow);
    const auto residuals = f.risk.unsorted(f.solver.martingale_residuals(f.risk));
    const double expected[] = {0.8125985401679229, 0.4800806464952789, -0.1857608299218267};
    for (std::size_t i = 0; i < 3; ++i)
        EXPECT_NEAR(residuals[i], expected[i], 1e-9);
    expect_fit(f, std::vector{0.5048029575354541, 0.2664504073328405, -0.2385464710687131},
               std::vector{0.3286436929181780, 0.3119624046063318, 0.2849104344505182},
               std::vector{-89.12769289961582, -87.63994818319301});
}

TEST(Cox, RidgeAgreesWithR) {
    // coxph(Surv(time,event) ~ ridge(x,z,g,theta=3,scale=FALSE)); its likelihoods are not penalised
    const CoxExample e;
    StandardColumns scales(e.x);
    std::vector<double> penalty; // of scaled coefficients
    for (const double s : scales.scale)
        penalty.push_back(3 / (s * s));
    Fitted f({.exit = e.exit, .event = e.event}, e.x, {}, Ties::efron, penalty);
    const double coef[] = {0.4071048547691384, 0.2135561669078271, -0.1735183294017196};
    double taken = 0;
    f.columns.restore(f.fit);
    for (std::size_t c = 0; c < 3; ++c) {
        EXPECT_NEAR(f.fit.coefficients[c], coef[c], 1e-8);
        taken += 1.5 * coef[c] * coef[c];
    }
    EXPECT_NEAR(f.fit.log_likelihood + taken, -85.26048682021768, 1e-8);
}

TEST(Cox, MonotoneLikelihoodIsNoticed) {
    // Here no carrier has the event; R warns "Ran out of iterations" at a coefficient of -28.
    const CoxExample e(7, 3);
    const Fitted f({.exit = e.exit, .event = e.event, .entry = e.entry}, e.x, e.offset);
    EXPECT_FALSE(f.fit.converged);
    EXPECT_TRUE(f.fit.monotone);
}

TEST(Cox, NothingToFit) {
    const CoxExample e;
    const std::vector<double> nobody(60, 0.0);
    const Fitted no_event({.exit = e.exit, .event = nobody}, e.x);
    EXPECT_FALSE(no_event.fit.converged);
    EXPECT_FALSE(no_event.fit.monotone);
    const Fitted no_row(SurvivalTimes{}, {});
    EXPECT_FALSE(no_row.fit.converged);
    // Without covariates: the Nelson-Aalen estimate, to which residuals sum to 0.
    const Fitted no_column({.exit = e.exit, .event = e.event}, {});
    EXPECT_TRUE(no_column.fit.converged);
    double sum = 0;
    for (const double r : no_column.solver.martingale_residuals(no_column.risk))
        sum += r;
    EXPECT_NEAR(sum, 0, 1e-12);
}

TEST(Cox, CollinearColumnsDoNotConverge) {
    CoxExample e;
    e.x.push_back(e.x[0]);
    const Fitted f({.exit = e.exit, .event = e.event}, e.x);
    EXPECT_FALSE(f.fit.converged);
}

TEST(Cox, StrataAreFittedApart) {
    // Two copies in two strata, one with later times: the same estimate, half the variance.
    const CoxExample e;
    std::vector<std::vector<double>> x = e.x;
    std::vector<double> exit = e.exit, event = e.event;
    std::vector<std::uint32_t> stratum(60, 7);
    for (std::size_t i = 0; i < 60; ++i) {
        exit.push_back(e.exit[i] + 100);
        event.push_back(e.event[i]);
        stratum.push_back(3);
        for (std::size_t c = 0; c < 3; ++c)
            x[c].push_back(e.x[c][i]);
    }
    const Fitted one({.exit = e.exit, .event = e.event}, e.x);
    const Fitted two({.exit = exit, .event = event, .stratum = stratum}, x);
    for (std::size_t c = 0; c < 3; ++c) {
        EXPECT_NEAR(one.fit.coefficients[c], two.fit.coefficients[c], 1e-10);
        EXPECT_NEAR(one.fit.variance(c), 2 * two.fit.variance(c), 1e-10);
    }
}

TEST(Cox, WeightTwoIsTwoRowsWithoutTies) {
    const CoxExample e;
    std::vector<double> twice(60, 2.0);
    const Fitted one({.exit = e.exit, .event = e.event}, e.x, {}, Ties::breslow);
    const Fitted two({.exit = e.exit, .event = e.event, .weight = twice}, e.x, {}, Ties::breslow);
    for (std::size_t c = 0; c < 3; ++c) {
        EXPECT_NEAR(one.fit.coefficients[c], two.fit.coefficients[c], 1e-10);
        EXPECT_NEAR(one.fit.variance(c), 2 * two.fit.variance(c), 1e-10);
    }
}

TEST(RiskSets, NearlyEqualTimesAreOne) {
    const std::vector<double> exit{1, 1 + 1e-9, 2, 3}, event{1, 1, 0, 1};
    const RiskSets sets({.exit = exit, .event = event});
    ASSERT_EQ(sets.events().size(), 2u);
    EXPECT_EQ(sets.events()[0].deaths, 1);
    EXPECT_EQ(sets.events()[1].deaths, 2);
    EXPECT_EQ(sets.events()[1].end, 4u);
}

TEST(RiskSets, WhoEntersAtAnEventIsNotAtRisk) {
    const std::vector<double> exit{5, 9, 9}, event{1, 0, 1}, entry{0, 5, 2};
    const RiskSets sets({.exit = exit, .event = event, .entry = entry});
    std::vector<double> at_risk;
    double count = 0;
    sets.sweep([&] { count = 0; }, [&](auto) { ++count; }, [&](auto) { --count; },
               [&](auto) { at_risk.push_back(count); });
    EXPECT_EQ(at_risk, (std::vector<double>{2, 2})); // at 9: rows 2 and 3; at 5: rows 1 and 3
}

} // namespace
} // namespace salus
