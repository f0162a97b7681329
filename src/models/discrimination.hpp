#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace salus {

/// Mean rank of every value, 1-based; ties share their mean. O(n log n).
std::vector<double> midranks(std::span<const double> values);

/// Areas under the ROC curve of several predictors of one binary outcome, with their covariance.
struct DeLong {
    std::vector<double> auc;        // [predictor]; NaN without a case or without a control
    std::vector<double> covariance; // [predictor][predictor]; NaN with fewer than two of either
    double variance(std::size_t a) const noexcept { return covariance[a * auc.size() + a]; }
    /// Variance of auc[a] - auc[b] on the same people.
    double difference_variance(std::size_t a, std::size_t b) const noexcept;
};

/// \param predictors  [predictor][person], finite; higher means more likely a case.
/// \param outcome     [person] 0 or 1.
/// O(predictors n log n). DeLong, DeLong & Clarke-Pearson 1988, doi:10.2307/2531595; ranks as in
/// Sun & Xu 2014, doi:10.1109/LSP.2014.2337313.
DeLong delong(std::span<const std::vector<double>> predictors, std::span<const double> outcome);

struct RocPoint {
    double threshold, false_positive_rate, true_positive_rate;
};
/// The ROC curve from (0, 0) to (1, 1), thinned to about `points` by equal steps of the false
/// positive rate; a person is called a case at predictor >= threshold. Empty without a case or a
/// control.
std::vector<RocPoint> roc_curve(std::span<const double> predictor, std::span<const double> outcome,
                                std::size_t points);

/// Pearson's correlation; 0 if one of them does not vary.
double correlation(std::span<const double> a, std::span<const double> b) noexcept;

/// Squared correlation of a prediction with the outcome; 0 if the correlation is negative.
double prediction_r2(std::span<const double> prediction, std::span<const double> outcome) noexcept;

} // namespace salus
