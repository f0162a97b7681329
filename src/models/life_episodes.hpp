#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace salus {

/// What is known of a person on the age scale, in years. Conditions are never lost again.
struct ObservedLife {
    double entry = 0, exit = 0; // under observation in (entry, exit]
    bool died = false;          // at exit
    /// [condition] age at onset; NaN = none up to exit. Not behind entry: had it from the start.
    std::span<const double> onset;
};

/// A stretch of a life in one age band and with the same conditions.
struct Episode {
    double years = 0;
    std::uint32_t conditions = 0; // bit k: has condition k
    std::uint16_t band = 0;
    std::uint16_t event = 0; // what ends it: 0 nothing, k + 1 onset of condition k, K + 1 death
};

inline constexpr std::size_t most_conditions = 24;

/// Band of an age: 0 below edges[0], edges.size() from the last edge on. `edges` ascend.
std::size_t age_band(std::span<const double> edges, double age) noexcept;

/// Conditions that a person has at an age, as bits; an onset at that age counts.
std::uint32_t conditions_at(const ObservedLife& life, double age) noexcept;

/// Appends the episodes of a life, in their order. Onsets of the same day are one behind the other
/// in the order of the conditions, with no time between them; death is last. Empty if exit is not
/// behind entry.
void cut_into_episodes(const ObservedLife& life, std::span<const double> edges,
                       std::vector<Episode>& episodes);

} // namespace salus
