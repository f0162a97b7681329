#include "models/pooling.hpp"

#include "models/tails.hpp"

#include <cmath>

namespace salus {

PooledEstimate pool_estimates(std::span<const double> estimates, std::span<const double> variances,
                              double complete_df) noexcept {
    const auto m = static_cast<double>(estimates.size());
    double mean = 0, within = 0, between = 0;
    for (const double e : estimates)
        mean += e / m;
    for (const double v : variances)
        within += v / m;
    for (const double e : estimates)
        between += (e - mean) * (e - mean) / (m - 1);
    const double extra = (1 + 1 / m) * between, total = within + extra;
    PooledEstimate out{mean, std::sqrt(total), complete_df, 0};
    if (!(extra > 0) || !(total > 0)) return out;
    const double lambda = extra / total, old = (m - 1) / (lambda * lambda);
    out.degrees_of_freedom = old;
    if (std::isfinite(complete_df)) {
        const double observed = (complete_df + 1) / (complete_df + 3) * complete_df * (1 - lambda);
        out.degrees_of_freedom = old * observed / (old + observed);
    }
    const double r = extra / within;
    out.fraction_missing = (r + 2 / (out.degrees_of_freedom + 3)) / (r + 1);
    return out;
}

double student_t_975(double df) noexcept {
    constexpr double normal = 1.959963984540054;
    if (!(df > 0)) return std::nan("");
    if (!(df < 1e9)) return normal;
    const double wanted = -std::log10(0.05);
    double low = normal, high = 2 * normal;
    while (student_t_neg_log10_p(high, df) < wanted)
        high *= 2;
    for (int i = 0; i < 80 && high - low > 1e-12 * high; ++i) {
        const double middle = (low + high) / 2;
        (student_t_neg_log10_p(middle, df) < wanted ? low : high) = middle;
    }
    return (low + high) / 2;
}

} // namespace salus
