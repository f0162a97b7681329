#pragma once

#include "genotype/genotype_source.hpp"
#include "kernels/call_sums.hpp"
#include "kernels/genotype_counts.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace salus {

/// Variants that a sample statistic treats alike.
enum class VariantClass : std::uint8_t {
    transition,       // autosomal single-base change A<->G or C<->T
    transversion,     // any other autosomal single-base change
    other,            // other autosomal variants
    pseudo_autosomal, // diploid in everybody, but left out of autosomal statistics
    x_linked,         // X outside the pseudo-autosomal regions
    y_linked,         // the same of Y
    mitochondrial,
};
inline constexpr std::size_t variant_classes = 7;
inline constexpr std::array<std::string_view, variant_classes> variant_class_names{
    "transition", "transversion", "other",        "pseudo_autosomal",
    "x_linked",   "y_linked",     "mitochondrial"};

constexpr bool is_autosomal(VariantClass c) noexcept { return c <= VariantClass::other; }
VariantClass classify(const Variant& variant, std::string_view genome_build) noexcept;

/// Calls of every sample over the variants of one class.
struct ClassCounts {
    std::uint64_t variants = 0;
    std::vector<std::uint32_t> het, hom_alt, missing; // [sample], empty while variants == 0
};

/// Expected heterozygosity is summed as integers of this unit, so that no sum depends on its order.
inline constexpr double expected_unit = 0x1p-32;

/// What the sample statistics need of a set of variants; all integers, so sets add up exactly.
/// Memory: up to 164 bytes per sample.
struct SampleCounts {
    std::array<ClassCounts, variant_classes> by_class;
    std::vector<std::uint32_t>
        singletons; // [sample] autosomal variants whose only ALT copy is here
    /// Sum of 2pq over the variants, and [sample] over those where the sample has no call.
    std::uint64_t expected_het = 0, expected_het_x = 0;
    std::vector<std::uint64_t> expected_het_missing, expected_het_missing_x;

    explicit SampleCounts(std::size_t samples);
    std::size_t size() const noexcept { return singletons.size(); }
    ClassCounts& of(VariantClass c); // makes its columns on first use
    /// Brings what the counters of 2-bit rows hold into `by_class`.
    void finish();

    std::array<std::optional<CallCounter>, variant_classes> counters; // of 2-bit rows
};

/// What a variant adds beside its calls.
struct VariantFacts {
    VariantClass variant_class = VariantClass::other;
    GenotypeCounts counts;   // over all samples
    double expected_het = 0; // 2pq with the frequency of this variant
};

/// Adds the variants of a block; `finish()` comes after the last. Cost: about 0.03 ns per genotype
/// in 2-bit rows, O(1) per entry of a carrier list or missing call. Works on all threads of the
/// rank.
void add_samples(const VariantBlock& block, std::span<const VariantFacts> facts, SampleCounts& sum);

} // namespace salus
