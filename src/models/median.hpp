#pragma once

#include <vector>

namespace salus {

/// The middle value, or the mean of the two in the middle; NaN of nothing. No value may be NaN.
double median(std::vector<double> values);

} // namespace salus
