#pragma once

#include "models/survival_curves.hpp"

#include <span>
#include <vector>

namespace salus {

/// Concordance of a risk with times: pairs of which one has the event first while the other is
/// under observation. A tied risk counts one half; who is censored at the time of an event is the
/// later one; two events at one time are no pair. Standard error by the infinitesimal jackknife,
/// weights held fixed, as in R's survival.
struct Concordance {
    double estimate, standard_error;    // NaN without a pair
    double pairs = 0;                   // sum of their weights
    std::vector<double> influence = {}; // [person] derivative by the person's weight
};
/// \param risk   [person] higher means an earlier event
/// \param until  only events before this time begin a pair (Uno's tau); infinity: all
/// \param curve  nothing: all pairs alike (Harrell); else pairs weigh 1 / G(T-)^2 (Uno)
/// O(n log n), 70 bytes a person. Harrell et al. 1982, doi:10.1001/jama.1982.03320430047030; Uno et
/// al. 2011, doi:10.1002/sim.4154.
Concordance concordance(std::span<const double> exit, std::span<const double> event,
                        std::span<const double> risk, double until,
                        const CensoringCurve* curve = nullptr);

/// Standard error of the difference of two concordances in the same people.
double concordance_difference_error(const Concordance& a, const Concordance& b) noexcept;

/// Predicted risks of one time point, weighted for censoring by the inverse probability of staying
/// uncensored: G(T-) for who had an event until then, G(t) for who is there behind it.
struct WeightedOutcome {
    std::vector<double> with_event, without, competing; // [person] weights, 0 where not so
    double horizon = 0;
};
/// \param status 0 censored, 1 the event, 2 and above competing ones.
WeightedOutcome weigh_outcome(std::span<const double> exit, std::span<const double> status,
                              const CensoringCurve& curve, double horizon);

/// A mean over people that depends on estimated weights, with its influence function.
struct WeightedMeasure {
    double estimate, standard_error;
    std::vector<double> influence; // [person]: estimate = mean, error = their sd / sqrt(n)
};
/// Area under the curve at the horizon: cases had the event until then, controls had a competing
/// event or none. O(n log n). Blanche, Dartigues & Jacqmin-Gadda 2013, doi:10.1002/sim.5958.
WeightedMeasure weighted_auc(const WeightedOutcome& outcome, std::span<const double> exit,
                             std::span<const double> status, std::span<const double> risk,
                             const CensoringCurve& curve);
/// Mean squared difference of predicted risk and event. Graf et al. 1999,
/// doi:10.1002/(sici)1097-0258(19990915/30)18:17/18<2529::aid-sim274>3.0.co;2-5.
WeightedMeasure weighted_brier(const WeightedOutcome& outcome, std::span<const double> exit,
                               std::span<const double> status, std::span<const double> risk,
                               const CensoringCurve& curve);
/// Of the difference of two measures of the same people.
double difference_error(const WeightedMeasure& a, const WeightedMeasure& b) noexcept;

} // namespace salus
