#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace salus {

/// In which order cases choose: as given; the ones with the largest or smallest value first; by
/// their keys.
enum class MatchOrder : std::uint8_t { data, largest, smallest, random };
enum class Replacement : std::uint8_t { without, with };

/// Cases and controls that may be matched with each other, by one value each (age, a date, a
/// score).
struct MatchInput {
    std::span<const double> case_value, control_value;              // finite
    std::span<const std::uint64_t> case_key = {}, control_key = {}; // break ties; all different
    std::size_t ratio = 1;                                          // controls per case at most
    double caliper = std::numeric_limits<double>::infinity();       // largest distance allowed
    MatchOrder order = MatchOrder::data;
    Replacement replacement = Replacement::without;
};

struct MatchedPair {
    std::size_t case_index = 0, control_index = 0;
    double distance = 0;
    friend bool operator==(const MatchedPair&, const MatchedPair&) = default;
};

/// Greedy matching of nearest neighbours. Without replacement in rounds: every case gets its first
/// control before any gets a second, each time the nearest that is left, as `nearest` of MatchIt
/// does; with replacement every case gets its `ratio` nearest. Of two at the same distance the one
/// with the smaller key; controls of one value are taken in an order that only their keys decide,
/// so the result is a function of values and keys, not of ranks or threads. Sorted by case, then as
/// chosen. Cost O((cases x ratio + controls) log controls); next free neighbours are found by
/// union-find. Ho, Imai, King & Stuart 2011, doi:10.18637/jss.v042.i08.
std::vector<MatchedPair> match_nearest(const MatchInput& input);

} // namespace salus
