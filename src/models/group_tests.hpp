#pragma once

#include "models/survival_curves.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace salus {

/// A test that groups are alike.
struct GroupTest {
    double chi_square = 0;
    unsigned degrees_of_freedom = 0;        // 0: fewer than two groups can be told apart
    double neg_log10_p = 0;                 // NaN then
    std::vector<double> observed, expected; // [group] log-rank only: events
};

/// That hazards of the event (status 1; all else ends observation) are the same. Late entry is
/// allowed for. \param group  [person] below `groups`. O(n log n + times x groups^2).
/// Mantel 1966; Peto & Peto 1972, doi:10.2307/2344317.
GroupTest log_rank_test(const CurveTimes& times, std::span<const std::uint32_t> group,
                        std::uint32_t groups);

/// That the cumulative incidence of the event (status 1, 2 competes) is the same, without late
/// entry. Gray 1988, doi:10.1214/aos/1176350951 (rho = 0), tied times as cmprsk has them.
GroupTest gray_test(const CurveTimes& times, std::span<const std::uint32_t> group,
                    std::uint32_t groups);

/// Mean time without any event up to `horizon`, the area below the curve, with Greenwood's error.
/// NaN where the curve ends before.
struct RestrictedMean {
    double estimate, standard_error;
};
RestrictedMean restricted_mean(const IncidenceCurve& curve, double horizon);

} // namespace salus
