#pragma once

#include "genotype/genotype_source.hpp"
#include "kernels/genotype_counts.hpp"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace salus::association {

/// How the calls of a variant are read.
enum class Ploidy : std::uint8_t {
    diploid,       // autosomes, pseudo-autosomal regions
    x,             // males carry one copy, coded 0 or 2; a heterozygous male is missing
    y,             // only males count, coded 0 or 2; a heterozygous male is missing
    mitochondrial, // everybody carries one kind, coded 0 or 2 (1: heteroplasmy)
};
Ploidy ploidy_of(const Variant& variant, std::string_view genome_build) noexcept;

/// Calls of one variant in the smaller form, with impossible calls made missing.
class VariantGenotypes {
public:
    /// Takes variant v of a block. The block and this object must outlive each other's use.
    void assign(const VariantBlock& block, std::size_t v, Ploidy ploidy, std::span<const Sex> sex);

    bool is_list() const noexcept { return list_; }
    const std::uint8_t* row() const noexcept { return row_.data(); }
    std::span<const Carrier> carriers() const noexcept { return carriers_; }
    Ploidy ploidy() const noexcept { return ploidy_; }

    GenotypeCounts count(const SampleMask& mask) const noexcept {
        return list_ ? count_genotypes(carriers_, mask) : count_genotypes(row_, mask);
    }
    /// Missing calls of all samples, as carriers.
    void list_missing_calls(std::size_t samples, std::vector<Carrier>& out) const;
    /// values[call] for each of `samples` (ascending) into `out`.
    void expand(std::span<const std::uint32_t> samples, const double (&values)[4],
                std::span<double> out) const noexcept;

private:
    bool list_ = false;
    Ploidy ploidy_ = Ploidy::diploid;
    std::span<const std::uint8_t> row_;
    std::span<const Carrier> carriers_;
    std::vector<std::uint8_t> own_row_; // where calls were changed
    std::vector<Carrier> own_carriers_;
};

} // namespace salus::association
