#pragma once

#include "models/survival_curves.hpp"

#include <cstdint>
#include <span>

namespace salus {

/// Slope of a hazard along one column, with a robust error; NaN if it cannot be fitted.
struct HazardSlope {
    double estimate, error;
};
struct SlopeTimes {
    CurveTimes times;                            // status 1 is the event, 2 competes
    std::span<const std::uint32_t> stratum = {}; // with hazards of their own; empty: one
    bool subdistribution = false;                // of the subdistribution (Fine & Gray)
};
HazardSlope hazard_slope(const SlopeTimes& people, std::span<const double> column,
                         CensoringTies ties);

} // namespace salus
