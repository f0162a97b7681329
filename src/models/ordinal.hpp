#pragma once

#include "kernels/logistic_sums.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace salus {

/// The proportional odds model: P(level <= k) = 1 / (1 + exp(x'b - t_k)), so that a positive b
/// raises the odds of higher levels.
struct OrdinalProblem {
    std::span<const std::uint32_t> level; // [sample], 0 .. levels - 1, each of them present
    std::size_t levels = 0;               // at least 2
    DesignColumns design;                 // without intercept; may have no column
    std::span<const double> start = {};   // thresholds, then coefficients; empty: none are known
    std::span<const double> offset = {};  // added to x'b, padded; empty: nothing is
};

struct OrdinalFit {
    std::vector<double> coefficients; // levels - 1 thresholds ascending, then one per column
    std::vector<double> variances;    // diagonal of the inverse of the observed information
    double log_likelihood = 0;
    int iterations = 0;
    /// False if the steps did not settle (separation, for instance) or the information is singular.
    bool converged = false;
};

/// Newton's method with step halving on the log-likelihood, which is concave. Stops where the
/// squared step in units of the standard errors is below 1e-16. One object per thread; it keeps its
/// work space. O(iterations x N C (C + 2)) time, 3 N doubles of memory. All sums are in a fixed
/// order. McCullagh 1980, doi:10.1111/j.2517-6161.1980.tb01109.x.
class OrdinalSolver {
public:
    OrdinalFit fit(const OrdinalProblem& problem, int max_iterations = 60);

private:
    bool evaluate(const OrdinalProblem& problem, std::span<const double> coefficients);
    void add_sample(const OrdinalProblem& problem, std::size_t i, std::span<const double> all);
    void add_columns(const OrdinalProblem& problem);

    double log_likelihood_ = 0;
    std::vector<double> eta_, residual_, weight_, upper_, lower_; // [sample]
    std::vector<double> score_, information_;                     // [parameter], squared
    std::vector<double> gram_, products_;
};

/// The model at given coefficients, as expected over the levels of each sample.
struct OrdinalTerms {
    std::vector<double> residual; // [sample]: derivative of the log-likelihood in x'b
    std::vector<double> weight;   // its variance
    /// [threshold][sample]: minus the covariance of that derivative with the threshold's; the sum
    /// over thresholds is the weight.
    std::vector<std::vector<double>> crossed;
    /// [threshold][threshold]: expected information of the thresholds.
    std::vector<double> thresholds;
};
OrdinalTerms ordinal_terms(const OrdinalProblem& problem, std::span<const double> coefficients);

} // namespace salus
