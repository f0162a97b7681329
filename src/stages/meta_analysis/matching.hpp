#pragma once

#include "models/allele_matching.hpp"
#include "stages/meta_analysis/rows.hpp"

#include <span>
#include <string_view>
#include <vector>

namespace salus::meta {

struct MatchOptions {
    bool one_strand = false; // all studies report the same strand
    FrequencyLimits frequency;
    std::size_t studies_min = 1;
};

/// What happened to the rows of a study while they were matched.
struct MatchCounts {
    std::uint64_t used = 0, swapped = 0, other_strand = 0;
    ReasonCounts dropped{};
};

/// A variant with its rows, effects and frequencies of the effect allele of the variant, in the
/// order of the studies.
struct Variant {
    std::int32_t chromosome = 0;
    std::uint32_t position = 0;
    std::string_view effect, other, id;
    std::vector<Row> rows;
};

/// The variants among the rows of one position, ordered by alleles; effect and other allele are
/// those of the first study that has the variant. `counts`: [study].
std::vector<Variant> match_position(std::vector<Row> rows, const MatchOptions& options,
                                    std::span<MatchCounts> counts);

} // namespace salus::meta
