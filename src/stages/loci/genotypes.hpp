#pragma once

#include "genotype/genotype_source.hpp"
#include "models/conditional.hpp"
#include "stages/association/variant_genotypes.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace salus::loci {

/// The samples of a trait, in genotype order, and where each is among them.
struct Members {
    std::vector<std::uint32_t> samples;
    std::vector<std::uint32_t> place; // [sample of the store] UINT32_MAX: no member
    std::size_t size() const noexcept { return samples.size(); }
};
Members members_of(std::span<const std::uint8_t> marks);

/// Genotypes of some variants over the members, close together: calls as 2-bit rows, dosages where
/// a variant has them. Heterozygous males on X and Y are missing.
/// Memory: N / 4 bytes a variant, 2 N more where it has dosages.
class LocusGenotypes {
public:
    explicit LocusGenotypes(const Members& members) : members_(&members) {}
    /// Reads rows (ascending) of the store, after those that are there.
    void load(const GenotypeSource& genotypes, std::span<const std::uint64_t> rows);

    std::size_t size() const noexcept { return variants_.size(); }
    std::size_t samples() const noexcept { return members_->size(); }
    /// 2-bit row of calls over the members; what is beyond them is missing.
    std::span<const std::uint8_t> calls(std::size_t v) const noexcept { return variants_[v].calls; }
    /// Copies of ALT less their mean, 0 where missing, of members [begin, begin + out.size());
    /// begin is a multiple of 4; 0 beyond the last member.
    void expand(std::size_t v, std::size_t begin, std::span<double> out) const noexcept;
    CentredGenotypes expand(std::size_t v) const;

private:
    struct One {
        std::vector<std::uint8_t> calls;
        std::vector<Dosage> dosages; // empty if calls are all there is
        double mean = 0;
    };
    void fill(const association::VariantGenotypes& genotypes, One& one) const;
    const Members* members_;
    std::vector<One> variants_;
};

/// Products of genotypes with columns over the members, and their own (weighted) squares.
struct GenotypeSums {
    std::size_t columns = 0;
    std::vector<double> products; // [variant][column]
    std::vector<double> squares;  // [variant]
    std::span<const double> of(std::size_t v) const {
        return std::span(products).subspan(v * columns, columns);
    }
};
/// Threads inside; the same bits for any number of them. `columns`: padded, `weights`: padded, or
/// empty for 1.
GenotypeSums genotype_sums(const LocusGenotypes& genotypes,
                           std::span<const std::vector<double>> columns,
                           std::span<const double> weights);

/// [variant][variant] sums of products of genotypes, weighted. Threads inside.
std::vector<double> genotype_gram(const LocusGenotypes& genotypes, std::span<const double> weights);

} // namespace salus::loci
