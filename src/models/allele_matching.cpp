#include "models/allele_matching.hpp"

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

bool is_base(char c) noexcept { return c == 'A' || c == 'C' || c == 'G' || c == 'T'; }

char complement(char base) noexcept {
    switch (base) {
    case 'A':
        return 'T';
    case 'C':
        return 'G';
    case 'G':
        return 'C';
    default:
        return 'A';
    }
}

} // namespace

AlleleKind allele_kind(std::string_view effect, std::string_view other) noexcept {
    const auto bases = [](std::string_view allele) {
        return !allele.empty() && std::all_of(allele.begin(), allele.end(), is_base);
    };
    if (effect == other || !bases(effect) || !bases(other)) return AlleleKind::invalid;
    if (effect.size() > 1 || other.size() > 1) return AlleleKind::longer;
    return effect[0] == complement(other[0]) ? AlleleKind::palindromic : AlleleKind::snv;
}

std::string allele_key(std::string_view effect, std::string_view other, bool one_strand) {
    const AlleleKind kind = allele_kind(effect, other);
    if (kind == AlleleKind::longer) return std::string(effect) + '>' + std::string(other);
    char first = std::min(effect[0], other[0]), second = std::max(effect[0], other[0]);
    if (kind == AlleleKind::snv && !one_strand && first != 'A') { // C/T is A/G, G/T is A/C
        const char a = complement(first), b = complement(second);
        first = std::min(a, b);
        second = std::max(a, b);
    }
    return {first, second};
}

AlleleMatch match_alleles(std::string_view effect, std::string_view reference_effect) noexcept {
    if (effect.size() > 1 || reference_effect.size() > 1) return AlleleMatch::same;
    const bool same = effect == reference_effect || effect[0] == complement(reference_effect[0]);
    return same ? AlleleMatch::same : AlleleMatch::swapped;
}

bool on_other_strand(std::string_view effect, std::string_view reference_effect,
                     std::string_view reference_other) noexcept {
    return effect != reference_effect && effect != reference_other;
}

AlleleMatch match_frequency(double frequency, double reference,
                            const FrequencyLimits& limits) noexcept {
    const auto tells = [&](double f) { return std::min(f, 1 - f) <= limits.minor_max; };
    if (!tells(frequency) || !tells(reference)) return AlleleMatch::unknown; // NaN too
    if (std::abs(frequency - reference) <= limits.difference_max &&
        (frequency < 0.5) == (reference < 0.5))
        return AlleleMatch::same;
    if (std::abs(1 - frequency - reference) <= limits.difference_max &&
        (1 - frequency < 0.5) == (reference < 0.5))
        return AlleleMatch::swapped;
    return AlleleMatch::unknown;
}

} // namespace salus
