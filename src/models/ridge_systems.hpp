#pragma once

#include "models/float_cholesky.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace salus {

/// Solutions of (A + penalty I) x = b for several right-hand sides and penalties.
struct RidgeSolutions {
    std::vector<std::vector<double>> values; // [right-hand side x penalties + penalty][n]
    std::size_t iterations = 0;              // the most that one of them took
    bool converged = true;                   // all residuals are below the tolerance
};

/// Solves ridge systems by conjugate gradients, preconditioned with single-precision factors of a
/// near matrix. With the factor of A itself two or three iterations reach the tolerance; with that
/// of a matrix that lacks a tenth of the samples, about ten.
class RidgeSystems {
public:
    /// Factors `near` + penalty for each penalty; all positive.
    RidgeSystems(const SquareMatrix& near, std::span<const double> penalties);

    /// `matrix` is full (mirrored). Each solution is as if it were computed alone. Residuals end
    /// below 1e-8 of the right-hand side.
    RidgeSolutions solve(const SquareMatrix& matrix,
                         std::span<const std::vector<double>> right_hand_sides) const;

private:
    std::vector<double> penalties_;
    std::vector<FloatCholesky> factors_;
};

} // namespace salus
