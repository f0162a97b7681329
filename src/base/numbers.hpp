#pragma once

#include <limits>

namespace salus {

/// The missing value of numbers.
inline constexpr double nan = std::numeric_limits<double>::quiet_NaN();
inline constexpr double infinity = std::numeric_limits<double>::infinity();

} // namespace salus
