#pragma once

#include "models/block_likelihood.hpp"
#include "models/life_episodes.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

namespace salus {

/// Consecutive people of one rank: covariates and lives. Sums over blocks, added in their order,
/// are the same bits on any number of ranks.
struct LifeBlock {
    std::size_t people = 0;
    std::vector<double> covariates;           // [person][covariate], standardised
    std::vector<std::uint64_t> episode_begin; // [person + 1]
    std::vector<Episode> episodes;
};

/// Sizes of the model. Transition k < conditions: onset of condition k, of those without it; the
/// last: death.
struct TransitionSizes {
    std::size_t conditions = 0, bands = 1, covariates = 0;
    std::size_t transitions() const noexcept { return conditions + 1; }
    /// Columns of a transition: a rate for each band, covariates, the other conditions.
    std::size_t columns() const noexcept { return bands + covariates + conditions; }
};

enum class TransitionState : std::uint8_t {
    fitted,
    no_covariates, // too few events, or no finite estimate with them: one rate for all
    no_events,     // the rate is 0
};
std::string_view to_string(TransitionState state) noexcept;

/// Intensity of one transition: log rate per year = rate of the age band + covariates + conditions.
/// Piecewise exponential model, fitted as Poisson regression (Holford 1980, doi:10.2307/2529982;
/// Laird & Olivier 1981).
struct TransitionFit {
    TransitionState state = TransitionState::no_events;
    FitState newton = FitState::no_events;     // of the model with covariates
    std::vector<std::uint32_t> column_of_band; // [band]; bands without events share one
    /// [column] log rates of bands (only those of column_of_band), covariates, conditions.
    std::vector<double> coefficients;
    std::vector<double> covariance; // [column][column]
    std::vector<std::uint8_t> aliased;
    double log_likelihood = 0, years = 0;
    std::uint64_t events = 0;
};

/// Calls body(i) for i in [0, n), in any order.
using ForEachBlock =
    std::function<void(std::size_t n, const std::function<void(std::size_t)>& body)>;
void one_after_the_other(std::size_t n, const std::function<void(std::size_t)>& body);

struct TransitionData {
    std::span<const LifeBlock> blocks; // of this rank
    TransitionSizes sizes;
    JoinBlocks join = join_alone;
    ForEachBlock each = one_after_the_other;
};

/// Fits one transition. Called by all ranks alike. Time O(people x covariates^2) an iteration.
/// \param events_min  with fewer events there are no covariates
TransitionFit fit_transition(const TransitionData& data, std::size_t transition, double events_min);

} // namespace salus
