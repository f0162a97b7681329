#pragma once

#include "models/calibration.hpp"
#include "models/concordance.hpp"

#include <span>
#include <vector>

namespace salus {

/// Average precision: the area below precision and recall, by steps; tied predictions are one
/// step. NaN without a case. O(n log n).
double average_precision(std::span<const double> prediction, std::span<const double> outcome);

/// What a new prediction changes for cases (1) and controls (0). Errors are unpooled, as in R's
/// Hmisc. Pencina et al. 2008, doi:10.1002/sim.2929; 2011, doi:10.1002/sim.4085.
struct Reclassification {
    double nri, nri_error; // category-free: of people who moved up less down
    double nri_cases, nri_controls;
    double category_nri, category_error; // of categories
    double category_cases, category_controls;
    double idi, idi_error;
};
/// \param cuts  ascending limits of the categories; a risk equal to a limit is above it.
Reclassification reclassify(std::span<const double> before, std::span<const double> after,
                            std::span<const double> outcome, std::span<const double> cuts);

/// A decision rule: treat at risk >= threshold. Net benefit = true positives / n - false positives
/// / n x threshold / (1 - threshold). Vickers & Elkin 2006, doi:10.1177/0272989x06295361.
struct NetBenefit {
    double threshold;
    Interval model, all; // treat none is 0
};
/// \param cases, controls  [person] weights; 1 and 0, or those of WeightedOutcome.
std::vector<NetBenefit> net_benefit(std::span<const double> risk, std::span<const double> cases,
                                    std::span<const double> controls,
                                    std::span<const double> thresholds);

/// Pseudo R2 of a binary outcome.
double nagelkerke_r2(double log_likelihood, double log_likelihood_null, double n) noexcept;
/// On the liability scale, from R2 on the observed scale: `prevalence` in the population, `cases`
/// the proportion in the sample. Lee et al. 2012, doi:10.1002/gepi.21614.
double liability_r2(double observed_r2, double prevalence, double cases) noexcept;

/// Flexible calibration: logistic regression of the outcome, weighted, on a natural spline of the
/// logit of the predicted risk (four knots).
struct CalibrationCurve {
    std::vector<double> predicted, observed, lower, upper; // at points of a grid of the risks
    double ici = 0, e50 = 0, e90 = 0; // mean, median, 90th percentile of |predicted - observed|
    bool converged = false;
};
/// Weights as in net_benefit. Austin & Steyerberg 2019, doi:10.1002/sim.8281.
CalibrationCurve calibration_curve(std::span<const double> risk, std::span<const double> cases,
                                   std::span<const double> controls, std::size_t points = 50);

} // namespace salus
