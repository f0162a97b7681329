#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace salus {

enum class AlleleKind : std::uint8_t {
    snv,         // two bases that are not each other's complement
    palindromic, // A/T or C/G: the letters do not tell the strand
    longer,      // indels and others of more than one base
    invalid,     // equal, empty, or other letters than A, C, G, T
};
/// Letters in upper case.
AlleleKind allele_kind(std::string_view effect, std::string_view other) noexcept;

/// Two rows at one position are of the same variant if their keys are equal. SNVs: with their
/// complements unless all studies are on one strand; palindromic ones without regard to order;
/// longer ones in their order, since an insertion and a deletion can have the same two alleles.
std::string allele_key(std::string_view effect, std::string_view other, bool one_strand);

enum class AlleleMatch : std::uint8_t { same, swapped, unknown };

/// Whether the effect alleles of two rows with the same key are the same allele. Palindromic SNVs
/// on unknown strands: by frequency, see match_frequency. Longer alleles: same.
AlleleMatch match_alleles(std::string_view effect, std::string_view reference_effect) noexcept;
/// Whether the letters of a row are on the other strand than those of the reference (SNVs).
bool on_other_strand(std::string_view effect, std::string_view reference_effect,
                     std::string_view reference_other) noexcept;

/// Limits within which a frequency tells alleles apart.
struct FrequencyLimits {
    double minor_max = 0.42;     // minor allele frequencies above it tell nothing
    double difference_max = 0.2; // of the same allele in two studies
};
/// Whether the effect alleles of two rows, at the frequencies given, are the same allele, if there
/// is nothing else to tell; unknown if a frequency is NaN or too near to a half, or fits neither.
AlleleMatch match_frequency(double frequency, double reference,
                            const FrequencyLimits& limits) noexcept;

} // namespace salus
