#include "models/cox_score.hpp"

#include "base/random.hpp"
#include "kernels/transpose.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace salus {
namespace {

/// A cohort with tied times, and genotypes with few carriers.
struct CoxScoreCohort {
    explicit CoxScoreCohort(std::uint64_t seed, bool late, bool strata, std::size_t rows = 300) {
        Rng rng(seed, "cohort", 0);
        for (std::size_t i = 0; i < rows; ++i) {
            exit.push_back(static_cast<double>(2 + rng.below(40)));
            event.push_back(rng.bernoulli(0.3) ? 1 : 0);
            if (late) entry.push_back(exit.back() * rng.uniform() * 0.9);
            if (strata) stratum.push_back(static_cast<std::uint32_t>(rng.below(3)));
            x.push_back(rng.uniform() - 0.5);
            const double u = rng.uniform();
            rare.push_back(u < 0.01 ? 2.0 : u < 0.06 ? 1.0 : 0.0);
            common.push_back(static_cast<double>(rng.below(4))); // 3: missing
        }
    }
    SurvivalTimes times() const {
        return {.exit = exit, .event = event, .entry = entry, .stratum = stratum};
    }
    std::vector<double> exit, event, entry, x, rare, common;
    std::vector<std::uint32_t> stratum;
};

// Sum over event times and Efron's terms of c mean^2, risk set by risk set.
double slow_squared_means(const CoxScoreCohort& cohort, const std::vector<double>& risk,
                          const std::vector<double>& g) {
    double total = 0;
    const std::size_t n = cohort.exit.size();
    for (std::uint32_t s = 0; s < 3; ++s) {
        for (double t = 0; t < 50; t += 1) {
            double s0 = 0, s1 = 0, d0 = 0, d1 = 0, deaths = 0;
            for (std::size_t i = 0; i < n; ++i) {
                if ((cohort.stratum.empty() ? 0 : cohort.stratum[i]) != s) continue;
                if (cohort.exit[i] < t || (!cohort.entry.empty() && cohort.entry[i] >= t)) continue;
                s0 += risk[i];
                s1 += risk[i] * g[i];
                if (cohort.exit[i] != t || cohort.event[i] == 0) continue;
                d0 += risk[i];
                d1 += risk[i] * g[i];
                deaths += 1;
            }
            for (double r = 0; r < deaths; r += 1) {
                const double mean = (s1 - r / deaths * d1) / (s0 - r / deaths * d0);
                total += mean * mean;
            }
        }
    }
    return total;
}

TEST(CoxScore, SquaredMeansAgreeInAllForms) {
    for (std::uint64_t round = 0; round < 4; ++round) {
        const CoxScoreCohort cohort(round, round % 2 == 1, round >= 2);
        const RiskSets sets(cohort.times());
        const StandardColumns x(std::vector<std::vector<double>>{sets.sorted(cohort.x)});
        CoxSolver solver;
        ASSERT_TRUE(solver.fit({.risk = sets, .design = x.design(sets.rows())}).converged);
        const CoxScore score(sets, solver.state());
        std::vector<double> risk = score.state().risk;
        risk.resize(sets.rows());
        const double expected = slow_squared_means(cohort, sets.unsorted(risk), cohort.rare);
        const auto rare = sets.sorted(cohort.rare);
        std::vector<CoxScore::RowValue> carriers;
        for (std::uint32_t row = 0; row < rare.size(); ++row)
            if (rare[row] != 0) carriers.push_back({row, rare[row]});
        CoxScore::Carriers sums(score);
        EXPECT_NEAR(sums.squared_means(carriers), expected, 1e-11 * (1 + expected));
        EXPECT_NEAR(scan_values(score.scan(), rare), expected, 1e-11 * (1 + expected));
    }
}

TEST(CoxScore, CallsAndValuesGiveTheSame) {
    const CoxScoreCohort cohort(9, true, false);
    const RiskSets sets(cohort.times());
    CoxSolver solver;
    static_cast<void>(solver.fit({.risk = sets, .design = {.samples = sets.rows()}}));
    const CoxScore score(sets, solver.state());
    RiskScan scan = score.scan();
    scan.sample.assign(sets.order().begin(), sets.order().end());
    const std::size_t samples = cohort.exit.size(), bytes = (samples + 255) / 256 * 64;
    for (const std::size_t variants : {1u, 7u, 8u, 9u, 17u, 24u}) {
        std::vector<std::vector<std::uint8_t>> rows(variants, std::vector<std::uint8_t>(bytes));
        std::vector<const std::uint8_t*> pointers;
        std::vector<CountedCall> counted;
        std::vector<std::vector<double>> values(variants);
        for (std::size_t v = 0; v < variants; ++v) {
            const CountedCall how{v % 3 == 1 ? 2.0 : 0.0, 0.1 * static_cast<double>(v)};
            for (std::size_t i = 0; i < samples; ++i) {
                const auto call = static_cast<std::uint8_t>(
                    (static_cast<std::size_t>(cohort.common[i]) + v * i) % 4);
                packed_set(rows[v], i, call);
                values[v].push_back(call == 3 ? how.absent : std::fabs(call - how.from));
            }
            counted.push_back(how);
            pointers.push_back(rows[v].data());
        }
        std::vector<std::uint8_t> turned(64 * samples);
        transpose_calls(pointers, samples, turned.data(), 64);
        std::vector<double> out(variants);
        for (const Isa isa : {Isa::reference, Isa::avx2, Isa::avx512_vnni}) {
            if (!is_supported(isa)) continue;
            scan_calls(scan, turned.data(), 64, counted, out, isa);
            for (std::size_t v = 0; v < variants; ++v)
                EXPECT_EQ(out[v], scan_values(scan, sets.sorted(values[v])))
                    << variants << " " << v;
        }
    }
}

TEST(CoxScore, StatisticIsTheScoreTestOfTheWholeModel) {
    // Score and information of a second column, at the fit of the first.
    for (std::uint64_t round = 0; round < 4; ++round) {
        const CoxScoreCohort cohort(round + 20, round % 2 == 1, round >= 2);
        const RiskSets sets(cohort.times());
        const StandardColumns both(std::vector{sets.sorted(cohort.x), sets.sorted(cohort.rare)});
        CoxSolver solver;
        const DesignColumns first{.columns = std::span(both.pointers).first(1),
                                  .samples = sets.rows()};
        const CoxFit null = solver.fit({.risk = sets, .design = first});
        const CoxScore score(sets, solver.state());
        const auto residual = solver.martingale_residuals(sets);
        const std::vector<double> start{null.coefficients[0], 0};
        const CoxFit full =
            solver.fit({.risk = sets, .design = both.design(sets.rows()), .start = start});
        const auto& g = both.values[1];
        std::vector<double> product(sets.rows());
        score.state().information_product(sets, both.values[0], product);
        double u = 0, gg = -scan_values(score.scan(), g), gx = 0, xx = 0;
        for (std::size_t row = 0; row < sets.rows(); ++row) {
            u += residual[row] * g[row];
            gg += score.state().expected[row] * g[row] * g[row];
            gx += product[row] * g[row];
            xx += product[row] * both.values[0][row];
        }
        EXPECT_NEAR(u * u / (gg - gx * gx / xx), full.score_chi_square, 1e-10);
    }
}

} // namespace
} // namespace salus
