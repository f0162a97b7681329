#pragma once

#include "stages/report/svg.hpp"

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace salus {
class H5File;
}

namespace salus::report {

/// A clinical risk model as it is shown: who is in it, what it says, how it was judged. Pictures
/// are of the last horizon.
struct RiskModel {
    std::string name, kind, outcome, declaration, state, reason, time_unit, purpose;
    std::string left_out; // column: each of its levels was judged by a fit without it
    std::uint64_t people = 0, held_out = 0, events = 0, imputed = 0, imputations = 0;
    double horizon = 0; // NaN without
    bool judged = false;

    struct Term {
        std::string name;
        double estimate, lower, upper; // ratio, or outcome units
        double fraction_missing = 0;
    };
    std::vector<Term> terms;
    struct Measure {
        double horizon;
        std::string stratum, level, metric;
        double estimate, lower, upper;
        std::uint64_t people, events;
        std::string note;
    };
    std::vector<Measure> measures;
    std::vector<Point> roc, decision, decision_all;
    struct Observed {
        double predicted, observed, lower, upper;
        std::uint64_t people;
    };
    std::vector<Observed> curve, tenths;
    std::vector<double> edges; // of the histogram
    std::vector<std::uint64_t> bins, event_bins;
    struct Step {
        double time, probability, competing; // competing: NaN without
        std::uint64_t at_risk;
    };
    std::vector<std::vector<Step>> fifths_over_time; // [fifth of predicted risk]
    struct Fifth {
        std::uint64_t fifth, people, events; // events: 0 if few
        double mean_time, lower, upper;
    };
    std::vector<Fifth> fifths;
    struct Test {
        std::string test, cause; // of fifths, or a term and its cause
        double chi_square;
        std::uint64_t df;
        double neg_log10_p;
    };
    std::vector<Test> fifth_tests, proportional;
    struct Summary {
        std::string stratum, metric;
        std::uint64_t levels;
        double estimate, lower, upper, prediction_lower, prediction_upper, i_squared, q_neg_log10_p;
    };
    std::vector<Summary> summaries;
    std::vector<std::string> limits;
};

/// Whether a row at `horizon` is of the horizon that is shown.
inline bool same_horizon(const RiskModel& m, double horizon) noexcept {
    return horizon == m.horizon || (std::isnan(horizon) && std::isnan(m.horizon));
}

/// Models of risk_model, and what risk_validation says of them (either may be null).
std::vector<RiskModel> read_risk_models(const H5File* models, const H5File* validation);

} // namespace salus::report
