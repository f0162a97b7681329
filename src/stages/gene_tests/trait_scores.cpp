#include "stages/gene_tests/trait_scores.hpp"

#include "models/poisson_saddlepoint.hpp"
#include "models/saddlepoint.hpp"
#include "models/tails.hpp"

#include <algorithm>
#include <cmath>

namespace salus::gene_tests {

TraitScores::TraitScores(const association::ScanPlan& plan, const association::TraitPlan& trait)
    : plan_(plan), trait_(trait), set_(plan.sets[trait.set]), scale_(plan.columns.columns()) {
    for (std::size_t c = 0; c < scale_.size(); ++c)
        scale_[c] = std::ldexp(1.0, plan.columns.exponent(c));
    count_ = set_.covariates;
    if (trait.survival) {
        weight_column_ = trait.survival->first_weighted;
        root_weight_ = trait.survival->root_weight;
        first_ = weight_column_ + 1;
    } else if (trait.binary) {
        first_ = weight_column_ = trait.logistic.first_weighted;
        root_weight_ = trait.logistic.root_weight;
        ++count_;
    } else {
        first_ = set_.first_column;
        residual_variance_ =
            trait.yy / (static_cast<double>(trait.n) - static_cast<double>(count_) - 1);
    }
}

Score TraitScores::score(const SparseColumn& column) const {
    Score result;
    const bool quantitative = trait_.is_quantitative();
    result.projection.assign(count_ + (quantitative ? 1 : 0), 0.0);
    double squares = 0, sum = 0;
    for (std::size_t k = 0; k < column.size(); ++k) {
        const std::uint32_t sample = column.sample[k];
        const double g = column.value[k];
        result.score += g * at(trait_.column, sample);
        for (std::size_t c = 0; c < count_; ++c)
            result.projection[c] += g * at(first_ + c, sample);
        squares += weight(sample) * g * g;
        sum += g;
    }
    if (quantitative) { // orthonormal columns: intercept, covariates
        result.projection.back() = sum / std::sqrt(static_cast<double>(trait_.n));
        const double root = std::sqrt(residual_variance_);
        for (double& value : result.projection)
            value /= root;
        result.score /= residual_variance_;
    }
    if (trait_.survival)
        result.squared_means =
            CoxScore::Carriers(*trait_.survival->score).squared_means(rows_of(column));
    result.variance = covariance(squares, result.squared_means, result, result);
    if (result.variance < 1e-9 * squares) result.variance = 0; // the covariates determine it
    return result;
}

std::vector<double> TraitScores::weights(const SparseColumn& column) const {
    std::vector<double> result(column.size());
    for (std::size_t k = 0; k < column.size(); ++k)
        result[k] = weight(column.sample[k]);
    return result;
}

double TraitScores::covariance(double product, double means, const Score& a,
                               const Score& b) noexcept {
    product -= means;
    for (std::size_t c = 0; c < a.projection.size(); ++c)
        product -= a.projection[c] * b.projection[c];
    return product;
}

// The squared means of the sum of both columns have it twice.
double TraitScores::products_of_means(const SparseColumn& a, const Score& of_a,
                                      const SparseColumn& b, const Score& of_b) const {
    if (!trait_.survival) return 0;
    auto rows = rows_of(a);
    const auto others = rows_of(b);
    rows.insert(rows.end(), others.begin(), others.end());
    const double both = CoxScore::Carriers(*trait_.survival->score).squared_means(rows);
    return 0.5 * (both - of_a.squared_means - of_b.squared_means);
}

std::vector<CoxScore::RowValue> TraitScores::rows_of(const SparseColumn& column) const {
    std::vector<CoxScore::RowValue> rows;
    rows.reserve(column.size());
    for (std::size_t k = 0; k < column.size(); ++k)
        rows.push_back({trait_.survival->row_of[column.sample[k]], column.value[k]});
    return rows;
}

double TraitScores::saddlepoint(const SparseColumn& column, const Score& score) const {
    const double z = score.score / std::sqrt(score.variance);
    if (std::fabs(z) < 2) return normal_neg_log10_p(z);
    return trait_.survival ? poisson_saddlepoint(column, score)
                           : bernoulli_saddlepoint(column, score);
}

double TraitScores::poisson_saddlepoint(const SparseColumn& column, const Score& score) const {
    association::PoissonRegression regression;
    const auto rows = rows_of(column);
    return PoissonSaddlepoint()
        .test(regression.of(*trait_.survival, rows, score.score, score.variance))
        .neg_log10_p;
}

double TraitScores::bernoulli_saddlepoint(const SparseColumn& column, const Score& score) const {
    // Carriers exactly, all others together as normal.
    const std::size_t padded = padded_samples(column.size());
    std::vector<double> logit(padded), slope(padded), outcome(padded);
    double rest = score.variance;
    for (std::size_t k = 0; k < column.size(); ++k) {
        const std::uint32_t sample = column.sample[k];
        const double weighed = weight(sample);
        double fitted = 0;
        for (std::size_t c = 0; c < count_; ++c)
            fitted += at(first_ + c, sample) * score.projection[c];
        logit[k] = trait_.logistic.logit[set_.positions[sample]];
        slope[k] = column.value[k] - fitted / weighed;
        rest -= weighed * slope[k] * slope[k];
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

double TraitScores::expected(std::uint32_t sample) const {
    if (trait_.survival)
        return trait_.survival->score->state().expected[trait_.survival->row_of[sample]];
    return 1 / (1 + std::exp(-trait_.logistic.logit[set_.positions[sample]]));
}

CarrierOutcome TraitScores::outcome(std::uint32_t sample) const {
    CarrierOutcome result{
        .mean = expected(sample), .observed = is_case(sample) ? 1.0 : 0.0, .standardised = {}};
    if (!trait_.survival) {
        for (std::size_t c = 0; c < count_; ++c)
            result.standardised.push_back(at(first_ + c, sample) / weight(sample));
        return result;
    }
    const association::SurvivalPlan& plan = *trait_.survival;
    const std::size_t row = plan.row_of[sample], count = plan.projected;
    result.standardised.resize(count);
    for (std::size_t a = 0; a < count; ++a) {
        double value = plan.rows[row * count + a];
        for (std::size_t b = 0; b < a; ++b)
            value -= plan.factor[a * count + b] * result.standardised[b];
        result.standardised[a] = value / plan.factor[a * count + a];
    }
    return result;
}

} // namespace salus::gene_tests
