#pragma once

#include "genotype/genotype_source.hpp"
#include "kernels/genotype_counts.hpp"
#include "stages/association/variant_genotypes.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace salus::gene_tests {

/// A sparse column over samples: ascending, values that are not 0.
struct SparseColumn {
    std::vector<std::uint32_t> sample;
    std::vector<double> value;
    std::size_t size() const noexcept { return sample.size(); }
    void add(std::uint32_t s, double v) {
        sample.push_back(s);
        value.push_back(v);
    }
};

/// The counted allele of a variant: who carries it, and who has no call (NaN).
struct CarrierColumn {
    SparseColumn copies;
    bool flipped = false; // REF is counted
    double frequency = 0; // of the counted allele among the eligible samples; NaN without calls
    double allele_count = 0;
};

/// Reads variant v of a block. X: males count 0 or 2 copies, but one allele in frequencies.
/// \param minor  whether the rarer allele is counted, else ALT.
CarrierColumn carriers_of(const VariantBlock& block, std::size_t v, association::Ploidy ploidy,
                          std::span<const Sex> sex, const SampleMask& eligible,
                          const SampleMask& eligible_males, bool minor);

/// What a set of samples sees of a variant.
struct SetColumn {
    SparseColumn copies; // missing ones have the mean of the called ones
    std::uint64_t called = 0;
    double mean = 0;                     // copies per called sample
    double allele_count = 0;             // alleles of called samples; a male has one on X
    std::vector<std::uint32_t> carriers; // samples with called copies
};
SetColumn restrict_to(const CarrierColumn& column, const SampleMask& members,
                      std::span<const Sex> sex, association::Ploidy ploidy);

/// How the copies of several variants become one burden.
enum class BurdenCoding { sum, max, comphet };

/// Merges columns by sample. One object per thread: it keeps a dense column of all samples.
class Merger {
public:
    explicit Merger(std::size_t samples) : dense_(samples) {}
    SparseColumn merge(std::span<const SparseColumn* const> columns, BurdenCoding coding);
    /// Products of `column`, weighted, with others: sum of weight column other.
    void products(const SparseColumn& column, std::span<const double> weights,
                  std::span<const SparseColumn* const> others, std::span<double> out);

private:
    std::vector<double> dense_; // all 0 between calls
    std::vector<std::uint32_t> touched_;
};

} // namespace salus::gene_tests
