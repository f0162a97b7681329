#include "models/meta_analysis.hpp"

#include "base/numbers.hpp"
#include "models/contingency.hpp"
#include "models/tails.hpp"

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

struct Weights {
    double sum = 0, squares = 0, products = 0; // of w, w^2 and w beta
};

Weights weigh(std::span<const StudyEffect> studies, double tau_squared) noexcept {
    Weights sums;
    for (const auto& [beta, standard_error] : studies) {
        const double w = 1 / (standard_error * standard_error + tau_squared);
        sums.sum += w;
        sums.squares += w * w;
        sums.products += w * beta;
    }
    return sums;
}

MetaEffect effect_of(const Weights& sums) noexcept {
    MetaEffect effect{.beta = sums.products / sums.sum, .standard_error = std::sqrt(1 / sums.sum)};
    effect.neg_log10_p = normal_neg_log10_p(effect.beta / effect.standard_error);
    return effect;
}

} // namespace

MetaAnalysis combine_effects(std::span<const StudyEffect> studies) noexcept {
    MetaAnalysis out;
    const Weights sums = weigh(studies, 0);
    out.fixed = effect_of(sums);
    out.degrees_of_freedom = static_cast<unsigned>(studies.size() - 1);
    if (studies.size() < 2) {
        out.random = out.fixed;
        out.q_neg_log10_p = out.i_squared = nan;
        return out;
    }
    for (const auto& [beta, standard_error] : studies) {
        const double scaled = (beta - out.fixed.beta) / standard_error;
        out.q += scaled * scaled;
    }
    const double excess = std::max(0.0, out.q - out.degrees_of_freedom);
    out.q_neg_log10_p = chi_square_neg_log10_p(out.q, out.degrees_of_freedom);
    out.i_squared = excess > 0 ? excess / out.q : 0;
    out.tau_squared = excess / (sums.sum - sums.squares / sums.sum);
    out.random = effect_of(weigh(studies, out.tau_squared));
    return out;
}

MetaScore combine_scores(std::span<const StudyScore> studies) noexcept {
    double sum = 0, people = 0;
    for (const auto& [z, n] : studies) {
        sum += std::sqrt(n) * z;
        people += n;
    }
    MetaScore out{.z = studies.empty() ? nan : sum / std::sqrt(people)};
    out.neg_log10_p = normal_neg_log10_p(out.z);
    return out;
}

NullCorrelation null_correlation(double sum_of_products, double variants) noexcept {
    if (!(variants > 0)) return {.value = nan, .standard_error = nan};
    // Mean square of a standard normal variable given that it lies within -1 and 1.
    constexpr double spread = 0.29112509477279314;
    return {.value = sum_of_products / variants / (spread * spread),
            .standard_error = 1 / (spread * std::sqrt(variants))};
}

} // namespace salus
