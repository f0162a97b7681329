#pragma once

#include "genotype/genotype_source.hpp"
#include "kernels/genotype_counts.hpp"
#include "run/context.hpp"
#include "stages/kinship/kinship.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace salus::relatedness {

/// What takes part: samples that passed quality, and the results that name variants.
struct Cohort {
    std::vector<std::uint32_t> samples; // indices in the store, ascending
    SampleMask mask;                    // the same samples
    std::optional<H5File> quality, ld;
};
/// DataError if the quality or LD result is of another store.
Cohort open_cohort(const RunContext& context, const GenotypeSource& genotypes);

/// The variants that pairs are compared on, in store order.
struct ChosenVariants {
    std::uint64_t eligible = 0; // before they were thinned to variants_max
    std::vector<std::uint64_t> variant;
    std::vector<std::uint32_t> het; // heterozygous samples of the cohort
    double ibs0_expected = 0;       // mean of 2 p^2 q^2: share without a common allele, unrelated
};

/// (all) Autosomal variants that passed quality, were kept by LD pruning and reach the minor allele
/// frequency; if they are more than variants_max, every k-th of them, evenly. One pass over the
/// genotypes of candidates. Memory: 16 bytes x variants_max.
ChosenVariants choose_variants(RunContext& context, const GenotypeSource& genotypes,
                               const Cohort& cohort, const KinshipParams& params);

} // namespace salus::relatedness
