#pragma once

#include "models/risk_sets.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace salus::hazard {

// Sums over event times (by stratum, then descending) that likelihood and residuals share.

inline bool same_stratum(std::span<const RiskSets::EventTime> events, std::size_t a,
                         std::size_t b) noexcept {
    return events[a].stratum_begin == events[b].stratum_begin;
}

/// values[k] = sum of values over the event times k, k + 1, ... of the same stratum.
inline void accumulate(const RiskSets& sets, std::span<double> values) noexcept {
    for (std::size_t k = values.size(); k-- > 1;)
        if (same_stratum(sets.events(), k, k - 1)) values[k - 1] += values[k];
}

/// Of the event times at which a row is at risk, from accumulated values.
inline double over_risk(const RiskSets& sets, std::span<const double> accumulated,
                        std::size_t row) noexcept {
    const std::uint32_t from = sets.from()[row];
    if (from == RiskSets::never) return 0;
    const std::uint32_t until = sets.until(row);
    const bool more = until < accumulated.size() && same_stratum(sets.events(), until, from);
    return accumulated[from] - (more ? accumulated[until] : 0);
}

/// out[k] = sum of weight x value over the event times before place k.
inline std::vector<double> sum_before(std::span<const double> weight,
                                      std::span<const double> value) {
    std::vector<double> out(value.size() + 1, 0.0);
    for (std::size_t k = 0; k < value.size(); ++k)
        out[k + 1] = out[k] + weight[k] * value[k];
    return out;
}

/// How many event times are behind the exit of a row (no strata).
inline std::size_t behind(const RiskSets& sets, std::size_t row) noexcept {
    const std::uint32_t from = sets.from()[row];
    return from == RiskSets::never ? sets.events().size() : from;
}

inline double weight_of(const RiskSets& sets, std::size_t row) noexcept {
    return sets.weight().empty() ? 1 : sets.weight()[row];
}

} // namespace salus::hazard
