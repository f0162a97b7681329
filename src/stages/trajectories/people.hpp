#pragma once

#include "models/transition_model.hpp"
#include "stages/trajectories/request.hpp"

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace salus::trajectories {

inline constexpr std::uint64_t people_per_block = 8192;
constexpr std::uint64_t block_count(std::uint64_t people) noexcept {
    return (people + people_per_block - 1) / people_per_block;
}

/// Where a person ends up. Codes are stable.
enum class Place : std::uint8_t {
    fitted,
    held_out,
    no_record,           // not linked, no birth, or no observation
    undefined_condition, // excluded from a condition, or it does not apply
    missing_covariate,
    short_observation, // nothing left behind the washout: simulated, but neither fitted nor checked
};
inline constexpr std::size_t places = 6;
std::string_view to_string(Place place) noexcept;
constexpr bool is_simulated(Place place) noexcept {
    return place == Place::fitted || place == Place::held_out || place == Place::short_observation;
}

/// Means and deviations that make covariates comparable; of the fitted people.
struct CovariateScales {
    std::vector<double> mean, deviation;
    double standardised(std::size_t covariate, double value) const noexcept {
        return deviation[covariate] > 0 ? (value - mean[covariate]) / deviation[covariate] : 0;
    }
};

/// Consecutive people of a phenotype file. Ages in years.
struct People {
    std::uint64_t first = 0;
    std::vector<std::string> id;
    std::vector<Place> place;
    std::vector<double> entry, exit, exit_day; // of observation behind the washout; NaN: none
    std::vector<std::uint8_t> died;
    std::vector<double> onset;      // [person][condition]
    std::vector<double> covariates; // [person][covariate], as they are
    std::size_t conditions = 0, covariate_count = 0;

    std::size_t size() const noexcept { return id.size(); }
    ObservedLife life(std::size_t i) const noexcept {
        return {.entry = entry[i],
                .exit = exit[i],
                .died = died[i] != 0,
                .onset = std::span(onset).subspan(i * conditions, conditions)};
    }
    std::span<const double> covariates_of(std::size_t i) const noexcept {
        return std::span(covariates).subspan(i * covariate_count, covariate_count);
    }
};

/// Rows [first, first + count). Who is held out depends on identifier and seed alone.
People read_people(const risk_models::SampleColumns& columns, const Request& request,
                   const TrajectoriesParams& params, std::uint64_t seed, std::uint64_t first,
                   std::uint64_t count);

/// The fitted people of a block, with standardised covariates.
LifeBlock fitted_lives(const People& people, const CovariateScales& scales,
                       std::span<const double> edges);

} // namespace salus::trajectories
