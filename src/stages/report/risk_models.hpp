#pragma once

#include "stages/report/svg.hpp"

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
    std::uint64_t people = 0, held_out = 0, events = 0;
    double horizon = 0; // NaN without
    bool judged = false;

    struct Term {
        std::string name;
        double estimate, lower, upper; // ratio, or outcome units
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
    std::vector<std::vector<Point>> incidence; // [fifth]
    std::vector<std::string> limits;
};

/// Models of risk_model, and what risk_validation says of them (either may be null).
std::vector<RiskModel> read_risk_models(const H5File* models, const H5File* validation);

} // namespace salus::report
