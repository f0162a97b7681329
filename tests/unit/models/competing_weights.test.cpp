#include "models/competing_weights.hpp"
#include "support/reference_data.hpp"

#include "models/hazard_likelihood.hpp"
#include "support/reference.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace salus {
namespace {

using reference::survival;

/// People, their columns, and a Fine-Gray fit of them.
struct People {
    std::vector<std::vector<double>> x;
    std::vector<double> exit, status, entry;
    std::vector<std::uint32_t> stratum;

    std::vector<double> events() const {
        std::vector<double> out;
        for (const double s : status)
            out.push_back(s == 1 ? 1 : 0);
        return out;
    }
};

struct CompetingFit {
    std::vector<double> numbers;                // coefficients, errors, robust errors
    std::vector<std::vector<double>> residuals; // [column][person], weights estimated
    std::vector<double> coefficients;
};

CompetingFit fit_competing(const People& p, std::size_t block_rows, bool scale,
                           bool with_processes) {
    const auto event = p.events();
    const RiskSets sets({.exit = p.exit, .event = event, .entry = p.entry, .stratum = p.stratum});
    const auto exit = sets.sorted(p.exit), status = sets.sorted(p.status),
               entry = sets.sorted(p.entry);
    std::vector<std::uint32_t> stratum;
    for (const std::uint32_t i : sets.order())
        if (!p.stratum.empty()) stratum.push_back(p.stratum[i]);
    auto found =
        subdistribution(sets, {.exit = exit, .status = status, .entry = entry, .stratum = stratum},
                        CensoringTies::events_first);
    EXPECT_FALSE(found.broken);
    const auto blocks = hazard_blocks(sets, block_rows);
    const std::size_t columns = p.x.size();
    HazardDesign design(sets, blocks, columns);
    for (std::size_t c = 0; c < columns; ++c)
        design.fill(c, p.x[c]);
    auto scales = column_scales(design.rows, columns, sets.rows(), join_alone);
    if (!scale) {
        scales.mean.assign(columns, 0.0);
        scales.deviation.assign(columns, 1.0);
    }
    design.standardise(scales);
    HazardLikelihood likelihood({.sets = sets,
                                 .blocks = blocks,
                                 .design = design.rows,
                                 .leaving = design.leaving,
                                 .competing = std::move(found.weights),
                                 .ties = Ties::breslow});
    const auto newton = fit_newton(likelihood);
    EXPECT_EQ(newton.state, FitState::converged);
    CompetingFit out{
        .numbers = newton.coefficients, .residuals = {}, .coefficients = newton.coefficients};
    for (std::size_t c = 0; c < columns; ++c)
        out.residuals.push_back(sets.unsorted(likelihood.score_residuals(c, found.processes)));
    auto covariance = newton.covariance;
    auto robust = robust_covariance(likelihood, newton, {},
                                    with_processes ? std::span<const WeightProcess>(found.processes)
                                                   : std::span<const WeightProcess>{});
    auto copy = newton.coefficients;
    restore_units(scales, copy, robust);
    restore_units(scales, out.numbers, covariance);
    for (const auto* matrix : {&covariance, &robust})
        for (std::size_t c = 0; c < columns; ++c)
            out.numbers.push_back(std::sqrt((*matrix)[c * (columns + 1)]));
    return out;
}

TEST(CompetingWeights, LateEntryAndStrataAgreeWithR) {
    if (!std::filesystem::exists(survival)) GTEST_SKIP() << "no reference data";
    // R 4.2, survival 3.5-3: d <- mgus2 with mspike and hgb; d$late <- floor(etime * ((1:n * 7) %%
    // 10) / 20); finegray(Surv(late, etime, state) ~ . + strata(male), d, id, etype = "pcm"), then
    // coxph(Surv(fgstart, fgstop, fgstatus) ~ age + mspike + hgb + strata(male), weights = fgwt,
    // cluster = id, ties = "breslow"), converged to 1e-14; without Surv's first argument, or
    // strata.
    const std::vector<double> late{-0.0314210776693839, 1.0401513055945715, 0.1021215879772152,
                                   0.0072700145775889,  0.1586115436301666, 0.0417268014023626,
                                   0.0062817974466905,  0.1670349934363823, 0.0424292414102198},
        late_strata{-0.0310389264149499, 1.0031219864059941, 0.1383032363800844,
                    0.0072944189871173,  0.1592168035011758, 0.0451217126521839,
                    0.0062949386115508,  0.1697004704913143, 0.0465457810880450},
        strata{-0.0179447046208457, 0.9187048943349093, -0.0145348981886175,
               0.0072571337375745,  0.1575227370820070, 0.0492806885171488,
               0.0059587317883664,  0.1550518666058952, 0.0476992533329736};
    const auto data = reference::read_csv(survival / "mgus2.csv");
    for (const bool enter : {false, true})
        for (const bool divide : {false, true}) {
            if (!enter && !divide) continue; // hazard_likelihood.test.cpp
            People p{.x = std::vector<std::vector<double>>(3)};
            for (std::size_t i = 0, n = 0; i < data.at("age").size(); ++i) {
                if (std::isnan(data.at("mspike")[i]) || std::isnan(data.at("hgb")[i])) continue;
                ++n;
                std::size_t c = 0;
                for (const char* name : {"age", "mspike", "hgb"})
                    p.x[c++].push_back(data.at(name)[i]);
                p.exit.push_back(data.at("etime")[i]);
                p.status.push_back(data.at("ev")[i]);
                if (enter)
                    p.entry.push_back(
                        std::floor(p.exit.back() * static_cast<double>(n * 7 % 10) / 20));
                if (divide) p.stratum.push_back(static_cast<std::uint32_t>(data.at("male")[i]));
            }
            const auto& expected = enter ? divide ? late_strata : late : strata;
            for (const std::size_t rows : {32768U, 40U}) {
                const auto got = fit_competing(p, rows, true, false).numbers;
                for (std::size_t k = 0; k < expected.size(); ++k) // 1e-8: digits of R's weights
                    EXPECT_NEAR(got[k], expected[k], 1e-8 * (1e-2 + std::fabs(expected[k])))
                        << enter << divide << " " << k;
            }
        }
}

/// The score of one column in the plainest way, as a function of the weights of people. Weights of
/// competing events are the product limits of all people times the change of the Nelson-Aalen
/// increments, which is what the sandwich takes for their influence.
double slow_score(const People& p, const std::vector<double>& b, std::size_t column,
                  const std::vector<double>& person) {
    const std::size_t n = p.exit.size();
    const auto same = [&](std::size_t i, std::size_t j) {
        return p.stratum.empty() || p.stratum[i] == p.stratum[j];
    };
    const auto enters = [&](std::size_t i) { return p.entry.empty() ? 0 : p.entry[i]; };
    // Log weight of j at t: over the times of its stratum in [exit of j, t).
    const auto log_weight = [&](std::size_t j, double t) {
        double sum = 0;
        std::vector<double> times;
        for (std::size_t i = 0; i < n; ++i)
            if (same(i, j)) times.push_back(p.exit[i]), times.push_back(enters(i));
        std::sort(times.begin(), times.end());
        times.erase(std::unique(times.begin(), times.end()), times.end());
        for (const double u : times) {
            if (u < p.exit[j] || u >= t) continue;
            double c = 0, y = 0, c0 = 0, y0 = 0, e = 0, r = 0, e0 = 0, r0 = 0;
            for (std::size_t i = 0; i < n; ++i) {
                if (!same(i, j)) continue;
                const bool event_here = p.exit[i] == u && p.status[i] > 0;
                if (enters(i) < u && p.exit[i] >= u && !event_here) y += person[i], y0 += 1;
                if (p.exit[i] == u && p.status[i] == 0) c += person[i], c0 += 1;
                if (p.entry.empty()) continue;
                if (enters(i) <= u && p.exit[i] > u) r += person[i], r0 += 1;
                if (enters(i) == u) e += person[i], e0 += 1;
            }
            if (c0 > 0) sum += std::log1p(-c0 / y0) - (c / y - c0 / y0);
            if (e0 > 0) sum += -std::log1p(-e0 / r0) + (e / r - e0 / r0);
        }
        return sum;
    };
    double score = 0;
    for (std::size_t d = 0; d < n; ++d) {
        if (p.status[d] != 1) continue;
        double s0 = 0, s1 = 0;
        const double t = p.exit[d];
        for (std::size_t j = 0; j < n; ++j) {
            if (!same(j, d)) continue;
            double w = enters(j) < t && p.exit[j] >= t ? 1 : 0;
            if (p.status[j] == 2 && p.exit[j] < t) w = std::exp(log_weight(j, t));
            double eta = 0;
            for (std::size_t c = 0; c < b.size(); ++c)
                eta += b[c] * p.x[c][j];
            w *= person[j] * std::exp(eta);
            s0 += w, s1 += w * p.x[column][j];
        }
        score += person[d] * (p.x[column][d] - s1 / s0);
    }
    return score;
}

TEST(CompetingWeights, ResidualsAreDerivativesByPeople) {
    for (const bool enter : {false, true})
        for (const bool divide : {false, true}) {
            People p{.x = std::vector<std::vector<double>>(2)};
            for (std::size_t i = 0; i < 48; ++i) {
                const auto at = static_cast<double>(i);
                p.x[0].push_back(std::sin(at)), p.x[1].push_back(std::cos(3 * at));
                p.exit.push_back(static_cast<double>((i * 37) % 23 + 4));
                p.status.push_back(static_cast<double>((i * 5 + i / 7) % 3));
                // Somebody is there from the start on, and nobody in the last days comes new.
                if (enter) p.entry.push_back(i % 3 == 0 ? 0 : static_cast<double>((i * 11) % 4));
                if (divide) p.stratum.push_back(i % 2 == 0 ? 0 : 2);
            }
            if (divide) { // a stratum without an event of interest
                for (std::size_t i = 0; i < 6; ++i)
                    if (p.status[i] != 1) p.stratum[i] = 1;
            }
            for (const std::size_t rows : {32768U, 5U}) {
                const CompetingFit found = fit_competing(p, rows, false, true);
                for (std::size_t c = 0; c < 2; ++c) {
                    double sum = 0;
                    for (std::size_t i = 0; i < p.exit.size(); ++i) {
                        constexpr double h = 1e-5;
                        std::vector<double> up(p.exit.size(), 1.0), down = up;
                        up[i] += h, down[i] -= h;
                        const double expected = (slow_score(p, found.coefficients, c, up) -
                                                 slow_score(p, found.coefficients, c, down)) /
                                                (2 * h);
                        EXPECT_NEAR(found.residuals[c][i], expected, 2e-8)
                            << enter << divide << " " << c << " " << i;
                        sum += found.residuals[c][i];
                    }
                    EXPECT_NEAR(sum, 0, 1e-9);
                }
            }
        }
}

TEST(CompetingWeights, AGapInObservationHasNoWeights) {
    // Everybody there leaves at 3; others enter at 3. The competing event at 2 cannot be carried
    // on.
    const std::vector<double> exit{2, 3, 3, 5, 6}, status{2, 0, 0, 1, 0}, entry{0, 0, 1, 3, 3},
        event{0, 0, 0, 1, 0};
    const RiskSets sets({.exit = exit, .event = event, .entry = entry});
    const auto found = subdistribution(
        sets,
        {.exit = sets.sorted(exit), .status = sets.sorted(status), .entry = sets.sorted(entry)},
        CensoringTies::events_first);
    ASSERT_TRUE(found.broken);
    EXPECT_EQ(*found.broken, 3);
}

} // namespace
} // namespace salus
