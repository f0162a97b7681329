#include "models/cox.hpp"

#include "models/cholesky.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace salus {

using namespace hazard;

namespace {

constexpr double cox_settled = 1e-20; // squared step in units of standard errors
constexpr double cox_monotone_growth = 1e6;
constexpr int cox_halvings_max = 30;

// Inverse of L L'.
void invert(std::span<const double> factor, std::size_t columns, std::span<double> inverse) {
    std::vector<double> lower(columns * columns, 0.0);
    for (std::size_t a = 0; a < columns; ++a) {
        for (std::size_t b = 0; b <= a; ++b) {
            double sum = a == b ? 1 : 0;
            for (std::size_t c = b; c < a; ++c)
                sum -= factor[a * columns + c] * lower[c * columns + b];
            lower[a * columns + b] = sum / factor[a * columns + a];
        }
    }
    for (std::size_t a = 0; a < columns; ++a) {
        for (std::size_t b = 0; b < columns; ++b) {
            double sum = 0;
            for (std::size_t c = std::max(a, b); c < columns; ++c)
                sum += lower[c * columns + a] * lower[c * columns + b];
            inverse[a * columns + b] = sum;
        }
    }
}

/// Sums of risk x column over the risk set and over the deaths of every event time.
struct ColumnSums {
    std::vector<double> at_risk, deaths;
    ColumnSums(const RiskSets& sets, std::span<const double> risk, std::span<const double> column)
        : at_risk(sets.events().size()), deaths(sets.events().size()) {
        double sum = 0;
        sets.sweep([&] { sum = 0; }, [&](std::uint32_t row) { sum += risk[row] * column[row]; },
                   [&](std::uint32_t row) { sum -= risk[row] * column[row]; },
                   [&](std::uint32_t k) {
                       const auto& event = sets.events()[k];
                       at_risk[k] = sum;
                       for (std::uint32_t row = event.deaths_begin; row < event.end; ++row)
                           deaths[k] += risk[row] * column[row];
                   });
    }
};

} // namespace

void CoxState::information_product(const RiskSets& sets, std::span<const double> column,
                                   std::span<double> out) const {
    const ColumnSums sums(sets, risk, column);
    std::vector<double> means(terms.size()), of_deaths(terms.size());
    for (std::size_t k = 0; k < terms.size(); ++k) {
        const HazardTerms& t = terms[k];
        means[k] = sums.at_risk[k] * t.squares - sums.deaths[k] * t.mixed;
        of_deaths[k] = sums.at_risk[k] * t.mixed - sums.deaths[k] * t.death_squares;
    }
    accumulate(sets, means);
    for (std::size_t row = 0; row < sets.rows(); ++row)
        out[row] = expected[row] * column[row] - risk[row] * over_risk(sets, means, row);
    for (std::size_t k = 0; k < terms.size(); ++k) {
        const auto& event = sets.events()[k];
        for (std::uint32_t row = event.deaths_begin; row < event.end; ++row)
            out[row] += risk[row] * of_deaths[k];
    }
}

// Hazard terms of all event times and the log-likelihood, from the risks.
void CoxSolver::weigh_events(const CoxProblem& problem, double shift) {
    const RiskSets& sets = problem.risk;
    log_likelihood_ = 0;
    double sum = 0;
    const auto& risk = state_.risk;
    sets.sweep([&] { sum = 0; }, [&](std::uint32_t row) { sum += risk[row]; },
               [&](std::uint32_t row) { sum -= risk[row]; },
               [&](std::uint32_t k) {
                   const auto& event = sets.events()[k];
                   EventSums sums{.risk = sum, .count = event.deaths, .weight = event.death_weight};
                   double own = 0;
                   for (std::uint32_t row = event.deaths_begin; row < event.end; ++row) {
                       sums.deaths += risk[row];
                       const double w = sets.weight().empty() ? 1 : sets.weight()[row];
                       own += w * (eta_[row] - shift);
                   }
                   double log_sum = 0;
                   state_.terms[k] = terms_of(sums, problem.ties, log_sum);
                   log_likelihood_ += own - log_sum;
               });
}

// Events expected of every row, from the hazard terms.
void CoxSolver::expect(const RiskSets& sets) {
    const std::size_t events = state_.terms.size();
    cumulative_.resize(events);
    for (std::size_t k = 0; k < events; ++k)
        cumulative_[k] = state_.terms[k].hazard;
    accumulate(sets, cumulative_);
    for (std::size_t row = 0; row < sets.rows(); ++row)
        state_.expected[row] = state_.risk[row] * over_risk(sets, cumulative_, row);
    for (std::size_t k = 0; k < events; ++k) {
        const auto& event = sets.events()[k];
        const double less = state_.terms[k].hazard - state_.terms[k].death_hazard;
        if (less == 0) continue;
        for (std::uint32_t row = event.deaths_begin; row < event.end; ++row)
            state_.expected[row] -= state_.risk[row] * less;
    }
}

// Takes the squared means of the risk sets out of the gram of the expected events.
void CoxSolver::subtract_means(const CoxProblem& problem) {
    const RiskSets& sets = problem.risk;
    const std::size_t columns = problem.design.count();
    const auto& risk = state_.risk;
    const auto add = [&](std::vector<double>& sums, std::uint32_t row, double sign) {
        for (std::size_t c = 0; c < columns; ++c)
            sums[c] += sign * risk[row] * problem.design.columns[c][row];
    };
    sets.sweep([&] { sum_.assign(columns, 0); }, [&](std::uint32_t row) { add(sum_, row, 1); },
               [&](std::uint32_t row) { add(sum_, row, -1); },
               [&](std::uint32_t k) {
                   const auto& event = sets.events()[k];
                   const HazardTerms& t = state_.terms[k];
                   if (t.mixed != 0) {
                       deaths_.assign(columns, 0);
                       for (std::uint32_t row = event.deaths_begin; row < event.end; ++row)
                           add(deaths_, row, 1);
                   }
                   for (std::size_t a = 0; a < columns; ++a) {
                       double* row = gram_.data() + a * columns;
                       const double s = t.squares * sum_[a];
                       for (std::size_t b = 0; b <= a; ++b)
                           row[b] -= s * sum_[b];
                       if (t.mixed == 0) continue;
                       const double m = t.mixed * sum_[a];
                       const double d = t.mixed * deaths_[a], e = t.death_squares * deaths_[a];
                       for (std::size_t b = 0; b <= a; ++b)
                           row[b] += m * deaths_[b] + d * sum_[b] - e * deaths_[b];
                   }
               });
    for (std::size_t a = 0; a < columns; ++a)
        for (std::size_t b = 0; b < a; ++b)
            gram_[b * columns + a] = gram_[a * columns + b];
}

// Likelihood, score and information at `coefficients`. They may come out infinite or NaN.
void CoxSolver::evaluate(const CoxProblem& problem, std::span<const double> coefficients) {
    const std::size_t rows = problem.risk.rows(), columns = problem.design.count();
    std::fill(eta_.begin(), eta_.end(), 0);
    if (columns > 0) linear_predictor(problem.design, coefficients, eta_);
    for (std::size_t row = 0; row < problem.offset.size(); ++row)
        eta_[row] += problem.offset[row];
    const double shift =
        rows == 0
            ? 0
            : *std::max_element(eta_.begin(), eta_.begin() + static_cast<std::ptrdiff_t>(rows));
    const auto weight = problem.risk.weight();
    for (std::size_t row = 0; row < rows; ++row)
        state_.risk[row] = std::exp(eta_[row] - shift) * (weight.empty() ? 1 : weight[row]);
    weigh_events(problem, shift);
    expect(problem.risk);
    for (std::size_t row = 0; row < rows; ++row)
        residual_[row] =
            problem.risk.event()[row] * (weight.empty() ? 1 : weight[row]) - state_.expected[row];
    if (columns == 0) return;
    column_products(problem.design, residual_, score_);
    weighted_gram(problem.design, state_.expected, gram_);
    subtract_means(problem);
    for (std::size_t c = 0; c < problem.penalty.size(); ++c) {
        const double p = problem.penalty[c], b = coefficients[c];
        log_likelihood_ -= 0.5 * p * b * b;
        score_[c] -= p * b;
        gram_[c * columns + c] += p;
    }
}

// Newton step; returns its squared length in standard errors, or -1 if the information is singular.
double CoxSolver::newton_step(std::span<double> step) {
    const std::size_t columns = step.size();
    if (!cholesky(gram_, columns, columns, factor_)) return -1;
    invert(factor_, columns, inverse_);
    double decrement = 0;
    for (std::size_t a = 0; a < columns; ++a) {
        step[a] = 0;
        for (std::size_t b = 0; b < columns; ++b)
            step[a] += inverse_[a * columns + b] * score_[b];
        decrement += step[a] * score_[a];
    }
    return decrement;
}

CoxFit CoxSolver::fit(const CoxProblem& problem, int max_iterations) {
    const std::size_t columns = problem.design.count(),
                      padded = padded_samples(problem.risk.rows());
    for (auto* values : {&eta_, &residual_, &state_.risk, &state_.expected})
        values->assign(padded, 0);
    for (auto* values : {&gram_, &factor_, &inverse_})
        values->assign(columns * columns, 0);
    score_.assign(columns, 0);
    state_.terms.assign(problem.risk.events().size(), {});
    CoxFit fit{.coefficients = {problem.start.begin(), problem.start.end()}};
    fit.coefficients.resize(columns, 0.0);
    evaluate(problem, fit.coefficients);
    fit.log_likelihood = fit.log_likelihood_start = log_likelihood_;
    if (problem.risk.total_events() == 0 || !std::isfinite(log_likelihood_)) return fit;
    std::vector<double> step(columns), next(columns), first_variance;
    for (;;) {
        const double decrement = newton_step(step);
        if (decrement < 0 || !std::isfinite(decrement)) return fit;
        if (first_variance.empty()) {
            fit.score_chi_square = decrement;
            for (std::size_t c = 0; c < columns; ++c)
                first_variance.push_back(inverse_[c * columns + c]);
        }
        for (std::size_t c = 0; c < columns; ++c)
            if (inverse_[c * columns + c] > cox_monotone_growth * first_variance[c])
                fit.monotone = true;
        fit.covariance = inverse_;
        fit.converged = decrement < cox_settled && !fit.monotone;
        if (fit.converged || fit.monotone || fit.iterations == max_iterations) return fit;
        ++fit.iterations;
        const double before = log_likelihood_;
        double scale = 1;
        for (int halving = 0;; ++halving, scale *= 0.5) {
            for (std::size_t c = 0; c < columns; ++c)
                next[c] = fit.coefficients[c] + scale * step[c];
            evaluate(problem, next);
            const double allowed = 1e-11 * (1 + std::fabs(before)); // rounding of the likelihood
            if (log_likelihood_ >= before - allowed) break;
            if (halving == cox_halvings_max) return fit;
        }
        fit.coefficients = next;
        fit.log_likelihood = log_likelihood_;
    }
}

std::vector<double> CoxSolver::martingale_residuals(const RiskSets& sets) const {
    std::vector<double> out(sets.rows());
    for (std::size_t row = 0; row < out.size(); ++row)
        out[row] = sets.event()[row] -
                   state_.expected[row] / (sets.weight().empty() ? 1 : sets.weight()[row]);
    return out;
}

StandardColumns::StandardColumns(std::span<const std::vector<double>> columns) {
    for (const std::vector<double>& column : columns) {
        const auto n = static_cast<double>(column.size());
        double mean = 0, squares = 0;
        for (const double value : column)
            mean += value;
        mean /= n;
        for (const double value : column)
            squares += (value - mean) * (value - mean);
        const double deviation = std::sqrt(squares / n);
        scale.push_back(deviation > 0 ? deviation : 1);
        auto& out = values.emplace_back(padded_samples(column.size()), 0.0);
        for (std::size_t i = 0; i < column.size(); ++i)
            out[i] = (column[i] - mean) / scale.back();
    }
    for (const auto& column : values)
        pointers.push_back(column.data());
}

void StandardColumns::restore(CoxFit& fit) const {
    const std::size_t columns = scale.size();
    for (std::size_t a = 0; a < columns; ++a) {
        fit.coefficients[a] /= scale[a];
        for (std::size_t b = 0; b < columns && !fit.covariance.empty(); ++b)
            fit.covariance[a * columns + b] /= scale[a] * scale[b];
    }
}

} // namespace salus
