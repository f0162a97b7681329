#include "models/ordinal.hpp"

#include <Eigen/Cholesky>

#include <algorithm>
#include <cmath>
#include <limits>

namespace salus {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();
constexpr double ordinal_settled = 1e-16; // squared step in standard errors
constexpr double ordinal_longest_step = 5;
constexpr int ordinal_halvings_max = 30;

double share(double x) noexcept { return 1 / (1 + std::exp(-x)); } // exact at +-infinity
double density(double x) noexcept { return share(x) * share(-x); }

/// Bounds of a level on the scale of the thresholds less the linear predictor.
struct Bounds {
    double upper = 0, lower = 0;
};
Bounds bounds_of(std::span<const double> thresholds, std::size_t level, double eta) noexcept {
    return {level < thresholds.size() ? thresholds[level] - eta : infinite,
            level > 0 ? thresholds[level - 1] - eta : -infinite};
}

/// F(upper) - F(lower) = F(upper) (1 - F(lower)) (1 - exp(lower - upper)): nothing cancels.
struct LevelChance {
    double gap, log_chance;
    double upper_ratio, lower_ratio; // densities at the bounds over the chance
};
LevelChance chance_of(const Bounds& at) noexcept {
    const double gap = -std::expm1(at.lower - at.upper);
    const double log_upper = at.upper == infinite ? 0 : -std::log1p(std::exp(-at.upper)),
                 log_lower = at.lower == -infinite ? 0 : -std::log1p(std::exp(at.lower));
    return {.gap = gap,
            .log_chance = log_upper + log_lower + std::log(gap),
            .upper_ratio = at.upper == infinite ? 0 : share(-at.upper) / (share(-at.lower) * gap),
            .lower_ratio = at.lower == -infinite ? 0 : share(at.lower) / (share(at.upper) * gap)};
}

std::vector<double> start_values(const OrdinalProblem& problem) {
    std::vector<double> count(problem.levels, 0.0), start;
    for (const std::uint32_t level : problem.level)
        ++count[level];
    const auto n = static_cast<double>(problem.level.size());
    double below = 0;
    for (std::size_t k = 0; k + 1 < problem.levels; ++k) {
        below += count[k];
        start.push_back(std::log(below / (n - below)));
    }
    start.resize(start.size() + problem.design.count(), 0.0);
    return start;
}

bool thresholds_ascend(std::span<const double> thresholds) noexcept {
    return std::adjacent_find(thresholds.begin(), thresholds.end(), std::greater_equal<>()) ==
           thresholds.end();
}

} // namespace

// One sample's part of likelihood, score and information of the thresholds.
void OrdinalSolver::add_sample(const OrdinalProblem& problem, std::size_t i,
                               std::span<const double> all) {
    const std::size_t level = problem.level[i], thresholds = problem.levels - 1,
                      count = thresholds + problem.design.count();
    const Bounds at = bounds_of(all.first(thresholds), level, eta_[i]);
    const LevelChance chance = chance_of(at);
    log_likelihood_ += chance.log_chance;
    const double f = density(at.upper), g = density(at.lower);
    residual_[i] = share(at.upper) + share(at.lower) - 1;
    weight_[i] = f + g;
    upper_[i] = f;
    lower_[i] = g;
    const double up = chance.upper_ratio, down = chance.lower_ratio;
    if (level < thresholds) {
        score_[level] += up;
        information_[level * count + level] += up * up - up * (1 - 2 * share(at.upper));
    }
    if (level == 0) return;
    score_[level - 1] -= down;
    information_[(level - 1) * count + level - 1] += down * down + down * (1 - 2 * share(at.lower));
    if (level < thresholds) information_[level * count + level - 1] -= up * down;
}

// The part of the columns: lower triangle below and right of the thresholds.
void OrdinalSolver::add_columns(const OrdinalProblem& problem) {
    const DesignColumns& design = problem.design;
    const std::size_t thresholds = problem.levels - 1, columns = design.count(),
                      count = thresholds + columns;
    if (columns == 0) return;
    gram_.resize(columns * columns);
    products_.resize(columns);
    weighted_gram(design, weight_, gram_);
    column_products(design, residual_, products_);
    for (std::size_t a = 0; a < columns; ++a) {
        double* const row = information_.data() + (thresholds + a) * count;
        score_[thresholds + a] = products_[a];
        for (std::size_t b = 0; b <= a; ++b)
            row[thresholds + b] = gram_[a * columns + b];
        const double* const x = design.columns[a];
        for (std::size_t i = 0; i < design.samples; ++i) {
            const std::size_t level = problem.level[i];
            if (level < thresholds) row[level] -= upper_[i] * x[i];
            if (level > 0) row[level - 1] -= lower_[i] * x[i];
        }
    }
}

bool OrdinalSolver::evaluate(const OrdinalProblem& problem, std::span<const double> coefficients) {
    const std::size_t thresholds = problem.levels - 1;
    if (!thresholds_ascend(coefficients.first(thresholds))) return false;
    eta_.assign(eta_.size(), 0.0);
    if (problem.design.count() > 0)
        linear_predictor(problem.design, coefficients.subspan(thresholds), eta_);
    for (std::size_t i = 0; i < problem.offset.size(); ++i)
        eta_[i] += problem.offset[i];
    log_likelihood_ = 0;
    std::fill(score_.begin(), score_.end(), 0.0);
    std::fill(information_.begin(), information_.end(), 0.0);
    for (std::size_t i = 0; i < problem.level.size(); ++i)
        add_sample(problem, i, coefficients);
    add_columns(problem);
    return std::isfinite(log_likelihood_);
}

OrdinalFit OrdinalSolver::fit(const OrdinalProblem& problem, int max_iterations) {
    const std::size_t count = problem.levels - 1 + problem.design.count();
    for (auto* values : {&eta_, &residual_, &weight_, &upper_, &lower_})
        values->assign(padded_samples(problem.level.size()), 0.0);
    score_.resize(count);
    information_.resize(count * count);
    OrdinalFit fit{.coefficients = {problem.start.begin(), problem.start.end()}};
    if (fit.coefficients.empty()) fit.coefficients = start_values(problem);
    fit.variances.assign(count, 0.0);
    if (!evaluate(problem, fit.coefficients)) return fit;
    using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    const auto size = static_cast<Eigen::Index>(count);
    const Eigen::Map<Matrix> information(information_.data(), size, size);
    const Eigen::Map<Eigen::VectorXd> score(score_.data(), size);
    std::vector<double> next(count);
    Eigen::LLT<Matrix, Eigen::Lower> factor;
    for (;;) {
        factor.compute(information);
        if (factor.info() != Eigen::Success) return fit;
        Eigen::VectorXd step = factor.solve(score);
        const double decrement = step.dot(score);
        if (!std::isfinite(decrement)) return fit;
        if (decrement < ordinal_settled) break;
        if (fit.iterations++ >= max_iterations) return fit;
        const double longest = step.cwiseAbs().maxCoeff(), before = log_likelihood_;
        if (longest > ordinal_longest_step) step *= ordinal_longest_step / longest;
        double scale = 1;
        for (int halving = 0;; ++halving, scale *= 0.5) {
            for (std::size_t c = 0; c < count; ++c)
                next[c] = fit.coefficients[c] + scale * step[static_cast<Eigen::Index>(c)];
            const double allowed = 1e-10 * (1 + std::fabs(before)); // rounding of the likelihood
            if (evaluate(problem, next) && log_likelihood_ >= before - allowed) break;
            if (halving == ordinal_halvings_max) return fit;
        }
        fit.coefficients = next;
    }
    fit.converged = true;
    fit.log_likelihood = log_likelihood_;
    const Matrix inverse = factor.solve(Matrix::Identity(size, size));
    for (std::size_t c = 0; c < count; ++c)
        fit.variances[c] = inverse(static_cast<Eigen::Index>(c), static_cast<Eigen::Index>(c));
    return fit;
}

OrdinalTerms ordinal_terms(const OrdinalProblem& problem, std::span<const double> coefficients) {
    const std::size_t n = problem.level.size(), thresholds = problem.levels - 1;
    const auto limits = coefficients.first(thresholds);
    OrdinalTerms terms{.residual = std::vector<double>(n),
                       .weight = std::vector<double>(n),
                       .crossed = std::vector(thresholds, std::vector<double>(n)),
                       .thresholds = std::vector<double>(thresholds * thresholds, 0.0)};
    std::vector<double> eta(padded_samples(n), 0.0), chance(problem.levels), slope(thresholds);
    if (problem.design.count() > 0)
        linear_predictor(problem.design, coefficients.subspan(thresholds), eta);
    for (std::size_t i = 0; i < problem.offset.size(); ++i)
        eta[i] += problem.offset[i];
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t k = 0; k < problem.levels; ++k)
            chance[k] = std::exp(chance_of(bounds_of(limits, k, eta[i])).log_chance);
        for (std::size_t k = 0; k < thresholds; ++k) {
            slope[k] = density(limits[k] - eta[i]);
            terms.crossed[k][i] = slope[k] * (chance[k] + chance[k + 1]);
            terms.weight[i] += terms.crossed[k][i];
            terms.thresholds[k * thresholds + k] +=
                slope[k] * slope[k] * (1 / chance[k] + 1 / chance[k + 1]);
            if (k == 0) continue;
            const double off = slope[k] * slope[k - 1] / chance[k];
            terms.thresholds[k * thresholds + k - 1] -= off;
            terms.thresholds[(k - 1) * thresholds + k] -= off;
        }
        const Bounds at = bounds_of(limits, problem.level[i], eta[i]);
        terms.residual[i] = share(at.upper) + share(at.lower) - 1;
    }
    return terms;
}

} // namespace salus
