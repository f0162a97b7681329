#pragma once

#include "models/risk_sets.hpp"
#include "models/survival_curves.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace salus {

/// Weights of people with a competing event: the hazard of the subdistribution. At an event time t
/// behind its exit X a row weighs G(t-) H(t-) / (G(X-) H(X-)): G of being uncensored, H of having
/// entered, both of its stratum. Fine & Gray 1999, doi:10.1080/01621459.1999.10474144; late entry:
/// Geskus 2011, doi:10.1111/j.1541-0420.2010.01420.x.
struct CompetingWeights {
    std::vector<double> inverse;  // [row] 1 / (G H) at the competing event; else, or in a stratum
                                  // without events, 0
    std::vector<double> at_event; // [event time] G H there
    std::vector<std::uint32_t> first, behind; // [row] event times first .. behind - 1 are later
};

/// Over the event times behind the exit of a row, from sums over the event times before each one.
inline double over_later(const CompetingWeights& weights, std::span<const double> sums,
                         std::size_t row) noexcept {
    return sums[weights.behind[row]] - sums[weights.first[row]];
}

/// Counting process behind estimated weights, of censoring or of entry: its part of the sandwich.
/// Times ascend within a stratum; those of a stratum stand together.
struct WeightProcess {
    static constexpr std::uint32_t none = UINT32_MAX;
    double sign = 1;                    // censoring takes weight away (1), entry adds to it (-1)
    std::vector<double> count, at_risk; // [time]
    /// [time] weights at the event times first .. behind - 1 depend on it.
    std::vector<std::uint32_t> first, behind;
    std::vector<std::uint8_t> begins;         // [time] 1: the first of its stratum
    std::vector<std::uint32_t> jump;          // [row] its own time, or none
    std::vector<std::uint32_t> weighted_from; // [row] the first that its weights depend on, or none
    std::vector<std::uint32_t> risk_begin, risk_end; // [row] times at which it is at risk
};

struct Subdistribution {
    CompetingWeights weights;
    std::vector<WeightProcess> processes; // of censoring, and of entry where there is late entry
    /// A time that nobody who was there before it stays behind, while a competing event before it
    /// is to be weighed: there are no weights.
    std::optional<double> broken;
};

/// All by row in the order of `sets`, whose events are those of cause 1 alone.
struct SubdistributionTimes {
    std::span<const double> exit, status;        // as of same_times; 0 censored, 1 event, 2 other
    std::span<const double> entry = {};          // below exit; empty: from the start
    std::span<const std::uint32_t> stratum = {}; // those of `sets`; empty: one
};
/// O(n log n); 32 bytes a row, 48 with late entry.
Subdistribution subdistribution(const RiskSets& sets, const SubdistributionTimes& times,
                                CensoringTies ties);

} // namespace salus
