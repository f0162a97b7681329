#pragma once

#include <cmath>
#include <cstddef>
#include <span>

namespace salus {

/// Lower Cholesky factor of the leading k x k part of a C x C matrix; false if it is not positive
/// definite: a pivot below 1e-12 of the diagonal.
inline bool cholesky(std::span<const double> matrix, std::size_t columns, std::size_t k,
              std::span<double> factor) {
    for (std::size_t a = 0; a < k; ++a) {
        for (std::size_t b = 0; b <= a; ++b) {
            double sum = matrix[a * columns + b];
            for (std::size_t c = 0; c < b; ++c)
                sum -= factor[a * columns + c] * factor[b * columns + c];
            if (a == b) {
                if (!(sum > 1e-12 * matrix[a * columns + a])) return false;
                factor[a * columns + a] = std::sqrt(sum);
            } else {
                factor[a * columns + b] = sum / factor[b * columns + b];
            }
        }
    }
    return true;
}

} // namespace salus
