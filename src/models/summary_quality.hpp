#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace salus {

/// Why summary statistics of a variant are not used.
enum class SummaryDefect : std::uint8_t {
    none,
    no_effect,     // beta, standard error or sample size is not there or not positive
    low_frequency, // SD of the genotype below 0.05 in the LD samples, or no variation
    spread,        // SD of the genotype by the statistics is not that of the LD samples
    frequency,     // allele frequencies differ by more than 0.2
    sample_size,   // farther than 3 SD from the mean
    ambiguous      // A/T or C/G with a frequency between 0.4 and 0.6
};
inline constexpr std::size_t summary_defects = 7;
std::string_view to_string(SummaryDefect defect) noexcept;

/// One variant; numbers are of ALT, NaN where not known.
struct SummaryVariant {
    double beta, standard_error, n;
    double frequency;    // in the study
    double ld_frequency; // in the LD samples
    bool palindromic;
};

/// The first defect of each. \param binary  effects are logarithms of odds, n is effective.
/// Prive F et al. 2020, doi:10.1093/bioinformatics/btaa1029, and the limits of Prive F et al. 2022,
/// doi:10.1016/j.xhgg.2022.100136.
std::vector<SummaryDefect> summary_defects_of(std::span<const SummaryVariant> variants,
                                              bool binary);

/// sqrt(n se^2 + b^2): a standardised effect is b over it.
double effect_scale(const SummaryVariant& variant) noexcept;

} // namespace salus
