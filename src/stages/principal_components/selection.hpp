#pragma once

#include "genotype/genotype_source.hpp"
#include "kernels/genotype_counts.hpp"
#include "run/context.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace salus::components {

/// Samples that the components are computed from: unrelated and passing, where those inputs are
/// given. DataError if they are of other samples.
std::vector<std::uint8_t> used_samples(const RunContext& context, const GenotypeSource& genotypes);

/// A variant that takes part.
struct ChosenVariant {
    std::size_t position = 0; // in its block
    GenotypeCounts counts;    // over the used samples
    double frequency() const noexcept {
        return static_cast<double>(counts.alt_copies()) /
               (2 * static_cast<double>(counts.called()));
    }
    /// sqrt(2f(1-f)).
    double scale() const noexcept;
    /// Sum of the squares of the standardised calls.
    double square_sum() const noexcept;
};

/// Decides by data alone which variants take part: autosomal, passing, kept by pruning, minor
/// allele frequency among the used samples, alleles of at most 64 bytes. Rank-local.
class VariantChoice {
public:
    VariantChoice(const RunContext& context, const GenotypeSource& genotypes, SampleMask used,
                  double maf_min);
    /// Ascending by position. Works on all threads of the rank.
    std::vector<ChosenVariant> operator()(const VariantBlock& block) const;

private:
    std::vector<std::uint8_t> candidates(const VariantBlock& block) const;
    const GenotypeSource& genotypes_;
    SampleMask used_;
    double maf_min_;
    std::optional<H5File> quality_, pruned_;
};

} // namespace salus::components
