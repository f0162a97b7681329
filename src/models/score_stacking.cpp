#include "models/score_stacking.hpp"

#include "base/hash.hpp"
#include "models/discrimination.hpp"
#include "models/elastic_net.hpp"
#include "models/stacking_problem.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace salus {
namespace {

/// Which cells (outer fold, inner fold) count.
StackCells outside(const StackingData& data, std::size_t left_out) {
    StackCells cells(data.outer_folds * data.inner_folds, 1);
    for (std::size_t i = 0; i < data.inner_folds && left_out < data.outer_folds; ++i)
        cells[left_out * data.inner_folds + i] = 0;
    return cells;
}

/// The folds that choose: cells of each, among those that count.
std::vector<StackCells> choosing_folds(const StackingData& data, const StackCells& counted,
                                       std::size_t left_out) {
    const bool all = left_out >= data.outer_folds;
    std::vector<StackCells> folds(all ? data.outer_folds : data.inner_folds,
                                  StackCells(counted.size(), 0));
    for (std::size_t o = 0; o < data.outer_folds; ++o)
        for (std::size_t i = 0; i < data.inner_folds; ++i) {
            const std::size_t cell = o * data.inner_folds + i;
            folds[all ? o : i][cell] = counted[cell];
        }
    return folds;
}

StackCells without(StackCells cells, const StackCells& left_out) {
    for (std::size_t c = 0; c < cells.size(); ++c)
        if (left_out[c] != 0) cells[c] = 0;
    return cells;
}

std::vector<std::size_t> all_columns(const StackingData& data) {
    std::vector<std::size_t> columns(1 + data.covariates.size() + data.scores.size());
    for (std::size_t c = 0; c < columns.size(); ++c)
        columns[c] = c;
    return columns;
}

LinearPrediction prediction_of(const StackingData& data, std::span<const double> coefficients) {
    const std::size_t covariates = data.covariates.size();
    LinearPrediction out{
        .intercept = coefficients[0],
        .covariates = {coefficients.begin() + 1,
                       coefficients.begin() + 1 + static_cast<std::ptrdiff_t>(covariates)},
        .scores = {coefficients.begin() + 1 + static_cast<std::ptrdiff_t>(covariates),
                   coefficients.end()}};
    out.scores.resize(data.scores.size(), 0.0);
    return out;
}

/// Unpenalised fits of covariates, and of each score with them.
bool fit_singles(const StackingData& data, const StackingSource& source, const StackCells& cells,
                 const StackingRules& rules, StackFit& fit) {
    std::vector<std::size_t> columns(1 + data.covariates.size());
    for (std::size_t c = 0; c < columns.size(); ++c)
        columns[c] = c;
    const auto fit_columns = [&](LinearPrediction& out, double& likelihood) {
        StackingProblem problem = source.problem(cells, columns);
        const NewtonFit newton = fit_newton(*problem.likelihood);
        if (newton.state != FitState::converged) return newton.state;
        likelihood = newton.log_likelihood;
        std::vector<double> wide(1 + data.covariates.size() + data.scores.size(), 0.0);
        const auto restored = problem.restore(newton.coefficients);
        for (std::size_t c = 0; c < columns.size(); ++c)
            wide[columns[c]] = restored[c];
        out = prediction_of(data, wide);
        return newton.state;
    };
    double likelihood = 0, best = -std::numeric_limits<double>::infinity();
    if (const FitState state = fit_columns(fit.base, likelihood); state != FitState::converged) {
        fit.reason = state == FitState::monotone ? "monotone" : "not_settled";
        return false;
    }
    columns.push_back(0);
    for (std::size_t s = 0; s < data.scores.size(); ++s) {
        columns.back() = 1 + data.covariates.size() + s;
        LinearPrediction& single = fit.singles.emplace_back(fit.base);
        const FitState state = fit_columns(single, likelihood);
        const bool positive = single.scores[s] > 0 || !rules.nonnegative;
        if (state != FitState::converged || !positive || !(likelihood > best)) continue;
        best = likelihood;
        fit.best = s;
        fit.any = true;
    }
    return true;
}

/// Coefficients of all lambdas in the units of the columns.
struct Path {
    std::vector<double> lambda;
    std::vector<std::vector<double>> coefficients;
    bool settled = true;
};
Path path_of(const StackingData& data, const StackingSource& source, const StackCells& cells,
             const StackingRules& rules, double alpha, const std::vector<double>& grid) {
    StackingProblem problem = source.problem(cells, all_columns(data));
    const std::size_t columns = problem.likelihood->columns(), first = 1 + data.covariates.size();
    ElasticNet net{.alpha = alpha,
                   .factor = std::vector<double>(columns, 0.0),
                   .nonnegative = std::vector<std::uint8_t>(columns, 0),
                   .lambdas = rules.lambdas,
                   .smallest = rules.smallest,
                   .grid = grid};
    std::fill(net.factor.begin() + static_cast<std::ptrdiff_t>(first), net.factor.end(), 1.0);
    if (rules.nonnegative)
        std::fill(net.nonnegative.begin() + static_cast<std::ptrdiff_t>(first),
                  net.nonnegative.end(), std::uint8_t{1});
    const NetPath path = elastic_net_path(*problem.likelihood, problem.people, net);
    Path out{.lambda = path.lambda, .coefficients = {}, .settled = true};
    for (std::size_t k = 0; k < path.lambda.size(); ++k) {
        // A breach of a thousandth of the penalty moves no prediction that anyone could see.
        out.settled = out.settled && path.violation[k] <= 1e-3 * path.lambda[k];
        out.coefficients.push_back(problem.restore(path.coefficients[k]));
        for (const double b : out.coefficients.back())
            out.settled = out.settled && std::isfinite(b);
    }
    return out;
}

} // namespace

std::uint8_t stacking_fold(std::string_view id, std::uint64_t seed, std::uint64_t level,
                           std::size_t folds) noexcept {
    return static_cast<std::uint8_t>(hash64(id, 11 * seed + 7 + level) % folds);
}

double LinearPrediction::of(const StackingData& data, std::size_t person) const noexcept {
    double sum = intercept;
    for (std::size_t c = 0; c < covariates.size(); ++c)
        sum += covariates[c] * data.covariates[c][person];
    for (std::size_t c = 0; c < scores.size(); ++c)
        if (scores[c] != 0) sum += scores[c] * data.scores[c][person];
    return sum;
}

StackFit fit_stack(const StackingData& data, const StackingRules& rules, std::size_t left_out) {
    StackFit fit;
    const StackingSource source(data);
    const StackCells cells = outside(data, left_out);
    if (!fit_singles(data, source, cells, rules, fit)) return fit;
    fit.stack = fit.base;
    if (!fit.any) return fit;
    const auto folds = choosing_folds(data, cells, left_out);
    fit.deviance = std::numeric_limits<double>::infinity();
    for (const double alpha : rules.alphas) {
        const Path whole = path_of(data, source, cells, rules, alpha, {});
        if (!whole.settled) {
            fit.reason = "not_settled";
            return fit;
        }
        std::vector<double> deviance(whole.lambda.size(), 0.0);
        double people = 0;
        for (const StackCells& fold : folds) {
            const double members = source.people(fold);
            if (members == 0) continue;
            const Path some =
                path_of(data, source, without(cells, fold), rules, alpha, whole.lambda);
            if (!some.settled) {
                fit.reason = "not_settled";
                return fit;
            }
            for (std::size_t k = 0; k < deviance.size(); ++k)
                deviance[k] += source.deviance(fold, some.coefficients[k]);
            people += members;
        }
        for (std::size_t k = 0; k < deviance.size(); ++k) {
            if (!(deviance[k] / people < fit.deviance)) continue;
            fit.deviance = deviance[k] / people;
            fit.alpha = alpha;
            fit.lambda = whole.lambda[k];
            fit.stack = prediction_of(data, whole.coefficients[k]);
        }
    }
    return fit;
}

namespace {

/// Squared correlation, 0 if negative, and the influence of every person on it.
double squared_correlation(std::span<const double> a, std::span<const double> b,
                           std::vector<double>& influence) {
    const auto n = static_cast<double>(a.size());
    double ma = 0, mb = 0, va = 0, vb = 0, ab = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        ma += a[i] / n;
        mb += b[i] / n;
    }
    for (std::size_t i = 0; i < a.size(); ++i) {
        va += (a[i] - ma) * (a[i] - ma) / n;
        vb += (b[i] - mb) * (b[i] - mb) / n;
        ab += (a[i] - ma) * (b[i] - mb) / n;
    }
    influence.assign(a.size(), 0.0);
    if (!(va > 0 && vb > 0 && ab > 0)) return 0;
    const double r = ab / std::sqrt(va * vb);
    for (std::size_t i = 0; i < a.size(); ++i) {
        const double u = (a[i] - ma) / std::sqrt(va), v = (b[i] - mb) / std::sqrt(vb);
        influence[i] = 2 * r * (u * v - r * (u * u + v * v) / 2);
    }
    return r * r;
}

double error_of(std::span<const double> a, std::span<const double> b) {
    double squares = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const double x = a[i] - (b.empty() ? 0 : b[i]);
        squares += x * x;
    }
    return std::sqrt(squares) / static_cast<double>(a.size());
}

} // namespace

StackJudgement judge_predictions(OutcomeKind kind, std::span<const std::vector<double>> predictions,
                                 std::span<const double> outcome) {
    StackJudgement out;
    const std::size_t count = predictions.size();
    std::vector<double> value(count);
    std::vector<std::vector<double>> influence(count);
    DeLong areas;
    if (kind == OutcomeKind::binary) {
        areas = delong(predictions, outcome);
        value = areas.auc;
    } else {
        for (std::size_t k = 0; k < count; ++k)
            value[k] = squared_correlation(predictions[k], outcome, influence[k]);
    }
    const auto difference = [&](std::size_t a, std::size_t b) -> Measured {
        return {value[a] - value[b], kind == OutcomeKind::binary
                                         ? std::sqrt(areas.difference_variance(a, b))
                                         : error_of(influence[a], influence[b])};
    };
    for (std::size_t k = 0; k < count; ++k) {
        out.value.push_back({value[k], kind == OutcomeKind::binary ? std::sqrt(areas.variance(k))
                                                                   : error_of(influence[k], {})});
        out.over_base.push_back(difference(k, 0));
    }
    out.last_over_previous = difference(count - 1, count - 2);
    return out;
}

} // namespace salus
