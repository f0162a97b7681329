#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace salus {

/// Two related samples, by index.
struct RelatedPair {
    std::uint32_t first = 0, second = 0;
};

/// Connected components of the samples under `pairs`: 0 for samples without a relative, else 1, 2,
/// ... in the order of the first member. O(samples + pairs).
std::vector<std::uint32_t> find_families(std::size_t samples, std::span<const RelatedPair> pairs);

/// Components of at most this many samples get a largest unrelated set, not only a maximal one.
inline constexpr std::size_t exact_component_max = 40;

struct UnrelatedChoice {
    std::span<const RelatedPair> pairs;     // nobody who is kept has a relative among the kept
    std::span<const double> call_rate;      // [sample]
    std::span<const std::uint8_t> eligible; // [sample] nonzero: may be kept
};

/// A set of samples without relatives: 1 = in the set.
///
/// In components of at most exact_component_max eligible samples it is as large as can be; of the
/// largest sets the one that comes first when samples are ranked by call rate (higher first), then
/// index. In larger components, as long as any pair is left, the sample with the most relatives
/// goes; of several the one with the lower call rate, then the higher index; at the end samples
/// that went but have no relative left in the set come back in order of rank. A function of the
/// arguments alone. Exact part: O(1.4^40) steps at the very worst, microseconds for families.
std::vector<std::uint8_t> unrelated_set(const UnrelatedChoice& choice);

} // namespace salus
