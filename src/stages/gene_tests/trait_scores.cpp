#include "stages/gene_tests/trait_scores.hpp"

#include "models/saddlepoint.hpp"
#include "models/tails.hpp"

#include <algorithm>
#include <cmath>

namespace salus::gene_tests {

TraitScores::TraitScores(const association::ScanPlan& plan, const association::TraitPlan& trait)
    : plan_(plan), trait_(trait), set_(plan.sets[trait.set]), scale_(plan.columns.columns()) {
    for (std::size_t c = 0; c < scale_.size(); ++c)
        scale_[c] = std::ldexp(1.0, plan.columns.exponent(c));
    first_ = trait.binary ? trait.logistic.first_weighted : set_.first_column;
    count_ = trait.binary ? set_.covariates + 1 : set_.covariates;
    if (!trait.binary)
        residual_variance_ =
            trait.yy / (static_cast<double>(trait.n) - static_cast<double>(count_) - 1);
}

Score TraitScores::score(const SparseColumn& column) const {
    Score result;
    result.projection.assign(count_ + (trait_.binary ? 0 : 1), 0.0);
    double squares = 0, sum = 0;
    for (std::size_t k = 0; k < column.size(); ++k) {
        const std::uint32_t sample = column.sample[k];
        const double g = column.value[k];
        result.score += g * at(trait_.column, sample);
        for (std::size_t c = 0; c < count_; ++c)
            result.projection[c] += g * at(first_ + c, sample);
        const double weight = trait_.binary ? at(first_, sample) * trait_.logistic.root_weight : 1;
        squares += weight * g * g;
        sum += g;
    }
    if (!trait_.binary) { // orthonormal columns: intercept, covariates
        result.projection.back() = sum / std::sqrt(static_cast<double>(trait_.n));
        const double root = std::sqrt(residual_variance_);
        for (double& value : result.projection)
            value /= root;
        squares /= residual_variance_;
        result.score /= residual_variance_;
    }
    result.variance = covariance(squares, result, result);
    if (result.variance < 1e-9 * squares) result.variance = 0; // the covariates determine it
    return result;
}

std::vector<double> TraitScores::weights(const SparseColumn& column) const {
    std::vector<double> result(column.size(), 1 / residual_variance_);
    if (trait_.binary)
        for (std::size_t k = 0; k < column.size(); ++k)
            result[k] = at(first_, column.sample[k]) * trait_.logistic.root_weight;
    return result;
}

double TraitScores::covariance(double product, const Score& a, const Score& b) noexcept {
    for (std::size_t c = 0; c < a.projection.size(); ++c)
        product -= a.projection[c] * b.projection[c];
    return product;
}

double TraitScores::saddlepoint(const SparseColumn& column, const Score& score) const {
    const double z = score.score / std::sqrt(score.variance);
    if (std::fabs(z) < 2) return normal_neg_log10_p(z);
    // Carriers exactly, all others together as normal.
    const std::size_t padded = padded_samples(column.size());
    std::vector<double> logit(padded), slope(padded), outcome(padded);
    double rest = score.variance;
    for (std::size_t k = 0; k < column.size(); ++k) {
        const std::uint32_t sample = column.sample[k];
        const double weight = at(first_, sample) * trait_.logistic.root_weight;
        double fitted = 0;
        for (std::size_t c = 0; c < count_; ++c)
            fitted += at(first_ + c, sample) * score.projection[c];
        logit[k] = trait_.logistic.logit[set_.positions[sample]];
        slope[k] = column.value[k] - fitted / weight;
        rest -= weight * slope[k] * slope[k];
    }
    return saddlepoint_test({.exact = {.offset = logit,
                                       .slope = slope,
                                       .outcome = outcome,
                                       .samples = column.size()},
                             .rest_variance = std::max(0.0, rest),
                             .score = score.score,
                             .variance = score.variance})
        .neg_log10_p;
}

} // namespace salus::gene_tests
