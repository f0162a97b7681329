#include "models/acat.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace salus {
namespace {

constexpr double pi = std::numbers::pi;
constexpr double largest_p = 0.999;
constexpr double small_p = 1e-9; // tan(pi/2 - pi p) is 1 / (pi p) to 1e-17 relative below

} // namespace

double combine_cauchy(std::span<const double> neg_log10_p, std::span<const double> weights) {
    SALUS_ASSERT(neg_log10_p.size() == weights.size());
    double total = 0, most = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        if (std::isnan(neg_log10_p[i])) continue;
        total += weights[i];
        if (weights[i] > 0) most = std::max(most, neg_log10_p[i]);
    }
    if (!(total > 0)) return std::numeric_limits<double>::quiet_NaN();
    // All terms as multiples of 10^shift, which overflows nothing.
    const double shift = most > 200 ? most : 0;
    if (std::isinf(most)) return most;
    double statistic = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        if (std::isnan(neg_log10_p[i]) || weights[i] == 0) continue;
        const double p = std::min(largest_p, std::pow(10.0, -neg_log10_p[i]));
        const double term = p < small_p ? std::pow(10.0, neg_log10_p[i] - shift) / pi
                                        : std::pow(10.0, -shift) / std::tan(pi * p);
        statistic += weights[i] / total * term;
    }
    if (shift > 0) return shift + std::log10(statistic * pi);
    if (statistic > 0) return -std::log10(std::atan(1 / statistic) / pi);
    return -std::log10(0.5 - std::atan(statistic) / pi);
}

} // namespace salus
