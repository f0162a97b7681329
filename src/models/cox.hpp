#pragma once

#include "kernels/logistic_sums.hpp"
#include "models/hazard_terms.hpp"
#include "models/risk_sets.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace salus {

/// A proportional hazards model to fit: hazard(t) exp(offset + x'b). Everything by row, in the
/// order of the risk sets.
struct CoxProblem {
    const RiskSets& risk;
    DesignColumns design;                 // padded; without intercept
    std::span<const double> start = {};   // one coefficient per column; empty: 0
    std::span<const double> offset = {};  // [row]; empty: 0
    std::span<const double> penalty = {}; // [column] - penalty b^2 / 2; empty: none
    Ties ties = Ties::efron;
};

struct CoxFit {
    std::vector<double> coefficients;
    std::vector<double> covariance;  // [column][column], inverse of the (penalised) information
    double log_likelihood = 0;       // partial, penalised if asked for
    double log_likelihood_start = 0; // at `start`
    double score_chi_square = 0;     // score test of all columns at `start`
    int iterations = 0;
    bool converged = false;
    /// The likelihood grows without end along some coefficient (all or none of its carriers have
    /// the event, say); then not converged.
    bool monotone = false;

    double variance(std::size_t column) const {
        return covariance[column * coefficients.size() + column];
    }
};

/// Hazards and risks at one set of coefficients. Rows as in the risk sets.
struct CoxState {
    std::vector<double> risk;       // weight x exp(offset + x'b), up to a common factor
    std::vector<double> expected;   // events expected of the row, times weight
    std::vector<HazardTerms> terms; // [event time], for that common factor

    /// Information of the model applied to a column: out'g is the covariance of the scores of
    /// column and g. O(N).
    void information_product(const RiskSets& sets, std::span<const double> column,
                             std::span<double> out) const;
};

/// Newton's method with step halving. Stops where the squared step in units of standard errors is
/// below 1e-20, or the likelihood is monotone: a variance beyond 1e6 times that at the start. One
/// object per thread. O(N C^2) time an iteration; 4 N doubles and 7 doubles per event time. The
/// order of all sums is fixed. Cox 1972, doi:10.1111/j.2517-6161.1972.tb00899.x; Efron 1977,
/// doi:10.1080/01621459.1977.10480613.
class CoxSolver {
public:
    /// Well-conditioned columns are the caller's business: see `standardise`.
    CoxFit fit(const CoxProblem& problem, int max_iterations = 60);

    /// At the coefficients of the last fit.
    const CoxState& state() const noexcept { return state_; }
    /// event - expected / weight of each row.
    std::vector<double> martingale_residuals(const RiskSets& sets) const;

private:
    void evaluate(const CoxProblem& problem, std::span<const double> coefficients);
    void weigh_events(const CoxProblem& problem, double shift);
    void expect(const RiskSets& sets);
    void subtract_means(const CoxProblem& problem);
    double newton_step(std::span<double> step);

    CoxState state_;
    double log_likelihood_ = 0;
    std::vector<double> eta_, residual_;          // [row], padded
    std::vector<double> cumulative_;              // [event time]
    std::vector<double> gram_, factor_, inverse_; // [column][column]
    std::vector<double> score_, sum_, deaths_;    // [column]
};

/// Columns (any scale, in the order of the rows) centred and scaled to standard deviation 1, padded
/// for CoxProblem; a constant column stays 0.
struct StandardColumns {
    explicit StandardColumns(std::span<const std::vector<double>> columns);
    std::vector<std::vector<double>> values;
    std::vector<const double*> pointers;
    std::vector<double> scale; // standard deviations
    DesignColumns design(std::size_t rows) const { return {.columns = pointers, .samples = rows}; }
    /// A fit of these columns in units of the original ones.
    void restore(CoxFit& fit) const;
};

} // namespace salus
