#pragma once

#include "genotype/genotype_source.hpp"
#include "stages/ld/selection.hpp"
#include "store/parts.hpp"

#include <cstdint>
#include <vector>

namespace salus::ld {

/// Writes the rows of one unit of variants. `parts`: of the selection; `chromosomes`: of the
/// pruning, arrays `removed` by candidate.
void write_rows(const GenotypeSource& genotypes, VariantRange unit, std::uint64_t unit_index,
                const Parts& selection, const CandidateIndex& index, const Parts& chromosomes,
                PartWriter& part);

/// Numbers of variants by reason, summed over the parts of the selection, and of kept ones.
struct LdTally {
    std::uint64_t variants = 0, candidates = 0, monomorphic = 0, in_ld = 0, kept = 0;
    std::uint64_t segments = 0, redone = 0;
};
LdTally tally(const Parts& rows, const Parts& chromosomes);

} // namespace salus::ld
