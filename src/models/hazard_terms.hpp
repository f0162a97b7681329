#pragma once

#include "models/risk_sets.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace salus {

/// How events at one time share their risk set.
enum class Ties { efron, breslow };

/// What one event time adds, for S = sum of risk over the risk set, D = the same over its deaths:
/// with Efron's c_r = weight of the deaths / d and f_r = r / d, sums over r = 0 .. d - 1, with
/// Breslow's one term with f = 0.
struct HazardTerms {
    double hazard = 0;       // sum c / (S - f D): of everybody at risk
    double death_hazard = 0; // sum c (1 - f) / (S - f D): of those who die here
    double squares = 0, mixed = 0, death_squares = 0; // sum c {1, f, f^2} / (S - f D)^2
};

} // namespace salus

namespace salus::hazard {

// Sums over event times (by stratum, then descending) that likelihoods and residuals share.

struct EventSums {
    double risk = 0, deaths = 0; // S, D
    double count = 0, weight = 0;
};

/// Terms of one event time, and its part of the log-likelihood.
inline HazardTerms terms_of(const EventSums& sums, Ties ties, double& log_sum) noexcept {
    HazardTerms terms;
    const double count = ties == Ties::efron ? sums.count : 1;
    const double c = sums.weight / count;
    log_sum = 0;
    for (double r = 0; r < count; r += 1) {
        const double f = r / count, at_risk = sums.risk - f * sums.deaths;
        const double term = c / at_risk, square = term / at_risk;
        log_sum += c * std::log(at_risk);
        terms.hazard += term;
        terms.death_hazard += (1 - f) * term;
        terms.squares += square;
        terms.mixed += f * square;
        terms.death_squares += f * f * square;
    }
    return terms;
}

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

inline double weight_of(const RiskSets& sets, std::size_t row) noexcept {
    return sets.weight().empty() ? 1 : sets.weight()[row];
}

} // namespace salus::hazard
