#pragma once

#include "models/life_episodes.hpp"
#include "models/transition_model.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace salus {

/// Intensities of all transitions at one draw of the parameters.
struct Intensities {
    TransitionSizes sizes;
    std::vector<double> band_rate;        // [transition][band], per year
    std::vector<double> condition_factor; // [transition][condition]
    std::vector<double> effects;          // [transition][covariate], of standardised covariates
};

/// The estimates themselves, or a draw from their normal approximation: estimate + L z with L the
/// Cholesky factor of the covariance and z standard normal, a function of seed and draw alone.
Intensities estimated_intensities(std::span<const TransitionFit> fits,
                                  const TransitionSizes& sizes);
Intensities drawn_intensities(std::span<const TransitionFit> fits, const TransitionSizes& sizes,
                              std::uint64_t seed, std::uint64_t draw);

/// exp(effects x covariates) of each transition.
void person_factors(const Intensities& intensities, std::span<const double> covariates,
                    std::span<double> factors);

struct LifeStart {
    double age = 0;
    std::uint32_t conditions = 0;
};

/// Simulates the next `years` of a life: for each transition, when it happens, in years from the
/// start; infinity if not by then, or if the condition was there. Each transition has one
/// threshold, exponential with mean 1, and happens when its cumulative intensity reaches it; so
/// lives with the same thresholds differ only by their intensities, and what-if comparisons have no
/// noise of their own. Nothing happens after death. O((bands passed + events) x transitions).
void simulate_life(const Intensities& intensities, std::span<const double> edges,
                   std::span<const double> factors, const LifeStart& start, double years,
                   std::span<const double> thresholds, std::span<double> happens);

} // namespace salus
