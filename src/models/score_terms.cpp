#include "models/score_terms.hpp"

#include <cmath>

namespace salus {
namespace {

/// Expectation of the counted genotype under Hardy-Weinberg proportions.
double expected(ScoreMode mode, double f) noexcept {
    if (mode == ScoreMode::dominant) return 1 - (1 - f) * (1 - f);
    if (mode == ScoreMode::recessive) return f * f;
    return 2 * f;
}

double missing_value(ScoreMode mode, MissingRule rule, double f) noexcept {
    if (rule == MissingRule::nothing) return 0;
    const bool centred = mode == ScoreMode::centred || mode == ScoreMode::standardised;
    if (rule == MissingRule::expected) return centred ? 0 : expected(mode, f);
    return mode == ScoreMode::dominant || mode == ScoreMode::recessive ? f : 2 * f;
}

} // namespace

ScoreTerm score_term(ScoreMode mode, MissingRule rule, bool effect_is_alt, double weight,
                     double alt_frequency) noexcept {
    const double alt = std::isnan(alt_frequency) ? 0 : alt_frequency;
    const double f = effect_is_alt ? alt : 1 - alt;
    if (mode == ScoreMode::standardised) {
        const double variance = 2 * alt * (1 - alt);
        if (!(variance > 0)) return {};
        weight /= std::sqrt(variance);
    }
    // On ALT copies g the counted genotype is x(g), or 1 - x'(g) with the other shape for REF.
    ScoreTerm term;
    const double sign = effect_is_alt ? 1 : -1;
    double start = effect_is_alt ? 0 : 2;
    if (mode == ScoreMode::dominant || mode == ScoreMode::recessive) {
        const bool carrier = (mode == ScoreMode::dominant) == effect_is_alt;
        term.shape = carrier ? CallShape::carrier : CallShape::two_copies;
        start = effect_is_alt ? 0 : 1;
    }
    if (mode == ScoreMode::centred || mode == ScoreMode::standardised) start -= 2 * f;
    term.slope = sign * weight;
    term.constant = start * weight;
    term.missing = missing_value(mode, rule, f) * weight;
    return term;
}

} // namespace salus
