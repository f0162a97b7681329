#pragma once

#include "models/calibration.hpp"
#include "models/survival_curves.hpp"
#include "stages/risk_model/declaration.hpp"
#include "stages/risk_validation/risk_validation.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace salus::risk_validation {

/// People on whom a model is judged at one horizon.
struct Judged {
    risk_models::Kind kind = risk_models::Kind::logistic;
    bool survival = false;              // the outcome has times
    double horizon = 0;                 // NaN without
    std::vector<double> outcome;        // 0 or 1 (2 competing); or a quantity
    std::vector<double> exit, entry;    // survival; entry empty if all are 0
    std::vector<double> risk;           // predicted risk, or prediction
    std::vector<double> lp;             // linear predictor
    std::vector<double> reference_risk; // of the reference model; empty without
    std::size_t size() const noexcept { return risk.size(); }
    /// The person has the event, not a competing one, until the horizon.
    bool has_event(std::size_t person) const noexcept {
        return outcome[person] == 1 && (!survival || exit[person] <= horizon);
    }
    double events() const noexcept;
    /// The people of these places (they may repeat).
    Judged at(std::span<const std::uint32_t> rows) const;
};

/// One measure; the interval is NaN where it has none.
struct Measure {
    std::string metric;
    Interval value;
    double standard_error;
    std::string note = {};
};

struct MeasureRule {
    std::vector<double> categories;
    double prevalence = 0;
    std::size_t bootstrap_replicates = 200;
    CensoringTies ties = CensoringTies::events_first;
    std::uint64_t seed = 1;
    std::string stream; // names the random numbers
};

/// All measures that the outcome allows. Closed-form errors where there are (DeLong, influence
/// functions, sandwiches), else percentiles of a bootstrap of people. O(n log n), times replicates
/// for the bootstrapped ones.
std::vector<Measure> measure_all(const Judged& people, const MeasureRule& rule);

/// Weights of people as cases and controls at the horizon: 1 and 0, or inverse probabilities of
/// staying uncensored.
struct CaseWeights {
    std::vector<double> cases, controls;
};
CaseWeights case_weights(const Judged& people, CensoringTies ties);

} // namespace salus::risk_validation
