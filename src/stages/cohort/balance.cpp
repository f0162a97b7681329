#include "stages/cohort/balance.hpp"

#include <cmath>
#include <limits>

namespace salus::matching {

Moments moments_of(std::span<const double> values, std::span<const double> weights) {
    Moments m;
    double sum = 0;
    const auto counted = [&](std::size_t i) { return weights[i] > 0 && !std::isnan(values[i]); };
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (!counted(i)) continue;
        ++m.people;
        m.positive += values[i] == 1 ? 1U : 0U;
        m.weight += weights[i];
        sum += weights[i] * values[i];
    }
    m.mean = sum / m.weight;
    double squares = 0;
    for (std::size_t i = 0; i < values.size(); ++i)
        if (counted(i)) squares += weights[i] * (values[i] - m.mean) * (values[i] - m.mean);
    m.variance = m.weight > 1 ? squares / (m.weight - 1) : std::numeric_limits<double>::quiet_NaN();
    return m;
}

double standardised_difference(const Moments& cases, const Moments& controls,
                               const Moments& cases_before, const Moments& controls_before,
                               Standard standard) noexcept {
    const double variance = standard == Standard::cases
                                ? cases_before.variance
                                : (cases_before.variance + controls_before.variance) / 2;
    return variance > 0 ? (cases.mean - controls.mean) / std::sqrt(variance)
                        : std::numeric_limits<double>::quiet_NaN();
}

} // namespace salus::matching
