#include "stages/association/null_model.hpp"

#include "models/logistic.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace salus::association {
namespace {

// Estimates of a null model beyond 15 on the log odds scale, for a standardised covariate, are
// separation on the way to infinity.
constexpr double largest_coefficient = 15;

std::vector<const double*> pointers_of(const SampleSet& set) {
    std::vector<const double*> pointers;
    for (const auto& column : set.design)
        pointers.push_back(column.data());
    return pointers;
}

bool is_finite_fit(const LogisticFit& fit) {
    return fit.converged &&
           std::all_of(fit.coefficients.begin() + 1, fit.coefficients.end(),
                       [](double b) { return std::fabs(b) < largest_coefficient; });
}

void predict(const DesignColumns& design, const BinaryPlan& plan,
             std::span<const double> coefficients, std::span<double> eta) {
    linear_predictor(design, coefficients, eta);
    for (std::size_t i = 0; i < plan.offset.size(); ++i)
        eta[i] += plan.offset[i];
}

std::vector<std::vector<double>>
weighted_columns(const SampleSet& set, std::span<const double> weight, std::span<double> factor) {
    std::vector<std::vector<double>> weighted;
    for (const auto& x : set.design) {
        auto& column = weighted.emplace_back(set.samples.size());
        for (std::size_t i = 0; i < column.size(); ++i)
            column[i] = weight[i] * x[i];
    }
    orthogonalise(weighted, factor);
    return weighted;
}

// Takes W X (X'WX)^-1 X'r out of r, so that g'r is the score of g after the covariates also where r
// is not of maximum likelihood. With u = W x of unit columns x, x'r is the sum of u r / w.
void centre_score(const NullColumns& columns, std::span<const double> weight,
                  std::span<double> residual) {
    for (const auto& column : columns.weighted) {
        double along = 0;
        for (std::size_t i = 0; i < residual.size(); ++i)
            along += column[i] * residual[i] / weight[i];
        for (std::size_t i = 0; i < residual.size(); ++i)
            residual[i] -= along * column[i];
    }
}

// The step from the maximum of the likelihood towards that of Firth: A^-1 of the sum of x h (1/2 -
// mu), h the leverages.
std::vector<double> firth_shift(const SampleSet& set, const NullColumns& columns,
                                std::span<const double> weight, std::span<const double> factor) {
    const std::size_t count = columns.weighted.size();
    std::vector<double> shift(count);
    for (std::size_t i = 0; i < columns.fitted.size(); ++i) {
        double leverage = 0; // of columns W X R^-1
        for (const auto& column : columns.weighted)
            leverage += column[i] * column[i] / weight[i];
        for (std::size_t c = 0; c < count; ++c)
            shift[c] += set.rows[i * count + c] * leverage * (0.5 - columns.fitted[i]);
    }
    for (std::size_t a = 0; a < count; ++a) {
        for (std::size_t b = 0; b < a; ++b)
            shift[a] -= factor[a * count + b] * shift[b];
        shift[a] /= factor[a * count + a];
    }
    for (std::size_t a = count; a-- > 0;) {
        for (std::size_t b = a + 1; b < count; ++b)
            shift[a] -= factor[b * count + a] * shift[b];
        shift[a] /= factor[a * count + a];
    }
    return shift;
}

// The logit that approximate Firth holds fixed is of the penalised null model.
void hold_penalised_null(const DesignColumns& design, LogisticSolver& solver, BinaryPlan& plan) {
    if (!plan.penalised) {
        const LogisticFit fit = solver.fit({.design = design,
                                            .outcome = plan.outcome,
                                            .start = plan.coefficients,
                                            .free = plan.coefficients.size(),
                                            .offset = plan.offset},
                                           Penalty::firth);
        if (fit.converged) predict(design, plan, fit.coefficients, plan.logit);
    }
    std::vector<double> residual(design.padded()), weight(design.padded());
    logistic_terms(plan.logit, plan.outcome, design.samples, residual, weight);
    plan.fitted.assign(design.padded(), 0.0);
    for (std::size_t i = 0; i < design.samples; ++i)
        plan.fitted[i] = plan.outcome[i] - residual[i];
    if (design.count() <= most_moment_columns)
        plan.moments = covariate_moments(design, plan.outcome, plan.logit);
}

} // namespace

// Forward substitution with the Cholesky factor, column by column.
void orthogonalise(std::span<std::vector<double>> columns, std::span<double> gram) {
    const std::size_t count = columns.size();
    for (std::size_t a = 0; a < count; ++a) {
        auto& column = columns[a];
        for (std::size_t b = 0; b < a; ++b) {
            double sum = gram[a * count + b];
            for (std::size_t c = 0; c < b; ++c)
                sum -= gram[a * count + c] * gram[b * count + c];
            const double entry = sum / gram[b * count + b];
            gram[a * count + b] = entry;
            for (std::size_t i = 0; i < column.size(); ++i)
                column[i] -= entry * columns[b][i];
        }
        double rest = gram[a * count + a];
        for (std::size_t b = 0; b < a; ++b)
            rest -= gram[a * count + b] * gram[a * count + b];
        gram[a * count + a] = std::sqrt(rest);
        for (double& value : column)
            value /= gram[a * count + a];
    }
}

void fill_design(SampleSet& set, const CovariateBasis& basis, std::size_t samples) {
    const std::size_t n = set.samples.size(), count = basis.columns.size() + 1;
    const double scale = std::sqrt(static_cast<double>(n));
    set.design.assign(1, PaddedColumn(padded_samples(n), 0.0));
    std::fill_n(set.design[0].begin(), n, 1.0);
    for (const auto& column : basis.columns) {
        auto& padded = set.design.emplace_back(padded_samples(n), 0.0);
        for (std::size_t i = 0; i < n; ++i)
            padded[i] = column[i] * scale;
    }
    set.rows.resize(n * count);
    set.positions.assign(samples, 0);
    for (std::size_t i = 0; i < n; ++i) {
        set.positions[set.samples[i]] = static_cast<std::uint32_t>(i);
        for (std::size_t c = 0; c < count; ++c)
            set.rows[i * count + c] = set.design[c][i];
    }
}

std::optional<NullColumns> fit_null_model(const SampleSet& set, const AssociationParams& params,
                                          BinaryPlan& plan) {
    const std::size_t n = set.samples.size();
    const auto pointers = pointers_of(set);
    const DesignColumns design{.columns = pointers, .samples = n};
    std::vector<double> start(pointers.size(), 0.0);
    const double cases = std::accumulate(plan.outcome.begin(), plan.outcome.end(), 0.0);
    start[0] = std::log(cases / (static_cast<double>(n) - cases));
    LogisticSolver solver;
    const LogisticProblem problem{.design = design,
                                  .outcome = plan.outcome,
                                  .start = start,
                                  .free = start.size(),
                                  .offset = plan.offset};
    LogisticFit fit = solver.fit(problem);
    plan.penalised = !is_finite_fit(fit);
    if (plan.penalised) fit = solver.fit(problem, Penalty::firth, 200);
    if (!fit.converged) return std::nullopt;
    plan.coefficients = fit.coefficients;
    std::vector<double> residual(design.padded()), weight(residual);
    plan.logit.resize(design.padded());
    predict(design, plan, fit.coefficients, plan.logit);
    logistic_terms(plan.logit, plan.outcome, n, residual, weight);
    plan.factor.resize(start.size() * start.size());
    weighted_gram(design, weight, plan.factor);
    NullColumns columns{
        .residual = {residual.begin(), residual.begin() + static_cast<std::ptrdiff_t>(n)}};
    columns.weighted = weighted_columns(set, weight, plan.factor);
    for (std::size_t i = 0; i < n; ++i)
        columns.fitted.push_back(plan.outcome[i] - residual[i]);
    plan.firth_shift = plan.penalised ? std::vector<double>(plan.coefficients.size())
                                      : firth_shift(set, columns, weight, plan.factor);
    if (plan.penalised) centre_score(columns, weight, columns.residual);
    plan.root_weight = plan.factor[0];
    if (params.binary_test == "score_firth") hold_penalised_null(design, solver, plan);
    return columns;
}

} // namespace salus::association
