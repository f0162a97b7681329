#include "models/logistic.hpp"

#include "models/cholesky.hpp"
#include "models/tails.hpp"

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

constexpr double logistic_settled = 1e-16;  // squared step in units of standard errors
constexpr double logistic_longest_step = 5; // of a coefficient, as in logistf
constexpr int logistic_halvings_max = 20;

// Inverse of a lower triangular matrix, row by row, in place of `inverse`.
void invert_lower(std::span<const double> factor, std::size_t columns, std::span<double> inverse) {
    for (std::size_t a = 0; a < columns; ++a) {
        for (std::size_t b = 0; b <= a; ++b) {
            double sum = a == b ? 1 : 0;
            for (std::size_t c = b; c < a; ++c)
                sum -= factor[a * columns + c] * inverse[c * columns + b];
            inverse[a * columns + b] = sum / factor[a * columns + a];
        }
    }
}

// Solves L L' step = rhs for the leading k rows.
void solve(std::span<const double> factor, std::size_t columns, std::size_t k,
           std::span<double> step) {
    for (std::size_t a = 0; a < k; ++a) {
        for (std::size_t c = 0; c < a; ++c)
            step[a] -= factor[a * columns + c] * step[c];
        step[a] /= factor[a * columns + a];
    }
    for (std::size_t a = k; a-- > 0;) {
        for (std::size_t c = a + 1; c < k; ++c)
            step[a] -= factor[c * columns + a] * step[c];
        step[a] /= factor[a * columns + a];
    }
}

} // namespace

// Adds the score and log-determinant of the Jeffreys prior; factor_ and inverse_ are of the full
// gram.
bool LogisticSolver::factorise_penalised(const DesignColumns& design, double& log_determinant) {
    const std::size_t columns = design.count();
    if (!cholesky(gram_, columns, columns, factor_)) return false;
    log_determinant = 0;
    for (std::size_t c = 0; c < columns; ++c)
        log_determinant += 2 * std::log(factor_[c * columns + c]);
    invert_lower(factor_, columns, inverse_);
    leverages(design, weight_, inverse_, leverage_);
    return true;
}

// Likelihood, score and information at `coefficients`; false if the information is singular.
bool LogisticSolver::evaluate(const LogisticProblem& problem, Penalty penalty,
                              std::span<const double> coefficients) {
    const DesignColumns& design = problem.design;
    linear_predictor(design, coefficients, eta_);
    for (std::size_t i = 0; i < problem.offset.size(); ++i)
        eta_[i] += problem.offset[i];
    log_likelihood_ = logistic_terms(eta_, problem.outcome, design.samples, residual_, weight_);
    weighted_gram(design, weight_, gram_);
    if (penalty == Penalty::firth) {
        double log_determinant = 0;
        if (!factorise_penalised(design, log_determinant)) return false;
        log_likelihood_ += 0.5 * log_determinant;
        // y - mu + h (1/2 - mu), with mu = y - residual
        for (std::size_t i = 0; i < design.samples; ++i) {
            residual_[i] += leverage_[i] * (0.5 - problem.outcome[i] + residual_[i]);
        }
    }
    column_products(design, residual_, score_);
    return true;
}

// Newton step of the free coefficients; returns its squared length in standard errors, or -1 if
// singular.
double LogisticSolver::newton_step(const LogisticProblem& problem, std::span<double> step) {
    const std::size_t columns = problem.design.count();
    if (!cholesky(gram_, columns, problem.free, factor_)) return -1;
    std::copy_n(score_.begin(), problem.free, step.begin());
    solve(factor_, columns, problem.free, step);
    double decrement = 0, longest = 0;
    for (std::size_t c = 0; c < problem.free; ++c) {
        decrement += step[c] * score_[c];
        longest = std::max(longest, std::fabs(step[c]));
    }
    if (longest > logistic_longest_step) {
        for (double& value : step)
            value *= logistic_longest_step / longest;
    }
    return decrement;
}

LogisticFit LogisticSolver::fit(const LogisticProblem& problem, Penalty penalty,
                                int max_iterations) {
    const std::size_t columns = problem.design.count(), padded = problem.design.padded();
    for (auto* values : {&eta_, &residual_, &weight_, &leverage_})
        values->resize(padded);
    for (auto* values : {&gram_, &factor_, &inverse_})
        values->assign(columns * columns, 0);
    score_.resize(columns);
    LogisticFit fit{.coefficients = {problem.start.begin(), problem.start.end()}};
    fit.variances.assign(columns, 0);
    if (!evaluate(problem, penalty, fit.coefficients)) return fit;
    std::vector<double> step(problem.free), next(columns);
    while (fit.iterations < max_iterations) {
        const double decrement = newton_step(problem, step);
        if (decrement < 0 || !std::isfinite(decrement)) return fit;
        if (decrement < logistic_settled) {
            fit.converged = true;
            break;
        }
        ++fit.iterations;
        const double before = log_likelihood_;
        double scale = 1;
        for (int halving = 0;; ++halving, scale *= 0.5) {
            next = fit.coefficients;
            for (std::size_t c = 0; c < problem.free; ++c)
                next[c] += scale * step[c];
            const bool regular = evaluate(problem, penalty, next);
            const double allowed = 1e-10 * (1 + std::fabs(before)); // rounding of the likelihood
            if (regular && log_likelihood_ >= before - allowed) break;
            if (halving == logistic_halvings_max) return fit;
        }
        fit.coefficients = next;
    }
    fit.log_likelihood = log_likelihood_;
    if (!cholesky(gram_, columns, columns, factor_)) {
        fit.converged = false;
        return fit;
    }
    invert_lower(factor_, columns, inverse_);
    for (std::size_t b = 0; b < columns; ++b) {
        for (std::size_t a = b; a < columns; ++a) {
            fit.variances[b] += inverse_[a * columns + b] * inverse_[a * columns + b];
        }
    }
    if (columns > 1) {
        const std::size_t last = columns * columns - 1;
        fit.last_covariance = inverse_[last] * inverse_[last - 1];
    }
    return fit;
}

ScoreTest score_test(double score, double variance) noexcept {
    return {.beta = score / variance,
            .standard_error = 1 / std::sqrt(variance),
            .neg_log10_p = normal_neg_log10_p(score / std::sqrt(variance))};
}

double wald_neg_log10_p(double beta, double standard_error) noexcept {
    return normal_neg_log10_p(beta / standard_error);
}

} // namespace salus
