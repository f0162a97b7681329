#pragma once

#include "stages/kinship/planes.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace salus::relatedness {

/// (all) Compares all samples of the cohort, one unit per pair of bands. Parts hold the rows of
/// kinship_pairs_table and what `Findings` needs.
Parts compare_pairs(RunContext& context, const SampleTable& samples, const Cohort& cohort,
                    const ChosenVariants& chosen, const Parts& planes, const KinshipParams& params);

/// A pair as later steps see it; indices in the store.
struct PairFact {
    std::uint32_t first = 0, second = 0;
    double kinship = 0;
    std::uint8_t degree = 0;
    bool parent_child = false;
    std::string_view relation() const noexcept;
};

/// What root collects from the parts. Memory: 24 bytes x pairs + 8 bytes x samples, and the
/// rows of one part.
struct Findings {
    std::vector<PairFact> pairs;   // sorted by first, then second
    std::vector<double> call_rate; // [sample of the store] over the chosen variants; 0 if left out
    std::uint64_t compared = 0, evaluated = 0;
};
Findings collect(const Parts& parts, const Cohort& cohort, std::size_t samples,
                 std::uint64_t variants);

} // namespace salus::relatedness
