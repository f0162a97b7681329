#include "models/lassosum.hpp"

#include <algorithm>
#include <cmath>

namespace salus {

double lasso_lambda_max(std::span<const double> effect, std::span<const double> n,
                        double n_largest) noexcept {
    double largest = 0;
    for (std::size_t j = 0; j < effect.size(); ++j)
        largest = std::max(largest, std::fabs(effect[j]) / std::sqrt(n_largest / n[j]));
    return largest;
}

LassoFit fit_lasso(const LdBlock& block, const LassoPenalty& penalty, double n_largest,
                   std::span<const double> start, const LassoRules& rules) {
    const std::size_t m = block.size();
    LassoFit fit{.beta = std::vector<double>(m, 0.0)};
    std::vector<double> product(m, 0.0);
    const auto change = [&](std::size_t j, double by) {
        fit.beta[j] += by;
        const double* row = block.r.data() + j * m;
        for (std::size_t i = 0; i < m; ++i)
            product[i] += row[i] * by;
    };
    for (std::size_t j = 0; j < start.size(); ++j)
        if (start[j] != 0) change(j, start[j]);
    double marginal = 0;
    for (const double b : block.effect)
        marginal += b * b;
    for (std::size_t round = 0; round < rules.rounds_max; ++round) {
        double largest = 0, norm = 0;
        for (std::size_t j = 0; j < m; ++j) {
            const double weight = std::sqrt(n_largest / block.n[j]);
            const double u = block.effect[j] - (product[j] - fit.beta[j]);
            const double cut = std::fabs(u) - penalty.lambda * weight;
            const double beta =
                cut > 0 ? std::copysign(cut, u) / (1 + penalty.delta * weight) : 0.0;
            const double by = beta - fit.beta[j];
            norm += beta * beta;
            if (by == 0) continue;
            change(j, by);
            largest = std::max(largest, std::fabs(by));
        }
        if (!(norm <= 1e4 * (marginal + 1e-12))) return fit;
        if (largest < rules.tolerance) {
            fit.converged = true;
            return fit;
        }
    }
    return fit;
}

} // namespace salus
