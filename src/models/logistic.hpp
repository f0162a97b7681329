#pragma once

#include "kernels/logistic_sums.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace salus {

/// A logistic regression to fit: P(outcome = 1) = 1 / (1 + exp(-x'b)).
struct LogisticProblem {
    DesignColumns design;            // include the intercept as a column of ones
    std::span<const double> outcome; // 0 or 1, padded with 0 like the columns
    std::span<const double> start;   // one coefficient per column
    std::size_t free = 0; // the first `free` coefficients are fitted, the rest stay at `start`
    std::span<const double> offset = {}; // added to x'b, padded; empty: nothing is
};

enum class Penalty {
    none,  // maximum likelihood
    firth, // Jeffreys prior: + 0.5 log |information of all columns|
};

struct LogisticFit {
    std::vector<double> coefficients;
    std::vector<double>
        variances; // diagonal of the inverse information of all columns, at the solution
    double last_covariance = 0; // of the last two coefficients, if there are two
    double log_likelihood = 0;  // penalised if a penalty was asked for
    int iterations = 0;
    /// False if the steps did not settle (complete separation, for instance) or the information is
    /// singular.
    bool converged = false;
};

/// Newton's method with step halving. Stops where the squared step, in units of the standard
/// errors, is below 1e-16: coefficients are then within 1e-8 standard errors. One object per
/// thread; it keeps its work space. O(iterations x N C^2) time, 4 N doubles of memory. The order of
/// all sums is fixed, so equal input gives equal bits. Firth 1993, doi:10.1093/biomet/80.1.27;
/// Heinze & Schemper 2002, doi:10.1002/sim.1047.
class LogisticSolver {
public:
    LogisticFit fit(const LogisticProblem& problem, Penalty penalty = Penalty::none,
                    int max_iterations = 60);

private:
    bool evaluate(const LogisticProblem& problem, Penalty penalty,
                  std::span<const double> coefficients);
    bool factorise_penalised(const DesignColumns& design, double& log_determinant);
    double newton_step(const LogisticProblem& problem, std::span<double> step);

    double log_likelihood_ = 0;
    std::vector<double> eta_, residual_, weight_, leverage_; // [sample]
    std::vector<double> gram_, factor_, inverse_;            // [column][column]
    std::vector<double> score_;                              // [column]
};

/// Score test of one variant given the null model: `score` = g'(y - mu) and its variance, both with
/// the covariates projected out. beta and standard_error are the one-step estimates score /
/// variance and variance^-1/2, so that (beta / standard_error)^2 is the test statistic. `variance`
/// > 0.
struct ScoreTest {
    double beta = 0, standard_error = 0, neg_log10_p = 0;
};
ScoreTest score_test(double score, double variance) noexcept;

/// Wald test of a coefficient.
double wald_neg_log10_p(double beta, double standard_error) noexcept;

} // namespace salus
