#pragma once

#include "kernels/genotype_counts.hpp"
#include "kernels/risk_scan.hpp"
#include "models/cox_score.hpp"
#include "models/exact_events.hpp"
#include "models/poisson_saddlepoint.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace salus::association {

/// The null model of a time-to-event trait, and what the tests that start from it need. Rows are
/// the members of the trait's sample set in the order of the risk sets.
struct SurvivalPlan {
    explicit SurvivalPlan(const SurvivalTimes& times) : sets(times) {}

    RiskSets sets;
    std::unique_ptr<CoxScore> score;
    RiskScan scan;                           // `sample`: of the genotypes
    std::vector<std::uint32_t> row_of;       // [sample] -> row; no_row outside the set
    std::vector<std::vector<double>> design; // [covariate][row], padded, standard deviation 1
    std::vector<double> offset;              // [row], empty if there is none
    std::vector<double> coefficients;        // of the null model
    // Regression of a genotype on [1, covariates, strata but the first] with the expected events as
    // weights.
    std::size_t projected = 0;  // columns of this
    std::vector<double> rows;   // [row][projected]
    std::vector<double> factor; // [projected][projected] lower Cholesky factor of X'WX

    std::vector<LifeTable> follow_up;   // [stratum]
    std::vector<std::uint32_t> stratum; // [row]; empty: one
    std::vector<double> entry;          // [row]; empty: from the start

    // Columns of the plan: expected events / their root sum, and then C columns U with U'U = the
    // part of the information that the covariates take.
    std::size_t first_weighted = 0, square_column = 0;
    double root_weight = 0; // root of the sum of expected events
    SampleMask events, male_events;

    static constexpr std::uint32_t no_row = UINT32_MAX;
};

/// A score of a Cox model as one of Poisson counts: the column after its regression on the
/// covariates with the expected events as weights; its rows that are not 0 one by one, the others
/// as a variance. One object per thread: it keeps what its results point to.
class PoissonRegression {
public:
    /// Scaled from `information`, the variance of the Cox score, which also takes out the times of
    /// the events. `rows`: all that are not 0. O(rows x covariates).
    PoissonScore of(const SurvivalPlan& plan, std::span<const CoxScore::RowValue> rows,
                    double score, double information);

private:
    std::vector<double> projection_, slope_, mean_;
};

/// What a null model is fitted to, over the members of a sample set.
struct SurvivalInput {
    std::span<const double> event, time, entry; // entry: empty if everybody is at risk from 0
    std::span<const std::uint32_t> stratum;     // with baseline hazards of their own; empty: one
    std::span<const double> offset;             // empty: none
    std::span<const std::vector<double>> basis; // [covariate][member], orthonormal
    std::span<const std::uint32_t> members;     // samples
    std::size_t samples = 0;                    // of the genotypes
};

/// Columns of a null model over the members, which the plan multiplies genotypes with.
struct SurvivalColumns {
    std::vector<double> residual;              // martingale residuals
    std::vector<std::vector<double>> weighted; // as SurvivalPlan::first_weighted says
};

/// A fitted null model; without plan if there is none, with the reason.
struct SurvivalNull {
    std::unique_ptr<SurvivalPlan> plan;
    SurvivalColumns columns;
    std::string problem;
};
SurvivalNull fit_survival_null(const SurvivalInput& input);

} // namespace salus::association
