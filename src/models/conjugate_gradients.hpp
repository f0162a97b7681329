#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace salus {

/// Symmetric positive definite systems whose products are made together.
struct SharedSystems {
    /// A_s x for each of some systems: [system of `which`][row].
    using Products = std::function<std::vector<std::vector<double>>(
        std::span<const std::size_t> which, std::span<const std::vector<double>> x)>;
    /// Nearly the inverse of A_s, symmetric positive definite, applied to r.
    using Precondition =
        std::function<std::vector<double>(std::size_t system, std::span<const double> r)>;
    Products products;
    Precondition precondition; // empty: none
};

struct SharedSolution {
    std::vector<std::vector<double>> x; // [system][row]
    std::vector<double> residual;       // [system] |b - A x| / |b|, computed anew at the end
    std::vector<int> iterations;        // [system]
    std::vector<std::uint8_t> converged;
    int passes = 0; // calls of products
};

/// Conjugate gradients from 0 on, all systems in step; a system that has reached the tolerance
/// takes no more part. Where the residual that is computed anew is above the tolerance (rounding of
/// the products), the system begins again from there, up to 4 times. Sums in a fixed order.
/// Memory 5 vectors per system. Hestenes & Stiefel 1952.
SharedSolution solve_together(const SharedSystems& systems,
                              std::span<const std::vector<double>> right_hand_sides,
                              double tolerance, int iterations_max);

/// Approximate leading eigenpairs of K as preconditioner of K + ridge I: the inverse on them, and
/// 1 / (last eigenvalue + ridge) elsewhere.
struct SpectralPreconditioner {
    std::vector<double> values;               // descending
    std::vector<std::vector<double>> vectors; // [pair][row], orthonormal
    std::vector<double> apply(std::span<const double> r, double ridge) const;
};

} // namespace salus
