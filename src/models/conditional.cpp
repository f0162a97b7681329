#include "models/conditional.hpp"

#include "models/logistic.hpp"
#include "models/tails.hpp"
#include "models/vectors.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <limits>

namespace salus {
namespace {

constexpr double nearly_collinear_below = 1e-8; // share of the variance that is left of a genotype
constexpr double largest_log_odds = 15;         // larger estimates are on the way to infinity

std::vector<double> padded(std::vector<double> values) {
    values.resize(padded_samples(values.size()), 0.0);
    return values;
}

// Intercept, covariates of length sqrt(n), and signals.
struct LogisticDesign {
    std::vector<std::vector<double>> own;
    std::vector<const double*> pointers;
    std::size_t samples;

    LogisticDesign(const ConditionalTrait& trait, std::span<const CentredGenotypes> signals)
        : samples(trait.samples) {
        own.push_back(padded(std::vector<double>(samples, 1.0)));
        const double scale = std::sqrt(static_cast<double>(samples));
        for (const auto& column : trait.basis.columns) {
            own.push_back(padded(column));
            for (double& value : own.back())
                value *= scale;
        }
        for (const auto& column : own)
            pointers.push_back(column.data());
        for (const auto& signal : signals)
            pointers.push_back(signal.data());
    }
    DesignColumns columns() const { return {.columns = pointers, .samples = samples}; }
    std::size_t count() const noexcept { return pointers.size(); }
};

LogisticFit fit_logistic(const LogisticDesign& design, const ConditionalTrait& trait) {
    const auto cases =
        static_cast<double>(std::count(trait.outcome.begin(), trait.outcome.end(), 1.0));
    std::vector<double> start(design.count(), 0.0);
    start[0] = std::log(cases / (static_cast<double>(trait.samples) - cases));
    LogisticSolver solver;
    return solver.fit({.design = design.columns(),
                       .outcome = trait.outcome,
                       .start = start,
                       .free = start.size()});
}

} // namespace

ConditionalModel::ConditionalModel(const ConditionalTrait& trait,
                                   std::span<const CentredGenotypes> signals)
    : binary_(trait.binary) {
    if (binary_)
        fit_logistic_model(trait, signals);
    else
        fit_linear_model(trait, signals);
}

void ConditionalModel::fit_linear_model(const ConditionalTrait& trait,
                                        std::span<const CentredGenotypes> signals) {
    const std::size_t n = trait.samples;
    covariate_columns_ = trait.basis.columns.size();
    std::vector<double> rest = residuals(trait.basis, std::span(trait.outcome).first(n));
    std::vector<std::vector<double>> units;
    for (const auto& signal : signals) {
        std::vector<double> unit = residuals(trait.basis, std::span(signal).first(n));
        const double whole = dot(unit, unit);
        for (int pass = 0; pass < 2; ++pass)
            for (const auto& other : units)
                remove_along(other, unit);
        const double left = dot(unit, unit);
        if (!(left > nearly_collinear_below * whole)) return;
        for (double& value : unit)
            value /= std::sqrt(left);
        remove_along(unit, rest);
        remove_along(unit, rest);
        units.push_back(std::move(unit));
    }
    residual_squares_ = dot(rest, rest);
    residual_df_ = static_cast<double>(n) - static_cast<double>(covariate_columns_) -
                   static_cast<double>(signals.size()) - 2;
    columns_.push_back(padded(std::move(rest)));
    for (const auto& column : trait.basis.columns)
        columns_.push_back(padded(column));
    for (auto& unit : units)
        columns_.push_back(padded(std::move(unit)));
    usable_ = residual_df_ > 0;
}

void ConditionalModel::fit_logistic_model(const ConditionalTrait& trait,
                                          std::span<const CentredGenotypes> signals) {
    const LogisticDesign design(trait, signals);
    const LogisticFit fit = fit_logistic(design, trait);
    covariate_columns_ = design.count() - signals.size();
    const auto separated = [](double beta) { return std::fabs(beta) > largest_log_odds; };
    if (!fit.converged ||
        std::any_of(fit.coefficients.begin() + static_cast<std::ptrdiff_t>(covariate_columns_),
                    fit.coefficients.end(), separated))
        return;
    std::vector<double> eta(design.columns().padded()), residual(eta);
    weights_.resize(eta.size());
    linear_predictor(design.columns(), fit.coefficients, eta);
    logistic_terms(eta, trait.outcome, trait.samples, residual, weights_);
    for (std::size_t i = trait.samples; i < eta.size(); ++i)
        residual[i] = weights_[i] = 0;
    columns_.push_back(std::move(residual));
    std::vector<double> gram(design.count() * design.count());
    weighted_gram(design.columns(), weights_, gram);
    usable_ = true;
    add_weighted_columns(design.columns(), gram);
}

// Columns W X R^-1 where R'R = X'WX, by the Cholesky factor column by column.
void ConditionalModel::add_weighted_columns(const DesignColumns& design,
                                            std::span<const double> gram) {
    const std::size_t count = design.count();
    std::vector<double> factor(gram.begin(), gram.end());
    for (std::size_t a = 0; a < count; ++a) {
        std::vector<double> column(design.padded());
        for (std::size_t i = 0; i < column.size(); ++i)
            column[i] = weights_[i] * design.columns[a][i];
        double rest = factor[a * count + a];
        for (std::size_t b = 0; b < a; ++b) {
            double sum = factor[a * count + b];
            for (std::size_t c = 0; c < b; ++c)
                sum -= factor[a * count + c] * factor[b * count + c];
            const double entry = sum / factor[b * count + b];
            factor[a * count + b] = entry;
            rest -= entry * entry;
            const auto& other = columns_[b + 1];
            for (std::size_t i = 0; i < column.size(); ++i)
                column[i] -= entry * other[i];
        }
        if (!(rest > nearly_collinear_below * gram[a * count + a])) {
            usable_ = false;
            return;
        }
        factor[a * count + a] = std::sqrt(rest);
        for (double& value : column)
            value /= factor[a * count + a];
        columns_.push_back(std::move(column));
    }
}

ConditionalTest ConditionalModel::test(std::span<const double> products,
                                       double squares) const noexcept {
    ConditionalTest result{.score = products[0]};
    const double centred = binary_ ? squares - products[1] * products[1] : squares;
    double given_covariates = squares, variance = squares;
    for (std::size_t c = 1; c < products.size(); ++c) {
        variance -= products[c] * products[c];
        if (c <= covariate_columns_) given_covariates = variance;
    }
    result.variance = variance;
    if (!(given_covariates > nearly_collinear_below * centred)) return result;
    result.r2 = 1 - variance / given_covariates;
    if (!(variance > nearly_collinear_below * centred)) return result;
    result.tested = true;
    if (binary_) {
        const ScoreTest score = score_test(result.score, variance);
        result.beta = score.beta;
        result.standard_error = score.standard_error;
        result.neg_log10_p = score.neg_log10_p;
        return result;
    }
    const LinearFit fit = fit_linear(
        {.gg = variance, .gy = result.score, .yy = residual_squares_, .residual_df = residual_df_});
    result.beta = fit.beta;
    result.standard_error = fit.standard_error;
    result.neg_log10_p = fit.neg_log10_p;
    return result;
}

namespace {

JointFit fit_joint_linear(const ConditionalTrait& trait,
                          std::span<const CentredGenotypes> signals) {
    const std::size_t n = trait.samples;
    const auto rows = static_cast<Eigen::Index>(n), k = static_cast<Eigen::Index>(signals.size());
    Eigen::MatrixXd x(rows, k);
    for (Eigen::Index s = 0; s < k; ++s) {
        const auto rest =
            residuals(trait.basis, std::span(signals[static_cast<std::size_t>(s)]).first(n));
        x.col(s) = Eigen::Map<const Eigen::VectorXd>(rest.data(), rows);
    }
    const auto y = residuals(trait.basis, std::span(trait.outcome).first(n));
    const Eigen::Map<const Eigen::VectorXd> trait_rest(y.data(), rows);
    const Eigen::LLT<Eigen::MatrixXd> factor(x.transpose() * x);
    const double df = static_cast<double>(n) - static_cast<double>(trait.basis.columns.size()) -
                      static_cast<double>(signals.size()) - 1;
    if (factor.info() != Eigen::Success || !(df > 0)) return {};
    const Eigen::VectorXd beta = factor.solve(x.transpose() * trait_rest);
    const Eigen::MatrixXd inverse = factor.solve(Eigen::MatrixXd::Identity(k, k));
    const double variance = (trait_rest - x * beta).squaredNorm() / df;
    JointFit fit{.effects = {}, .converged = true};
    for (Eigen::Index s = 0; s < k; ++s) {
        const double error = std::sqrt(variance * inverse(s, s));
        fit.effects.push_back({.beta = beta(s),
                               .standard_error = error,
                               .neg_log10_p = student_t_neg_log10_p(beta(s) / error, df)});
    }
    return fit;
}

JointFit fit_joint_logistic(const ConditionalTrait& trait,
                            std::span<const CentredGenotypes> signals) {
    const LogisticDesign design(trait, signals);
    const LogisticFit logistic = fit_logistic(design, trait);
    JointFit fit{.effects = {}, .converged = logistic.converged};
    if (!fit.converged) return fit;
    for (std::size_t c = design.count() - signals.size(); c < design.count(); ++c) {
        const double beta = logistic.coefficients[c], error = std::sqrt(logistic.variances[c]);
        fit.converged = fit.converged && std::fabs(beta) < largest_log_odds;
        fit.effects.push_back(
            {.beta = beta, .standard_error = error, .neg_log10_p = wald_neg_log10_p(beta, error)});
    }
    return fit;
}

} // namespace

JointFit fit_joint(const ConditionalTrait& trait, std::span<const CentredGenotypes> signals) {
    return trait.binary ? fit_joint_logistic(trait, signals) : fit_joint_linear(trait, signals);
}

} // namespace salus
