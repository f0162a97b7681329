#include "models/interaction.hpp"

#include "models/vectors.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace salus {
namespace {

// Share of squares that must be left of g and of g x e.
constexpr double product_collinear_below = 1e-6;

constexpr std::size_t tile_samples = 1024;

// Beyond this log odds ratio per standard deviation, estimates are on the way to infinity.
constexpr double separated_above = 15;

// Squared residuals with their enlargement by leverage; all of one tile.
void enlarge(RobustError kind, std::span<const double> residual, std::span<const double> leverage,
             std::span<double> out) noexcept {
    for (std::size_t i = 0; i < out.size(); ++i) {
        const double left = 1 - leverage[i];
        const double by = kind == RobustError::hc3 ? left * left : left;
        const double square = residual[i] * residual[i];
        out[i] = kind == RobustError::hc3 || kind == RobustError::hc2 ? square / by : square;
    }
}

double correction(RobustError kind, double samples, double parameters) noexcept {
    return kind == RobustError::hc1 ? samples / (samples - parameters) : 1;
}

DesignColumns tile_of(const DesignColumns& design, std::size_t begin, std::size_t length,
                      std::vector<const double*>& columns) {
    columns.clear();
    for (const double* column : design.columns)
        columns.push_back(column + begin);
    return {.columns = columns, .samples = length};
}

} // namespace

std::vector<double> basis_leverage(const DesignColumns& basis) {
    std::vector<double> leverage(basis.padded(), 0.0);
    for (const double* column : basis.columns)
        for (std::size_t i = 0; i < basis.samples; ++i)
            leverage[i] += column[i] * column[i] / static_cast<double>(basis.samples);
    return leverage;
}

void LinearInteraction::Variant::solve(std::size_t basis, std::size_t residuals, double samples) {
    for (int k = 0; k < 2; ++k) {
        along[k].assign(sums[k].begin(), sums[k].begin() + static_cast<std::ptrdiff_t>(basis));
        for (double& value : along[k])
            value /= samples;
    }
    const std::size_t g = basis + residuals, product = g + 1;
    const double squares = sums[0][g] - samples * dot(along[0], along[0]);
    const double mixed = sums[1][g] - samples * dot(along[0], along[1]);
    const double products = sums[1][product] - samples * dot(along[1], along[1]);
    const double left = products - mixed * mixed / squares;
    usable = squares > product_collinear_below * sums[0][g] &&
             left > product_collinear_below * sums[1][product];
    inverse = {.main = products / (squares * left),
               .interaction = 1 / left,
               .both = -mixed / (squares * left)};
}

void LinearInteraction::add_products(std::span<const double* const> genotypes,
                                     std::span<const double* const> residuals) {
    const DesignColumns& basis = design_.basis;
    const std::size_t width = basis.count() + residuals.size() + 2;
    std::vector<double> sums(width);
    for (Variant& variant : variants_)
        for (auto& values : variant.sums)
            values.assign(width, 0.0);
    product_.resize(tile_samples);
    for (std::size_t begin = 0; begin < basis.padded(); begin += tile_samples) {
        const std::size_t length = std::min(tile_samples, basis.padded() - begin);
        tile_of(basis, begin, length, columns_);
        for (const double* residual : residuals)
            columns_.push_back(residual + begin);
        columns_.resize(width);
        columns_[width - 1] = product_.data();
        for (std::size_t v = 0; v < genotypes.size(); ++v) {
            const double* const g = genotypes[v] + begin;
            columns_[width - 2] = g;
            for (std::size_t i = 0; i < length; ++i)
                product_[i] = g[i] * design_.environment[begin + i];
            for (int k = 0; k < 2; ++k) {
                const auto values = std::span(k == 0 ? g : product_.data(), length);
                column_products({.columns = columns_, .samples = length}, values, sums);
                for (std::size_t c = 0; c < width; ++c)
                    variants_[v].sums[k][c] += sums[c];
            }
        }
    }
}

void LinearInteraction::add_meat_of_tile(const Variant& variant, const double* genotype,
                                         std::size_t begin, std::size_t length,
                                         std::span<const double* const> residuals,
                                         std::span<InteractionFit> fits) {
    auto &main = main_, &product = tile_product_, &leverage = leverage_, &influence = influence_,
         &rest = rest_, &weight = weight_;
    for (auto* values : {&main, &product, &leverage, &influence, &rest, &weight})
        values->resize(length);
    const DesignColumns basis = tile_of(design_.basis, begin, length, columns_);
    linear_predictor(basis, variant.along[0], main);
    linear_predictor(basis, variant.along[1], product);
    const EffectCovariance& inverse = variant.inverse;
    for (std::size_t i = 0; i < length; ++i) {
        const double g = genotype[begin + i];
        const double a = g - main[i], b = g * design_.environment[begin + i] - product[i];
        main[i] = a;
        product[i] = b;
        leverage[i] = design_.leverage[begin + i] + inverse.main * a * a +
                      2 * inverse.both * a * b + inverse.interaction * b * b;
        const double q = inverse.both * a + inverse.interaction * b;
        influence[i] = q * q;
    }
    // Beyond the samples all basis columns and genotypes are 0, so nothing is added there.
    const double* const squares[] = {influence.data()};
    double fourth = 0;
    column_products({.columns = squares, .samples = length}, influence, std::span(&fourth, 1));
    const double highest = *std::max_element(leverage.begin(), leverage.end());
    const double* const effects[] = {main.data(), product.data()};
    for (std::size_t t = 0; t < residuals.size(); ++t) {
        InteractionFit& fit = fits[t];
        for (std::size_t i = 0; i < length; ++i)
            rest[i] = residuals[t][begin + i] - fit.main * main[i] - fit.interaction * product[i];
        enlarge(design_.robust, rest, leverage, weight);
        double meat[4];
        weighted_gram({.columns = effects, .samples = length}, weight, meat);
        fit.robust.main += meat[0];
        fit.robust.both += meat[1];
        fit.robust.interaction += meat[3];
        fit.effective_samples += fourth;
        fit.largest_leverage = std::max(fit.largest_leverage, highest);
    }
}

void LinearInteraction::add_meat(std::span<const double* const> genotypes,
                                 std::span<const double* const> residuals,
                                 std::span<InteractionFit> fits) {
    const std::size_t traits = residuals.size(), padded = design_.basis.padded();
    for (std::size_t begin = 0; begin < padded; begin += tile_samples)
        for (std::size_t v = 0; v < genotypes.size(); ++v)
            if (variants_[v].usable)
                add_meat_of_tile(variants_[v], genotypes[v], begin,
                                 std::min(tile_samples, padded - begin), residuals,
                                 fits.subspan(v * traits, traits));
    const auto samples = static_cast<double>(design_.basis.samples);
    const double factor =
        correction(design_.robust, samples, static_cast<double>(design_.basis.count() + 2));
    for (std::size_t v = 0; v < genotypes.size(); ++v) {
        const EffectCovariance& b = variants_[v].inverse;
        for (InteractionFit& fit : fits.subspan(v * traits, traits)) {
            const EffectCovariance m = fit.robust;
            fit.robust.main = factor * (b.main * b.main * m.main + 2 * b.main * b.both * m.both +
                                        b.both * b.both * m.interaction);
            fit.robust.interaction =
                factor * (b.both * b.both * m.main + 2 * b.both * b.interaction * m.both +
                          b.interaction * b.interaction * m.interaction);
            fit.robust.both =
                factor * (b.main * b.both * m.main + b.both * b.interaction * m.interaction +
                          (b.main * b.interaction + b.both * b.both) * m.both);
            fit.effective_samples = b.interaction * b.interaction / fit.effective_samples;
        }
    }
}

void LinearInteraction::fit(std::span<const double* const> genotypes,
                            std::span<const double* const> residuals,
                            std::span<InteractionFit> fits, std::span<unsigned char> usable) {
    const std::size_t columns = design_.basis.count(), traits = residuals.size();
    const auto samples = static_cast<double>(design_.basis.samples);
    variants_.assign(genotypes.size(), {});
    add_products(genotypes, residuals);
    std::vector<double> squares;
    for (const double* residual : residuals)
        squares.push_back(dot(std::span(residual, design_.basis.samples),
                              std::span(residual, design_.basis.samples)));
    for (std::size_t v = 0; v < genotypes.size(); ++v) {
        Variant& variant = variants_[v];
        variant.solve(columns, traits, samples);
        usable[v] = variant.usable ? 1 : 0;
        const EffectCovariance& inverse = variant.inverse;
        for (std::size_t t = 0; t < traits; ++t) {
            InteractionFit& fit = fits[v * traits + t];
            fit = {};
            if (!variant.usable) continue;
            const double g = variant.sums[0][columns + t], product = variant.sums[1][columns + t];
            fit.main = inverse.main * g + inverse.both * product;
            fit.interaction = inverse.both * g + inverse.interaction * product;
            const double rest = squares[t] - fit.main * g - fit.interaction * product;
            fit.state = rest > 1e-12 * squares[t] ? InteractionFit::State::fitted
                                                  : InteractionFit::State::no_variance;
            const double variance = rest / (samples - static_cast<double>(columns + 2));
            fit.model = {.main = inverse.main * variance,
                         .interaction = inverse.interaction * variance,
                         .both = inverse.both * variance};
        }
    }
    if (traits > 0) add_meat(genotypes, residuals, fits);
}

// Inverse of the information in inverse_, and factor_ = L^-1 of its Cholesky factor.
bool LogisticInteraction::invert_information(const DesignColumns& design,
                                             std::span<const double> coefficients,
                                             std::span<const double> outcome) {
    const std::size_t k = design.count();
    for (auto* values : {&eta_, &residual_, &weight_, &leverage_})
        values->resize(design.padded());
    for (auto* values : {&gram_, &inverse_, &factor_})
        values->assign(k * k, 0.0);
    linear_predictor(design, coefficients, eta_);
    logistic_terms(eta_, outcome, design.samples, residual_, weight_);
    weighted_gram(design, weight_, gram_);
    for (std::size_t a = 0; a < k; ++a) { // the lower factor in place of gram_
        for (std::size_t b = 0; b <= a; ++b) {
            double sum = gram_[a * k + b];
            for (std::size_t c = 0; c < b; ++c)
                sum -= gram_[a * k + c] * gram_[b * k + c];
            if (a == b && !(sum > 1e-12 * gram_[a * k + a])) return false;
            gram_[a * k + b] = a == b ? std::sqrt(sum) : sum / gram_[b * k + b];
        }
    }
    for (std::size_t a = 0; a < k; ++a) {
        for (std::size_t b = 0; b <= a; ++b) {
            double sum = a == b ? 1 : 0;
            for (std::size_t c = b; c < a; ++c)
                sum -= gram_[a * k + c] * factor_[c * k + b];
            factor_[a * k + b] = sum / gram_[a * k + a];
        }
    }
    for (std::size_t a = 0; a < k; ++a)
        for (std::size_t b = 0; b < k; ++b)
            for (std::size_t c = std::max(a, b); c < k; ++c)
                inverse_[a * k + b] += factor_[c * k + a] * factor_[c * k + b];
    return true;
}

void LogisticInteraction::add_robust(const DesignColumns& design, InteractionFit& fit) {
    const std::size_t k = design.count(), n = design.samples;
    leverages(design, weight_, factor_, leverage_);
    for (std::size_t e = 0; e < 2; ++e) {
        influence_[e].resize(design.padded());
        linear_predictor(design, std::span(inverse_).subspan((k - 2 + e) * k, k), influence_[e]);
    }
    double fourth = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const double share = weight_[i] * influence_[1][i] * influence_[1][i];
        fourth += share * share;
    }
    fit.effective_samples = fit.model.interaction * fit.model.interaction / fourth;
    fit.largest_leverage =
        *std::max_element(leverage_.begin(), leverage_.begin() + static_cast<std::ptrdiff_t>(n));
    // The weights are no longer needed; beyond the samples influences are 0.
    enlarge(design_.robust, residual_, leverage_, weight_);
    const double* const effects[] = {influence_[0].data(), influence_[1].data()};
    double meat[4];
    weighted_gram({.columns = effects, .samples = n}, weight_, meat);
    const double factor =
        correction(design_.robust, static_cast<double>(n), static_cast<double>(k));
    fit.robust = {
        .main = factor * meat[0], .interaction = factor * meat[3], .both = factor * meat[1]};
}

InteractionFit LogisticInteraction::fit(const double* genotype, std::span<const double> outcome,
                                        std::span<const double> null_coefficients) {
    const std::size_t padded = design_.basis.padded();
    product_.resize(padded);
    for (std::size_t i = 0; i < padded; ++i)
        product_[i] = genotype[i] * design_.environment[i];
    columns_.assign(design_.basis.columns.begin(), design_.basis.columns.end());
    columns_.push_back(genotype);
    columns_.push_back(product_.data());
    const DesignColumns design{.columns = columns_, .samples = design_.basis.samples};
    start_.assign(null_coefficients.begin(), null_coefficients.end());
    start_.resize(columns_.size(), 0.0);
    InteractionFit fit{.state = InteractionFit::State::not_converged};
    const LogisticFit found =
        solver_.fit({.design = design, .outcome = outcome, .start = start_, .free = start_.size()});
    const std::size_t k = columns_.size();
    if (!found.converged) return fit;
    fit.main = found.coefficients[k - 2];
    fit.interaction = found.coefficients[k - 1];
    if (std::fabs(fit.main) > separated_above || std::fabs(fit.interaction) > separated_above ||
        !invert_information(design, found.coefficients, outcome))
        return fit;
    fit.state = InteractionFit::State::fitted;
    fit.model = {.main = inverse_[(k - 2) * k + k - 2],
                 .interaction = inverse_[k * k - 1],
                 .both = inverse_[k * k - 2]};
    add_robust(design, fit);
    return fit;
}

double joint_neg_log10_p(double main, double interaction, const EffectCovariance& covariance,
                         double residual_df) noexcept {
    const double determinant =
        covariance.main * covariance.interaction - covariance.both * covariance.both;
    if (!(determinant > 0)) return std::numeric_limits<double>::quiet_NaN();
    const double chi_square =
        (main * main * covariance.interaction - 2 * main * interaction * covariance.both +
         interaction * interaction * covariance.main) /
        determinant;
    const double log_p = residual_df > 0 ? -0.5 * residual_df * std::log1p(chi_square / residual_df)
                                         : -0.5 * chi_square;
    return -log_p * std::numbers::log10e;
}

} // namespace salus
