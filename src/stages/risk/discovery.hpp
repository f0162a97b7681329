#pragma once

#include "genotype/genotype_source.hpp"
#include "run/context.hpp"
#include "stages/risk/cohort.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace salus::risk {

/// A stretch of variants on one autosome, in store order.
struct Chromosome {
    std::string name;
    VariantRange range;
};

/// An index variant of a trait and phase.
struct IndexVariant {
    std::uint64_t variant = 0;
    double beta = 0, neg_log10_p = 0, alt_frequency = 0;
};

/// Result of scan and clumping: parts by trait and chromosome.
class Discovery {
public:
    Discovery(std::vector<Chromosome> chromosomes, Parts clumps)
        : chromosomes_(std::move(chromosomes)), clumps_(std::move(clumps)) {}
    /// Index variants by phase (0 ... folds), in genome order. Reads one part per chromosome.
    std::vector<std::vector<IndexVariant>> index_variants(std::size_t trait, unsigned folds) const;

private:
    std::vector<Chromosome> chromosomes_;
    Parts clumps_;
};

/// (all) Tests every common autosomal variant that passed quality in every trait and phase, keeps
/// those below the loosest threshold, and clumps them chromosome by chromosome.
Discovery discover(const RiskParams& params, const Cohort& cohort, const GenotypeSource& genotypes,
                   RunContext& context);

struct VisitedVariant {
    std::span<const std::uint8_t> calls; // 2-bit row
    std::span<const Dosage> dosages;     // [sample]; empty if the calls are all there is
};
/// Calls visit(i, variant) for variants[i], ascending; reads each block of the store once.
void for_each_variant(const GenotypeSource& genotypes, std::span<const std::uint64_t> variants,
                      const std::function<void(std::size_t, const VisitedVariant&)>& visit);

} // namespace salus::risk
