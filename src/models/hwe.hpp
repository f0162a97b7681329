#pragma once

#include <cstdint>

namespace salus {

/// Exact Hardy-Weinberg test of one biallelic variant, on the -log10 scale so that nothing
/// underflows.
struct HardyWeinberg {
    double neg_log10_p = 0;    // two-sided exact p; exactly 0 (p = 1) at the most probable table
    double neg_log10_midp = 0; // mid-p; a monomorphic variant has mid-p 0.5
};

/// Two-sided exact test given the allele counts: p is the probability of all tables that are at
/// most as probable as the observed one. Mid-p takes half of the observed table and of those tied
/// with it. Tables whose probabilities differ by less than 1e-8 (relative) are tied.
///
/// \param hom_a, het, hom_b  diploid genotype counts below 2^32; the alleles are interchangeable.
///   Chromosome X: pass the counts of females only (the test of allele frequencies between the
///   sexes is not part of it).
/// No people at all: both results are 0.
/// Cost: O(|het - expected het| + sqrt(people)), at most O(minor allele count); no allocation;
/// never throws. Relative error of p below 1e-9 for 10^6 people. Wigginton, Cutler & Abecasis 2005,
/// doi:10.1086/429864; Graffelman & Moreno 2013, doi:10.1515/sagmb-2012-0039.
HardyWeinberg hardy_weinberg(std::uint64_t hom_a, std::uint64_t het, std::uint64_t hom_b) noexcept;

} // namespace salus
