#pragma once

#include "kernels/score_sums.hpp"

#include <cstdint>

namespace salus {

/// What of the effect allele a score counts, as in plink2 --score.
enum class ScoreMode : std::uint8_t {
    additive,    // copies
    dominant,    // 1 with at least one copy
    recessive,   // 1 with two copies
    centred,     // copies - 2 f
    standardised // (copies - 2 f) / sqrt(2 f (1 - f)); 0 where f is 0 or 1
};

/// What counts where a genotype is missing.
enum class MissingRule : std::uint8_t {
    expected, // what the mode expects at frequency f under Hardy-Weinberg proportions
    plink2, // 2 f, times the scale of the mode, without centring; f in dominant and recessive mode
    nothing // 0
};

/// The term of a variant with `weight` per unit of the mode.
/// \param effect_is_alt  whether the effect allele is ALT; else it is REF.
/// \param alt_frequency  in [0, 1]; NaN counts as 0.
ScoreTerm score_term(ScoreMode mode, MissingRule rule, bool effect_is_alt, double weight,
                     double alt_frequency) noexcept;

} // namespace salus
