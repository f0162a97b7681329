#pragma once

#include "kernels/genotype_planes.hpp"
#include "kernels/isa.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace salus {

/// Calls of two samples over the variants that are called in both.
struct PairCounts {
    std::uint32_t het_het = 0; // both heterozygous
    std::uint32_t het_hom = 0; // the first heterozygous, the second homozygous
    std::uint32_t hom_het = 0; // the other way round
    std::uint32_t ibs0 = 0;    // homozygous for different alleles: no allele in common

    std::uint32_t het_first() const noexcept { return het_het + het_hom; }
    std::uint32_t het_second() const noexcept { return het_het + hom_het; }
    /// Sum of squared differences of ALT copies.
    std::uint32_t distance() const noexcept { return het_hom + hom_het + 4 * ibs0; }
    friend bool operator==(const PairCounts&, const PairCounts&) = default;
};

inline constexpr std::size_t group_first = 2, group_second = 4;
inline constexpr std::size_t group_pairs = group_first * group_second;

/// Two samples to be compared with four; pointers to runs of chunks (genotype_planes.hpp), any
/// alignment. The same sample may come more than once. At most 2^20 chunks.
struct PairGroup {
    std::array<const std::uint8_t*, group_first> first;
    std::array<const std::uint8_t*, group_second> second;
    std::size_t chunks = 0;
};

/// What a missing call of one sample is in a distance.
enum class MissingCall {
    skipped, // the variant does not count
    het,     // heterozygous: 1 for every variant where the other one is homozygous; a fifth cheaper
};

/// Adds the squared distance (PairCounts::distance) of every pair to sums[first * 4 + second].
/// Exact integers, the same on every instruction set, overflow beyond 2^32. With AVX-512: 1.3 ns
/// per pair and chunk, 1.05 with missing calls as heterozygous. Manichaikul et al. 2010,
/// doi:10.1093/bioinformatics/btq559, counts heterozygotes and opposite homozygotes; their sum of
/// squares is what decides (docs/methods.md).
void add_distances(const PairGroup& group, std::array<std::uint32_t, group_pairs>& sums,
                   MissingCall missing_call = MissingCall::skipped, Isa isa = best_isa()) noexcept;

/// Adds the counts of every pair to sums[first * 4 + second]. About 1.8 times the cost.
void add_pair_counts(const PairGroup& group, std::array<PairCounts, group_pairs>& sums,
                     Isa isa = best_isa()) noexcept;

/// Variants that are called in both samples.
std::uint32_t jointly_called(const std::uint8_t* first, const std::uint8_t* second,
                             std::size_t chunks, Isa isa = best_isa()) noexcept;

/// Heterozygous and called variants of one sample.
struct SampleCalls {
    std::uint32_t het = 0, called = 0;
};
SampleCalls count_calls(const std::uint8_t* planes, std::size_t chunks,
                        Isa isa = best_isa()) noexcept;

namespace detail {
void add_distances_avx2(const PairGroup& group, MissingCall missing_call,
                        std::uint32_t* sums) noexcept;
void add_distances_avx512(const PairGroup& group, MissingCall missing_call,
                          std::uint32_t* sums) noexcept;
void add_pair_counts_avx2(const PairGroup& group, PairCounts* sums) noexcept;
void add_pair_counts_avx512(const PairGroup& group, PairCounts* sums) noexcept;
} // namespace detail

} // namespace salus
