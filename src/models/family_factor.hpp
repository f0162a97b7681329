#pragma once

#include <array>
#include <cmath>
#include <cstddef>

namespace salus {

/// The liability that a family shares, as nodes of a sum over the standard normal distribution
/// (trapezoid rule, whose error is below 1e-9 for functions as smooth as these).
struct FamilyFactor {
    static constexpr std::size_t nodes = 25;
    static constexpr double step = 2.0 / 3.0;

    static double node(std::size_t k) noexcept {
        return step * (static_cast<double>(k) - 0.5 * (nodes - 1));
    }
    static double weight(std::size_t k) noexcept {
        constexpr double root_two_pi = 2.50662827463100050242;
        return step / root_two_pi * std::exp(-0.5 * node(k) * node(k));
    }
    /// Probability of a case with threshold `quantile` = Phi^-1(probability without knowing the
    /// node), given node k.
    static double probability(double quantile, double correlation, std::size_t k) noexcept {
        const double x = (quantile + std::sqrt(correlation) * node(k)) / std::sqrt(1 - correlation);
        return 0.5 * std::erfc(-x * 0.70710678118654752440);
    }
};

} // namespace salus
