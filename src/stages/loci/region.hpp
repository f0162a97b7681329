#pragma once

#include "genotype/genotype_source.hpp"
#include "stages/loci/clusters.hpp"
#include "store/h5.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace salus::loci {

/// A stretch of one chromosome: its variants and their tests for a trait.
struct Region {
    std::uint64_t first_row = 0;
    std::vector<Variant> variants;
    std::vector<double> neg_log10_p, beta, standard_error, frequency; // NaN if not tested

    std::size_t size() const noexcept { return variants.size(); }
    bool tested(std::size_t v) const noexcept { return neg_log10_p[v] == neg_log10_p[v]; }
};

/// Variants within `reach` of the significant ones of a cluster. Reads a few blocks of variants
/// and the rows of the region. DataError if the rows of the association result are not the variants
/// of the genotypes, or if positions do not ascend.
Region read_region(const GenotypeSource& genotypes, const H5File& association,
                   const TestedTrait& trait, const Cluster& cluster, std::uint32_t reach);

/// Whether [start, end] of a chromosome overlaps the HLA region: 6:25-34 Mb in GRCh37, and what
/// corresponds to it in GRCh38.
bool overlaps_hla(std::string_view genome_build, std::string_view chromosome, std::uint32_t start,
                  std::uint32_t end) noexcept;

/// Windows around index variants, merged where they overlap.
struct Window {
    std::uint32_t start = 0, end = 0;        // bp, both included
    std::vector<std::size_t> index_variants; // of the region, ascending
};
/// \param index_variants  ascending by position
std::vector<Window> merge_windows(const Region& region, std::span<const std::size_t> index_variants,
                                  std::uint32_t half_width);

} // namespace salus::loci
