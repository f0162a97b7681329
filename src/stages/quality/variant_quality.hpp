#pragma once

#include "genotype/genotype_source.hpp"
#include "kernels/genotype_counts.hpp"
#include "stages/quality/quality.hpp"
#include "stages/quality/sample_counters.hpp"
#include "store/h5.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace salus {

/// Recorded sexes as masks; `everybody` is all samples.
struct SexMasks {
    SampleMask male, female;
    std::size_t samples = 0;
    explicit SexMasks(const SampleTable& table);
};

/// Calls of one variant, split by the ploidy that they have.
struct PloidyCounts {
    GenotypeCounts people;   // everybody who should have a call: all, on Y the recorded males
    GenotypeCounts haploid;  // of these, those with one copy: X and Y males, everybody on MT
    GenotypeCounts hardy;    // who enters the Hardy-Weinberg test: all, on X the recorded females
    bool tests_hardy = true; // false on Y and MT
};
PloidyCounts count_by_ploidy(const VariantBlock& block, std::size_t v, VariantClass variant_class,
                             const SexMasks& masks);

struct AlleleTally {
    std::uint64_t half_alt = 0, half_all = 0; // in half alleles: a haploid het counts half an ALT
    /// NaN without calls.
    double alt_frequency() const noexcept;
    std::uint64_t minor() const noexcept; // rounded down to whole alleles
};
AlleleTally count_alleles(const PloidyCounts& counts) noexcept;

struct VariantQuality {
    GenotypeCounts people;
    double call_rate = 0;     // NaN if nobody should have a call
    double alt_frequency = 0; // NaN without calls
    std::uint64_t minor_allele_count = 0;
    double hwe_neg_log10_p = 0, hwe_midp_neg_log10_p = 0; // NaN where not tested
    std::string fail_reason;                              // empty = pass; several joined by ';'
};
/// \param deciding_hwe  -log10 mid-p that decides the mark hardy_weinberg; none = that of `hardy`.
VariantQuality variant_quality(const PloidyCounts& counts, const QualityParams& params,
                               std::optional<double> deciding_hwe = std::nullopt);

/// The columns of the table `variants`, looked up once.
class VariantColumns {
public:
    explicit VariantColumns(TableData& table);
    /// Appends a row; takes the texts of the variant.
    void append(Variant& variant, const VariantQuality& quality);

private:
    std::vector<std::string>&chromosome, &variant_id, &other_allele, &effect_allele, &fail_reason;
    std::vector<std::uint32_t>&position, &hom_ref, &het, &hom_alt, &missing, &minor_allele_count;
    std::vector<double>&call_rate, &alt_frequency, &hwe_neg_log10_p, &hwe_midp_neg_log10_p;
    std::vector<std::uint8_t>& pass;
};

} // namespace salus
