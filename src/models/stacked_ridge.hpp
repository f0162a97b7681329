#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace salus {

/// Rows of predictors, sample by sample, in single precision; visited in tiles, again and again.
struct PredictorRows {
    std::size_t samples = 0, columns = 0;
    /// rows: [count][columns] of samples [first, first + count). The tiles are the same on every
    /// visit, in order, and together all samples.
    using Visit = std::function<void(std::size_t first, std::span<const float> rows)>;
    std::function<void(const Visit&)> for_each_tile;
};

/// What is predicted, and how predictors are grouped.
struct StackedProblem {
    const PredictorRows& rows;
    std::span<const double> values;         // [sample] quantitative, or 0 and 1
    std::span<const double> offset;         // [sample] log odds or hazard known beforehand
    std::span<const std::size_t> fold_ends; // not for binary ones: folds are contiguous
    std::span<const double> penalties;
    std::span<const std::size_t> group; // [column]
    std::size_t groups = 0;
    std::span<const double> time = {}, entry = {}; // [sample] time to event, as SurvivalTimes
};

struct StackedFit {
    std::vector<double> score; // [penalty] quantitative: mean squared error; binary: log-likelihood
                               // of each sample by the others, summed; NaN if it did not converge;
                               // time to event: cross-validated partial log-likelihood
    double null_score = 0;     // time to event: the same of the offset alone
    std::size_t best = 0;
    bool converged = false;
    /// [group][sample] what the columns of the group contribute, by a fit without the sample (or
    /// its fold).
    std::vector<std::vector<double>> contributions;
};

/// Ridge regression, out of fold; the penalty with the least squared error. N L^2 / 2 products,
/// folds x penalties x L^3 / 6. Memory (folds + 2) x 8 L^2 + 8 N x groups.
StackedFit fit_stacked_linear(const StackedProblem& problem);

/// Ridge logistic regression: for each penalty the maximum of sum log-likelihood - penalty / 2
/// |a|^2, and each sample predicted by one Newton step that takes it out:
/// a_-i = a - H^-1 w_i (y_i - p_i) / (1 - v_i w_i' H^-1 w_i). The penalty with the largest
/// likelihood of these. About 2 penalties x N L^2 products. Mbatchou et al. 2021,
/// doi:10.1038/s41588-021-00870-7.
StackedFit fit_stacked_logistic(const StackedProblem& problem);

/// Ridge regression of a Cox model with Efron's ties, out of fold. The score of a penalty is the
/// cross-validated partial log-likelihood, sum over folds of l(a_-k) - l_-k(a_-k), where l is of
/// all samples and l_-k of those outside the fold (Verweij and van Houwelingen 1993,
/// doi:10.1002/sim.4780122407). The information that steers the steps is that of Poisson counts
/// with the expected events, which bounds the true one; about folds x (N L^2 + 20 penalties x N L)
/// products.
StackedFit fit_stacked_cox(const StackedProblem& problem);

} // namespace salus
