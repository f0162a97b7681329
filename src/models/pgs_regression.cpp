#include "models/pgs_regression.hpp"

#include "base/numbers.hpp"
#include "models/linear.hpp"
#include "models/logistic.hpp"

#include <Eigen/Dense>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace salus {
namespace {

/// Columns that, with the intercept, are linearly independent.
std::vector<std::size_t> independent_columns(std::span<const std::vector<double>> columns) {
    std::vector<std::size_t> kept(columns.size());
    std::iota(kept.begin(), kept.end(), 0u);
    for (;;) {
        std::vector<std::vector<double>> chosen;
        for (const std::size_t c : kept)
            chosen.push_back(columns[c]);
        const CovariateBasis basis = orthonormal_basis(chosen);
        std::vector<std::size_t> drop = basis.constant;
        if (basis.dependence) drop.push_back(basis.dependence->column);
        if (drop.empty()) return kept;
        std::sort(drop.begin(), drop.end());
        for (std::size_t k = drop.size(); k-- > 0;)
            kept.erase(kept.begin() + static_cast<std::ptrdiff_t>(drop[k]));
    }
}

/// Standardised copies of the kept columns after a column of ones, padded for the kernels.
struct RidgeDesign {
    std::vector<std::vector<double>> columns;
    std::vector<double> mean, scale; // of columns 1..
    std::vector<const double*> pointers;
};

RidgeDesign standardise(std::span<const std::vector<double>> columns,
                        std::span<const std::size_t> kept, std::size_t people) {
    RidgeDesign d;
    const std::size_t padded = padded_samples(people);
    d.columns.emplace_back(padded, 0.0);
    std::fill_n(d.columns[0].begin(), people, 1.0);
    for (const std::size_t c : kept) {
        const auto n = static_cast<double>(people);
        const double mean = std::accumulate(columns[c].begin(), columns[c].end(), 0.0) / n;
        double squares = 0;
        for (const double x : columns[c])
            squares += (x - mean) * (x - mean);
        const double scale = std::sqrt(squares / n);
        std::vector<double> column(padded, 0.0);
        for (std::size_t i = 0; i < people; ++i)
            column[i] = (columns[c][i] - mean) / scale;
        d.columns.push_back(std::move(column));
        d.mean.push_back(mean);
        d.scale.push_back(scale);
    }
    for (const auto& column : d.columns)
        d.pointers.push_back(column.data());
    return d;
}

/// Coefficients and their covariance on the standardised columns, intercept first.
struct RidgeSolution {
    Eigen::VectorXd coefficients;
    Eigen::MatrixXd covariance;
    bool converged = false;
};

RidgeSolution solve_linear(const RidgeDesign& d, std::span<const double> outcome) {
    const auto c = static_cast<Eigen::Index>(d.columns.size());
    const std::size_t n = outcome.size();
    Eigen::MatrixXd gram(c, c);
    Eigen::VectorXd right(c);
    const DesignColumns design{d.pointers, n};
    const std::vector<double> ones(design.padded(), 1.0);
    std::vector<double> y(design.padded(), 0.0), products(d.columns.size());
    std::copy(outcome.begin(), outcome.end(), y.begin());
    std::vector<double> flat(d.columns.size() * d.columns.size());
    weighted_gram(design, ones, flat);
    column_products(design, y, products);
    for (Eigen::Index a = 0; a < c; ++a) {
        right(a) = products[static_cast<std::size_t>(a)];
        for (Eigen::Index b = 0; b < c; ++b)
            gram(a, b) = flat[static_cast<std::size_t>(a * c + b)];
    }
    RidgeSolution s;
    const Eigen::LLT<Eigen::MatrixXd> factor(gram);
    if (factor.info() != Eigen::Success || n <= d.columns.size()) return s;
    s.coefficients = factor.solve(right);
    double squares = 0;
    for (std::size_t i = 0; i < n; ++i) {
        double fitted = 0;
        for (Eigen::Index a = 0; a < c; ++a)
            fitted += s.coefficients(a) * d.columns[static_cast<std::size_t>(a)][i];
        squares += (outcome[i] - fitted) * (outcome[i] - fitted);
    }
    s.covariance = factor.solve(Eigen::MatrixXd::Identity(c, c)) *
                   (squares / static_cast<double>(n - d.columns.size()));
    s.converged = true;
    return s;
}

RidgeSolution solve_logistic(const RidgeDesign& d, std::span<const double> outcome) {
    const auto c = static_cast<Eigen::Index>(d.columns.size());
    const std::size_t n = outcome.size();
    const DesignColumns design{d.pointers, n};
    std::vector<double> y(design.padded(), 0.0);
    std::copy(outcome.begin(), outcome.end(), y.begin());
    const std::vector<double> start(d.columns.size(), 0.0);
    LogisticSolver solver;
    const LogisticFit fit =
        solver.fit({.design = design, .outcome = y, .start = start, .free = d.columns.size()});
    RidgeSolution s;
    s.converged = fit.converged && n > d.columns.size();
    if (!s.converged) return s;
    s.coefficients = Eigen::Map<const Eigen::VectorXd>(fit.coefficients.data(), c);
    std::vector<double> eta(design.padded()), residual(design.padded()), weight(design.padded());
    std::vector<double> flat(d.columns.size() * d.columns.size());
    linear_predictor(design, fit.coefficients, eta);
    logistic_terms(eta, y, n, residual, weight);
    weighted_gram(design, weight, flat);
    const Eigen::MatrixXd information = Eigen::Map<const Eigen::MatrixXd>(flat.data(), c, c);
    s.covariance = information.llt().solve(Eigen::MatrixXd::Identity(c, c));
    // Separated classes: a coefficient runs away and its standard error, per column SD, with it.
    s.converged = s.covariance.diagonal().maxCoeff() < 1e4;
    return s;
}

} // namespace

RegressionFit fit_regression(OutcomeKind kind, std::span<const std::vector<double>> columns,
                             std::span<const double> outcome) {
    RegressionFit fit{.coefficients = std::vector<double>(columns.size(), 0.0),
                      .standard_errors = std::vector<double>(columns.size(), nan)};
    const auto kept = independent_columns(columns);
    if (outcome.size() <= kept.size() + 1) return fit;
    const RidgeDesign design = standardise(columns, kept, outcome.size());
    const RidgeSolution s = kind == OutcomeKind::binary ? solve_logistic(design, outcome)
                                                        : solve_linear(design, outcome);
    if (!s.converged) return fit;
    // Back to the scale of the columns: intercept = b0 - sum b_k mean_k / scale_k.
    Eigen::VectorXd back = Eigen::VectorXd::Zero(s.coefficients.size());
    back(0) = 1;
    for (std::size_t k = 0; k < kept.size(); ++k) {
        const auto row = static_cast<Eigen::Index>(k + 1);
        back(row) = -design.mean[k] / design.scale[k];
        fit.coefficients[kept[k]] = s.coefficients(row) / design.scale[k];
        fit.standard_errors[kept[k]] = std::sqrt(s.covariance(row, row)) / design.scale[k];
    }
    fit.intercept = back.dot(s.coefficients);
    fit.intercept_standard_error = std::sqrt(back.dot(s.covariance * back));
    fit.converged = true;
    return fit;
}

std::vector<double> predict(OutcomeKind kind, const RegressionFit& fit,
                            std::span<const std::vector<double>> columns) {
    if (columns.empty()) return {};
    std::vector<double> out(columns[0].size(), fit.intercept);
    for (std::size_t c = 0; c < columns.size(); ++c)
        for (std::size_t i = 0; i < out.size(); ++i)
            out[i] += fit.coefficients[c] * columns[c][i];
    if (kind == OutcomeKind::binary)
        for (double& x : out)
            x = 1 / (1 + std::exp(-x));
    return out;
}

std::vector<double> predict_out_of_fold(OutcomeKind kind,
                                        std::span<const std::vector<double>> columns,
                                        std::span<const double> outcome,
                                        std::span<const std::uint8_t> fold, std::size_t folds) {
    std::vector<double> out(outcome.size());
    for (std::size_t f = 0; f < folds; ++f) {
        std::vector<std::vector<double>> train(columns.size()), test(columns.size());
        std::vector<double> y;
        for (std::size_t i = 0; i < outcome.size(); ++i) {
            if (fold[i] != f) y.push_back(outcome[i]);
            for (std::size_t c = 0; c < columns.size(); ++c)
                (fold[i] == f ? test : train)[c].push_back(columns[c][i]);
        }
        if (y.size() == outcome.size()) continue;
        const RegressionFit fit = fit_regression(kind, train, y);
        if (!fit.converged) return {};
        const std::vector<double> predicted =
            columns.empty() ? std::vector<double>(outcome.size() - y.size(),
                                                  kind == OutcomeKind::binary
                                                      ? 1 / (1 + std::exp(-fit.intercept))
                                                      : fit.intercept)
                            : predict(kind, fit, test);
        for (std::size_t i = 0, k = 0; i < outcome.size(); ++i)
            if (fold[i] == f) out[i] = predicted[k++];
    }
    return out;
}

} // namespace salus
