#pragma once

#include "genotype/genotype_source.hpp"
#include "stages/ld/pair_phases.hpp"
#include "stages/ld/selection.hpp"
#include "store/parts.hpp"

#include <cstdint>
#include <vector>

namespace salus::ld {

/// Where the columns of a variant come from.
struct RowSources {
    const GenotypeSource& genotypes;
    const Parts& selection;
    const CandidateIndex& index;
    const Parts& chromosomes; // of the pruning: array `removed` by candidate
    const LdScores* scores;   // or null
};
/// Writes the rows of one unit of variants.
void write_rows(const RowSources& sources, VariantRange unit, std::uint64_t unit_index,
                PartWriter& part);

/// Numbers of variants by reason, summed over the parts of the selection, and of kept ones.
struct LdTally {
    std::uint64_t variants = 0, candidates = 0, monomorphic = 0, in_ld = 0, kept = 0;
    std::uint64_t segments = 0, redone = 0;
};
LdTally tally(const Parts& rows, const Parts& chromosomes);

} // namespace salus::ld
