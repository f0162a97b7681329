#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace salus {

enum class OutcomeKind : std::uint8_t { quantitative, binary };

/// Linear or logistic regression of an outcome on an intercept and columns.
struct RegressionFit {
    double intercept = 0;
    std::vector<double> coefficients;    // [column]; 0 for columns that were left out
    std::vector<double> standard_errors; // [column]; NaN for columns that were left out
    double intercept_standard_error = 0;
    bool converged = false;
};

/// Least squares, or maximum likelihood of a logistic model. Columns that are constant, or linear
/// combinations of earlier ones, are left out (a group indicator within its group, for instance).
/// \param columns  [column][person], finite.   \param outcome  [person], 0 or 1 where binary.
/// O(n C^2) per iteration. Not converged with fewer people than coefficients or with separated
/// classes.
RegressionFit fit_regression(OutcomeKind kind, std::span<const std::vector<double>> columns,
                             std::span<const double> outcome);

/// Intercept + columns x coefficients, [person]; probabilities where binary.
std::vector<double> predict(OutcomeKind kind, const RegressionFit& fit,
                            std::span<const std::vector<double>> columns);

/// Predictions of everybody by a fit to the people of all other folds. `fold`: [person], below
/// `folds`. Empty if a fit did not converge.
std::vector<double> predict_out_of_fold(OutcomeKind kind,
                                        std::span<const std::vector<double>> columns,
                                        std::span<const double> outcome,
                                        std::span<const std::uint8_t> fold, std::size_t folds);

} // namespace salus
