#pragma once

#include "models/block_likelihood.hpp"

#include <span>
#include <vector>

namespace salus {

/// An outcome over the rows of design blocks; the design holds the intercept as a column of ones.
struct OutcomeProblem {
    std::span<const DesignBlock> design;              // [block of this rank]
    std::span<const std::vector<double>> outcome;     // [block][row]
    std::span<const std::vector<double>> weight = {}; // [block][row], 0 leaves a row out; empty: 1
    std::size_t columns = 0; // 0: as of the first block (a rank may have none)
    JoinBlocks join = join_alone;
    bool firth = false; // logistic: Jeffreys prior, + 0.5 log |information of all columns|
};

/// P(outcome = 1) = 1 / (1 + exp(-x'b)). O(N C^2 / ranks) an evaluation. Firth 1993,
/// doi:10.1093/biomet/80.1.27.
class LogisticLikelihood final : public Likelihood {
public:
    explicit LogisticLikelihood(OutcomeProblem problem);
    std::size_t columns() const override { return columns_; }
    double log_likelihood(std::span<const double> coefficients) override;
    void derivatives(std::span<double> score, std::span<double> information) override;
    /// Of the last coefficients, without the prior.
    double unpenalised() const noexcept { return plain_; }
    /// Score residuals of a column for the rows of this rank.
    std::vector<double> score_residuals(std::size_t column) const;

private:
    void information();
    double prior();

    OutcomeProblem problem_;
    std::size_t columns_;
    double plain_ = 0;
    std::vector<std::vector<double>> residual_, variance_; // [block][padded row]
    std::vector<double> information_, lower_;              // lower_: inverse of its factor
};

/// Least squares: log-likelihood -RSS / 2, to be scaled by residual_variance.
class LinearLikelihood final : public Likelihood {
public:
    explicit LinearLikelihood(OutcomeProblem problem);
    std::size_t columns() const override { return columns_; }
    double log_likelihood(std::span<const double> coefficients) override;
    void derivatives(std::span<double> score, std::span<double> information) override;
    std::vector<double> score_residuals(std::size_t column) const;

private:
    OutcomeProblem problem_;
    std::size_t columns_;
    std::vector<std::vector<double>> residual_;
};

/// Huber's sandwich: covariance x sum of squared score residuals (by cluster if given: [row of this
/// rank] numbers below `clusters`) x covariance.
std::vector<double> sandwich(std::span<const std::vector<double>> residuals,
                             std::span<const double> covariance, const JoinBlocks& join,
                             std::span<const std::size_t> block_rows);

/// A fit of standardised columns, the first of them the intercept, in the original units.
void restore_units_with_intercept(const ColumnScales& scales, std::span<double> coefficients,
                                  std::span<double> covariance);

} // namespace salus
