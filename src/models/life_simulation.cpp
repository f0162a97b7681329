#include "models/life_simulation.hpp"

#include "base/random.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

namespace salus {
namespace {

constexpr double never = std::numeric_limits<double>::infinity();

/// estimate + L z of one transition.
std::vector<double> drawn(const TransitionFit& fit, std::size_t columns, Rng& rng) {
    std::vector<double> factor(columns * columns), out = fit.coefficients, z(columns);
    const auto left_out = aliased_cholesky(fit.covariance, columns, 1e-14, factor, fit.aliased);
    for (double& value : z)
        value = rng.normal();
    for (std::size_t a = 0; a < columns; ++a)
        for (std::size_t b = 0; b <= a && left_out[a] == 0; ++b)
            out[a] += factor[a * columns + b] * z[b];
    return out;
}

void add_transition(const TransitionFit& fit, const TransitionSizes& sizes,
                    std::span<const double> coefficients, Intensities& to) {
    const bool none = fit.state == TransitionState::no_events;
    for (std::size_t band = 0; band < sizes.bands; ++band)
        to.band_rate.push_back(none ? 0 : std::exp(coefficients[fit.column_of_band[band]]));
    for (std::size_t c = 0; c < sizes.covariates; ++c)
        to.effects.push_back(coefficients[sizes.bands + c]);
    for (std::size_t k = 0; k < sizes.conditions; ++k)
        to.condition_factor.push_back(std::exp(coefficients[sizes.bands + sizes.covariates + k]));
}

} // namespace

Intensities estimated_intensities(std::span<const TransitionFit> fits,
                                  const TransitionSizes& sizes) {
    Intensities out{.sizes = sizes, .band_rate = {}, .condition_factor = {}, .effects = {}};
    for (const TransitionFit& fit : fits)
        add_transition(fit, sizes, fit.coefficients, out);
    return out;
}

Intensities drawn_intensities(std::span<const TransitionFit> fits, const TransitionSizes& sizes,
                              std::uint64_t seed, std::uint64_t draw) {
    Intensities out{.sizes = sizes, .band_rate = {}, .condition_factor = {}, .effects = {}};
    Rng rng(seed, "trajectories.parameters", draw);
    for (const TransitionFit& fit : fits)
        add_transition(fit, sizes, drawn(fit, sizes.columns(), rng), out);
    return out;
}

void person_factors(const Intensities& intensities, std::span<const double> covariates,
                    std::span<double> factors) {
    const std::size_t p = intensities.sizes.covariates;
    for (std::size_t k = 0; k < factors.size(); ++k) {
        double eta = 0;
        for (std::size_t c = 0; c < p; ++c)
            eta += intensities.effects[k * p + c] * covariates[c];
        factors[k] = std::exp(eta);
    }
}

void simulate_life(const Intensities& intensities, std::span<const double> edges,
                   std::span<const double> factors, const LifeStart& start, double years,
                   std::span<const double> thresholds, std::span<double> happens) {
    const TransitionSizes& sizes = intensities.sizes;
    const std::size_t transitions = sizes.transitions(), death = sizes.conditions;
    std::array<double, most_conditions + 1> left{}, rate{};
    std::copy_n(thresholds.begin(), transitions, left.begin());
    std::fill(happens.begin(), happens.end(), never);
    std::uint32_t conditions = start.conditions;
    double now = 0;
    for (std::size_t band = age_band(edges, start.age); now < years;) {
        const double band_end = band < edges.size() ? edges[band] - start.age : never;
        double next = std::min(band_end, years);
        std::size_t event = transitions;
        for (std::size_t k = 0; k < transitions; ++k) {
            rate[k] = 0;
            if (k != death && (conditions >> k & 1) != 0) continue;
            double r = intensities.band_rate[k * sizes.bands + band] * factors[k];
            for (std::uint32_t set = conditions; set != 0; set &= set - 1)
                r *= intensities.condition_factor[k * sizes.conditions +
                                                  static_cast<std::size_t>(std::countr_zero(set))];
            rate[k] = r;
            const double at = now + left[k] / r; // infinite where r is 0
            if (at < next) next = at, event = k;
        }
        for (std::size_t k = 0; k < transitions; ++k)
            left[k] -= rate[k] * (next - now);
        now = next;
        if (event == transitions) {
            ++band;
            continue;
        }
        happens[event] = now;
        if (event == death) return;
        conditions |= std::uint32_t{1} << event;
    }
}

} // namespace salus
