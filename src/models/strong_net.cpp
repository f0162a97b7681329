#include "models/strong_net.hpp"

#include "base/error.hpp"
#include "models/vectors.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

constexpr int strong_steps_max = 200, strong_halvings_max = 30;
constexpr std::size_t strong_sweeps_max = 2000;
constexpr double slow = 0.5; // a step that leaves more of the violation renews the Gram matrix

/// Inverse Cholesky factor of the weighted products of the covariates.
std::vector<double> whitening(const DesignColumns& design, std::span<const double> weight) {
    const std::size_t c = design.count();
    std::vector<double> padded(weight.begin(), weight.end());
    padded.resize(design.padded(), 0.0);
    Eigen::MatrixXd gram(static_cast<Eigen::Index>(c), static_cast<Eigen::Index>(c));
    weighted_gram(design, padded, std::span(gram.data(), c * c));
    const Eigen::MatrixXd inverse = Eigen::LLT<Eigen::MatrixXd>(gram).matrixL().solve(
        Eigen::MatrixXd::Identity(static_cast<Eigen::Index>(c), static_cast<Eigen::Index>(c)));
    std::vector<double> out(c * c);
    for (std::size_t a = 0; a < c; ++a)
        for (std::size_t b = 0; b < c; ++b)
            out[a * c + b] = inverse(static_cast<Eigen::Index>(a), static_cast<Eigen::Index>(b));
    return out;
}

} // namespace

StrongNet::StrongNet(ProfileLikelihood& likelihood, StrongFit start, double tolerance)
    : likelihood_(likelihood), fit_(std::move(start)), tolerance_(tolerance),
      n_(static_cast<double>(likelihood.rows())), weight_(fit_.point.weight) {}

void StrongNet::extend_gram(const NetColumns& columns, std::size_t first) {
    const std::size_t added = columns.size() - first, c = likelihood_.design().count();
    if (whiten_.empty()) whiten_ = whitening(likelihood_.design(), weight_);
    std::vector<std::vector<double>> weighted(c, std::vector<double>(weight_.size()));
    for (std::size_t k = 0; k < c; ++k)
        for (std::size_t i = 0; i < weight_.size(); ++i)
            weighted[k][i] = weight_[i] * likelihood_.design().columns[k][i];
    const auto raw = columns.products(weighted, first);
    along_.resize(columns.size() * c);
    for (std::size_t j = 0; j < added; ++j)
        for (std::size_t a = 0; a < c; ++a) {
            double sum = 0;
            for (std::size_t b = 0; b <= a; ++b)
                sum += whiten_[a * c + b] * raw[j * c + b];
            along_[(first + j) * c + a] = sum;
        }
    const auto fresh = columns.gram(weight_, first);
    for (std::size_t j = 0; j < added; ++j)
        for (std::size_t i = 0; i < columns.size(); ++i) {
            double value = fresh[j * columns.size() + i];
            for (std::size_t a = 0; a < c; ++a)
                value -= along_[(first + j) * c + a] * along_[i * c + a];
            const auto rounded = static_cast<float>(value / n_);
            gram_[(first + j) * size_ + i] = rounded;
            gram_[i * size_ + first + j] = rounded;
        }
}

void StrongNet::refresh(const NetColumns& columns) {
    weight_ = fit_.point.weight;
    whiten_.clear();
    extend_gram(columns, 0);
}

void StrongNet::change_columns(const NetColumns& columns, std::span<const std::size_t> kept,
                               const StrongFit& from) {
    const std::size_t c = likelihood_.design().count(), old = size_;
    const std::vector<float> gram = std::move(gram_);
    const std::vector<double> along = std::move(along_);
    fit_ = from;
    fit_.coefficients.assign(columns.size(), 0.0);
    size_ = columns.size();
    gram_.assign(size_ * size_, 0.0F);
    along_.assign(kept.size() * c, 0.0);
    for (std::size_t a = 0; a < kept.size(); ++a) {
        fit_.coefficients[a] = from.coefficients[kept[a]];
        std::copy_n(along.data() + kept[a] * c, c, along_.data() + a * c);
        for (std::size_t b = 0; b < kept.size(); ++b)
            gram_[a * size_ + b] = gram[kept[a] * old + kept[b]];
    }
    if (kept.size() < size_) extend_gram(columns, kept.size());
}

/// Gradient and violation at the fit.
void StrongNet::derive(const NetColumns& columns, const Target& to) {
    fit_.gradient = columns.products(std::span(&fit_.point.residual, 1), 0);
    const double l1 = to.lambda * to.alpha, l2 = to.lambda * (1 - to.alpha);
    fit_.violation = 0;
    for (std::size_t c = 0; c < size_; ++c) {
        fit_.gradient[c] /= n_;
        const double b = fit_.coefficients[c], g = fit_.gradient[c] - l2 * b;
        fit_.violation = std::max(fit_.violation,
                                  b == 0 ? std::fabs(g) - l1 : std::fabs(g - std::copysign(l1, b)));
    }
}

double StrongNet::objective(const StrongFit& fit, const Target& to) const {
    double penalty = 0;
    for (const double b : fit.coefficients)
        penalty += to.alpha * std::fabs(b) + (1 - to.alpha) * b * b / 2;
    return -fit.point.log_likelihood / n_ + to.lambda * penalty;
}

/// Minimum of the quadratic at the fit plus penalty; sweeps over all columns and, between these,
/// over those that are not 0.
std::vector<double> StrongNet::descend(const Target& to, double precision) const {
    std::vector<double> b = fit_.coefficients, gradient = fit_.gradient;
    std::vector<std::size_t> active;
    const double l1 = to.lambda * to.alpha, l2 = to.lambda * (1 - to.alpha);
    const auto visit = [&](std::size_t c) {
        const float* const column = gram_column(c);
        const double h = column[c] * (1 + 1e-6); // rounding leaves no direction without curvature
        if (!(h > 0)) return 0.0;
        const double next = soft_threshold(gradient[c] + h * b[c], l1) / (h + l2);
        const double change = next - b[c];
        if (change == 0) return 0.0;
        b[c] = next;
        for (std::size_t k = 0; k < size_; ++k)
            gradient[k] -= column[k] * change;
        gradient[c] -= (h - column[c]) * change;
        return std::fabs(h * change);
    };
    for (std::size_t sweep = 0; sweep < strong_sweeps_max; ++sweep) {
        double moved = 0;
        for (std::size_t c = 0; c < size_; ++c)
            moved = std::max(moved, visit(c));
        if (moved <= precision) break;
        active.clear();
        for (std::size_t c = 0; c < size_; ++c)
            if (b[c] != 0) active.push_back(c);
        for (; sweep < strong_sweeps_max && moved > precision; ++sweep) {
            moved = 0;
            for (const std::size_t c : active)
                moved = std::max(moved, visit(c));
        }
    }
    return b;
}

/// Moves the fit towards the target as far as the objective falls.
bool StrongNet::advance(const NetColumns& columns, std::span<const double> target,
                        const Target& to) {
    const double before = objective(fit_, to);
    double share = 1;
    for (int halving = 0; halving <= strong_halvings_max; ++halving, share /= 2) {
        StrongFit next;
        next.coefficients.resize(size_);
        for (std::size_t c = 0; c < size_; ++c)
            next.coefficients[c] =
                share == 1 ? target[c]
                           : fit_.coefficients[c] + share * (target[c] - fit_.coefficients[c]);
        next.predictor = columns.predictor(next.coefficients);
        next.point = likelihood_.at(std::span(next.predictor).first(likelihood_.rows()));
        if (!next.point.converged) continue;
        if (!(objective(next, to) <= before + 1e-13 * (1 + std::fabs(before)))) continue;
        next.steps = fit_.steps;
        fit_ = std::move(next);
        return true;
    }
    return false;
}

const StrongFit& StrongNet::solve(const NetColumns& columns, double lambda, double alpha) {
    SALUS_ASSERT(columns.size() == size_);
    const Target to{lambda, alpha};
    double last = HUGE_VAL;
    bool fresh = likelihood_.constant_weights();
    for (fit_.steps = 0;; ++fit_.steps) {
        derive(columns, to);
        fit_.settled = fit_.violation <= tolerance_ * lambda;
        if (fit_.settled || fit_.steps == strong_steps_max) return fit_;
        if (!fresh && fit_.violation > slow * last) {
            refresh(columns);
            fresh = true;
        } else if (!likelihood_.constant_weights()) {
            fresh = false;
        }
        last = fit_.violation;
        const double precision = std::max(0.02 * fit_.violation, 0.1 * tolerance_ * lambda);
        if (advance(columns, descend(to, precision), to)) continue;
        if (fresh) return fit_; // no better point with the newest curvature
        refresh(columns);
        fresh = true;
    }
}

} // namespace salus
