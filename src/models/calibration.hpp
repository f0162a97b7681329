#pragma once

#include "models/pgs_regression.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace salus {

struct Interval {
    double estimate, lower, upper; // 95 %; NaN where not estimable
};
/// estimate -+ 1.959964 standard errors.
Interval wald_interval(double estimate, double standard_error) noexcept;
/// Of a proportion; Wilson 1927, doi:10.1080/01621459.1927.10502953.
Interval wilson_interval(double successes, double trials) noexcept;

/// How well predictions are calibrated on people who did not train them.
struct Calibration {
    Interval slope;     // of the outcome on the prediction (on its logit where binary); ideal 1
    Interval intercept; // with the slope held at 1 (calibration-in-the-large); ideal 0
};
/// \param prediction  [person], probabilities strictly between 0 and 1 where binary.
/// Cox 1958; Steyerberg 2019, doi:10.1007/978-3-030-16399-0.
Calibration calibrate(OutcomeKind kind, std::span<const double> prediction,
                      std::span<const double> outcome);

/// People in equal parts of a ranking.
struct CalibrationBin {
    std::size_t people;
    double mean_prediction;
    Interval observed; // mean outcome: Wilson where binary, else normal
};
/// Ties are cut by position; fewer people than bins give one bin per person. O(n log n).
std::vector<CalibrationBin> calibration_bins(OutcomeKind kind, std::span<const double> prediction,
                                             std::span<const double> outcome, std::size_t bins);

} // namespace salus
