#pragma once

#include "base/random.hpp"
#include "formats/variant_row_writer.hpp"
#include "models/population_haplotypes.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace salus {

/// Planted fault of a variant.
enum class VariantFault : std::uint8_t { none, hardy_weinberg, low_call_rate };

/// What sequencing does to true genotypes.
struct CallNoise {
    double missing_rate = 0.002;      // mean over variants, of calls
    double low_sample_missing = 0.15; // of the calls of a faulty sample
    double contamination_het =
        0.6; // chance that an allele of the contaminant turns a homozygote into het
    std::uint64_t seed = 1;
};

/// Calls of all samples, in sample order, from the true alleles of all slots.
///
/// Missing: the rate of a variant is exponential about missing_rate, or 8 to 20 % if it is planted
/// so; the carriers of gaps are found by geometric skips, O(gaps). Hardy-Weinberg fault: half of
/// the heterozygotes are called homozygous. O(samples).
class Caller {
public:
    Caller(const Pedigree& pedigree, const CallNoise& noise)
        : pedigree_(&pedigree), noise_(noise) {}
    void call(const SimulatedSite& site, Transmission transmission, VariantFault fault,
              std::span<const std::uint8_t> alleles, std::span<CallCode> out) const;

private:
    void contaminate(std::span<const std::uint8_t> alleles, Rng& rng,
                     std::span<CallCode> out) const;
    void lose(VariantFault fault, Rng& rng, std::span<CallCode> out) const;

    const Pedigree* pedigree_;
    CallNoise noise_;
};

} // namespace salus
