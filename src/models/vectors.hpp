#pragma once

#include <cstddef>
#include <span>

namespace salus {

/// Sum of products, summed in order. Vectors of the same length.
inline double dot(std::span<const double> a, std::span<const double> b) noexcept {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        sum += a[i] * b[i];
    return sum;
}

/// Makes `values` orthogonal to the vector `unit` of length 1; the part along it that was removed.
inline double remove_along(std::span<const double> unit, std::span<double> values) noexcept {
    const double along = dot(unit, values);
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] -= along * unit[i];
    return along;
}

/// The lasso's step: `value` nearer to 0 by `threshold`, at most to 0.
inline double soft_threshold(double value, double threshold) noexcept {
    return value > threshold ? value - threshold : value < -threshold ? value + threshold : 0;
}

} // namespace salus
