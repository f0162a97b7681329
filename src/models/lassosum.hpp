#pragma once

#include "models/point_normal.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace salus {

/// Penalties of a fit: lambda sqrt(max n / n_j) on |beta_j|, and delta times that on beta_j^2 / 2.
struct LassoPenalty {
    double lambda = 0, delta = 0;
};
struct LassoRules {
    double tolerance = 1e-5; // largest change of an effect in a round
    std::size_t rounds_max = 1000;
};
struct LassoFit {
    std::vector<double> beta; // [variant]; of standardised genotypes
    bool converged = false;   // false also if effects grow beyond bounds
};

/// Elastic net on summary statistics by coordinate descent (lassosum2), from `start` (empty: 0):
/// beta_j = S(u, lambda w_j) / (1 + delta w_j) with u the effect less what the others explain.
/// \param n_largest  of all blocks. Prive F et al. 2022, doi:10.1016/j.xhgg.2022.100136.
LassoFit fit_lasso(const LdBlock& block, const LassoPenalty& penalty, double n_largest,
                   std::span<const double> start, const LassoRules& rules);

/// Least lambda for which all effects are 0.
double lasso_lambda_max(std::span<const double> effect, std::span<const double> n,
                        double n_largest) noexcept;

} // namespace salus
