#pragma once

#include "models/block_likelihood.hpp"
#include "models/competing_weights.hpp"
#include "models/hazard_terms.hpp"
#include "models/risk_sets.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace salus {

/// Consecutive rows of the risk sets with the event times that end in them, cut so that no event
/// time is divided; `leaving` are places in RiskSets::entries().
struct HazardBlock {
    std::uint32_t row_begin = 0, row_end = 0;
    std::uint32_t event_begin = 0, event_end = 0;
    std::uint32_t leaving_begin = 0, leaving_end = 0;
    std::size_t rows() const noexcept { return row_end - row_begin; }
    std::size_t leaving() const noexcept { return leaving_end - leaving_begin; }
    std::size_t events() const noexcept { return event_end - event_begin; }
};
/// Blocks of at least `rows` rows (the last may be shorter) by the data alone. At least one.
std::vector<HazardBlock> hazard_blocks(const RiskSets& sets, std::size_t rows = 32768);

/// The design of consecutive blocks, and of the rows that leave in them (with late entries), filled
/// column by column.
struct HazardDesign {
    HazardDesign(const RiskSets& sets, std::span<const HazardBlock> blocks, std::size_t columns);
    /// `values`: of everybody, in the order that was given to the risk sets.
    void fill(std::size_t column, std::span<const double> values);
    void standardise(const ColumnScales& scales);
    std::vector<DesignBlock> rows, leaving;

private:
    const RiskSets& sets_;
    std::span<const HazardBlock> blocks_;
};

/// Proportional hazards of an event, of a cause, or of a subdistribution; the rows of the design
/// are distributed over ranks, what has one number per row is on all of them.
struct HazardProblem {
    const RiskSets& sets;
    std::span<const HazardBlock> blocks;       // of all ranks
    std::size_t first_block = 0;               // the first of this rank
    std::span<const DesignBlock> design;       // [block of this rank]
    std::span<const DesignBlock> leaving = {}; // the rows that leave in it; with late entries
    std::span<const double> offset = {};       // [row]; empty: 0
    std::optional<CompetingWeights> competing;
    std::size_t columns = 0; // of the design; 0: as of the first block (a rank may have none)
    Ties ties = Ties::efron;
    JoinBlocks join = join_alone;
};

/// Partial likelihood. Time of one evaluation O(N C^2 / ranks + N); memory of a rank: the design,
/// 7 doubles a row and 9 an event time of all ranks. Cox 1972,
/// doi:10.1111/j.2517-6161.1972.tb00899.x; Efron 1977, doi:10.1080/01621459.1977.10480613; Fine &
/// Gray 1999, doi:10.1080/01621459.1999.10474144.
class HazardLikelihood final : public Likelihood {
public:
    explicit HazardLikelihood(HazardProblem problem);
    std::size_t columns() const override { return columns_; }
    double log_likelihood(std::span<const double> coefficients) override;
    void derivatives(std::span<double> score, std::span<double> information) override;
    /// The same where an event time counts by_event[event time] > 0 times.
    void weighted_derivatives(std::span<const double> by_event, std::span<double> score,
                              std::span<double> information);

    /// Score residuals of a column for the rows of this rank, in block order: their sum over all
    /// ranks is the score. With competing weights they hold the terms of the estimated weights if
    /// `processes` are given. O(N) for each column.
    std::vector<double> score_residuals(std::size_t column,
                                        std::span<const WeightProcess> processes = {});

    /// At the last coefficients.
    std::span<const HazardTerms> terms() const noexcept { return terms_; } // up to e^-shift
    std::span<const double> expected() const noexcept { return expected_; }
    std::span<const double> linear_predictor() const noexcept { return eta_; }
    double shift() const noexcept { return shift_; } // terms are hazards times e^shift
    const HazardProblem& problem() const noexcept { return problem_; }

private:
    /// Sums of risk x column when a block begins, of the stratum of its first event time; and of
    /// competing risk x column / (G H) over later blocks, of the stratum of its last one.
    struct Starts {
        std::vector<double> at_risk, later; // [block of this rank][column]
    };
    void weigh_events();
    void expect();
    void competing_totals();
    void sum_derivatives(std::span<const double> by_event, std::span<double> score,
                         std::span<double> information);
    Starts block_starts() const;
    /// Of the last coefficients: summed once, O(N C), however many derivatives and residuals
    /// follow.
    const Starts& starts();
    void block_information(std::size_t b, const Starts& starts, std::span<double> gram) const;
    void event_sums(std::size_t b, std::size_t column, const Starts& starts,
                    std::span<double> at_risk, std::span<double> deaths) const;

    HazardProblem problem_;
    std::size_t columns_ = 0;
    double shift_ = 0, log_likelihood_ = 0;
    std::vector<double> eta_, risk_, expected_;
    std::vector<double> cumulative_, weighted_; // [event time] sums of hazards
    std::vector<double> later_; // [event time] competing risk before it, times 1 / (G H)
    std::vector<HazardTerms> terms_;
    std::optional<Starts> starts_; // nothing where the coefficients have changed
};

/// A fit of standardised columns in units of the original ones.
void restore_units(const ColumnScales& scales, std::span<double> coefficients,
                   std::span<double> covariance);

/// Lin & Wei's sandwich, by clusters if given ([row] any numbers): covariance x sum of squared
/// cluster sums of score residuals x covariance. Time O(N C^2 / ranks) and C joins of N values with
/// clusters; memory of a rank: 8 B x its rows x C. \param processes as in score_residuals.
/// Lin & Wei 1989, doi:10.1080/01621459.1989.10478874.
std::vector<double> robust_covariance(HazardLikelihood& likelihood, const NewtonFit& fit,
                                      std::span<const std::uint32_t> cluster = {},
                                      std::span<const WeightProcess> processes = {});

/// Tests whether effects change with time: score tests of g(t) times a column, g = 1 - Kaplan &
/// Meier's curve of everybody before t. Grambsch & Therneau 1994, doi:10.1093/biomet/81.3.515, in
/// the exact form of R's survival 3. At the last coefficients, which are those of a fit; time of
/// two steps of Newton's method.
struct ProportionalHazards {
    std::vector<double> chi_square; // [column] 1 degree of freedom each; NaN where aliased
    double global = 0;              // of all columns
    unsigned global_df = 0;
};
/// \param g  [event time]
ProportionalHazards proportional_hazards(HazardLikelihood& likelihood, const NewtonFit& fit,
                                         std::span<const double> g);

/// Baseline cumulative hazard at the event times of one stratum, ascending, for a linear predictor
/// of 0. Breslow's (or, with Efron's ties, the matching) estimator.
struct BaselineHazard {
    std::uint32_t stratum_row = 0;                  // any row of the stratum
    std::vector<double> time, cumulative, variance; // variance: of the hazard alone, sum dL / S
};
std::vector<BaselineHazard> baseline_hazards(const HazardLikelihood& likelihood);

} // namespace salus
