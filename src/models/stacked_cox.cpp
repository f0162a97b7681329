#include "models/cox.hpp"
#include "models/stacked_maximum.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

namespace salus {
namespace {

/// Partial likelihood of some of the samples.
class PartialLikelihood {
public:
    PartialLikelihood(const StackedProblem& problem, std::vector<std::uint32_t> members)
        : members_(std::move(members)), sets_({.exit = pick(problem.time),
                                               .event = pick(problem.values),
                                               .entry = pick(problem.entry)}) {
        picked_.clear();
    }
    double total_events() const noexcept { return sets_.total_events(); }
    double operator()(std::span<const double> eta, std::span<double> residual,
                      std::span<double> weight) {
        const double value = at(eta);
        const auto left = solver_.martingale_residuals(sets_);
        std::fill(residual.begin(), residual.end(), 0.0);
        std::fill(weight.begin(), weight.end(), 0.0);
        for (std::size_t row = 0; row < members_.size(); ++row) {
            const std::uint32_t sample = members_[sets_.order()[row]];
            residual[sample] = left[row];
            weight[sample] = solver_.state().expected[row];
        }
        return value;
    }
    double at(std::span<const double> eta) {
        std::vector<double> offset(padded_samples(members_.size()));
        for (std::size_t row = 0; row < members_.size(); ++row)
            offset[row] = eta[members_[sets_.order()[row]]];
        return solver_
            .fit({.risk = sets_,
                  .design = {.columns = {}, .samples = members_.size()},
                  .offset = offset})
            .log_likelihood;
    }

private:
    std::span<const double> pick(std::span<const double> values) {
        if (values.empty()) return {};
        auto& column = picked_.emplace_back();
        for (const std::uint32_t i : members_)
            column.push_back(values[i]);
        return column;
    }
    std::vector<std::uint32_t> members_;
    std::vector<std::vector<double>> picked_; // only while the risk sets are made
    RiskSets sets_;
    CoxSolver solver_;
};

class CoxStack {
public:
    explicit CoxStack(const StackedProblem& problem)
        : problem_(problem), all_(problem, members_without({0, 0})) {}

    StackedFit fit() {
        const std::size_t penalties = problem_.penalties.size(), folds = problem_.fold_ends.size();
        StackedFit result{.score = std::vector<double>(penalties), .contributions = {}};
        for (std::size_t k = 0; k < folds; ++k)
            fit_fold(k, result);
        result.null_score = null_score_;
        for (std::size_t l = 0; l < penalties; ++l) {
            if (std::isnan(result.score[l])) continue;
            if (result.converged && !(result.score[l] > result.score[result.best])) continue;
            result.best = l;
            result.converged = true;
        }
        if (result.converged) contribute(result);
        return result;
    }

private:
    struct Range {
        std::size_t begin = 0, end = 0;
    };
    Range fold(std::size_t k) const {
        return {k == 0 ? 0 : problem_.fold_ends[k - 1], problem_.fold_ends[k]};
    }
    std::vector<std::uint32_t> members_without(Range range) const {
        std::vector<std::uint32_t> members;
        for (std::size_t i = 0; i < problem_.rows.samples; ++i)
            if (i < range.begin || i >= range.end) members.push_back(static_cast<std::uint32_t>(i));
        return members;
    }

    void fit_fold(std::size_t k, StackedFit& result) {
        PartialLikelihood others(problem_, members_without(fold(k)));
        auto& solutions = solutions_.emplace_back(problem_.penalties.size());
        null_score_ += all_.at(problem_.offset) - others.at(problem_.offset);
        StackedMaximum maximum(
            problem_.rows, problem_.offset,
            [&](std::span<const double> eta, std::span<double> residual, std::span<double> weight) {
                return others(eta, residual, weight);
            });
        StackedMaximum::Point point = maximum.start();
        for (std::size_t l = 0; l < problem_.penalties.size(); ++l) {
            if (others.total_events() == 0 || !maximum.maximise(problem_.penalties[l], point)) {
                result.score[l] = std::numeric_limits<double>::quiet_NaN();
                point = maximum.start();
                continue;
            }
            result.score[l] += all_.at(point.eta) - point.log_likelihood;
            solutions[l] = point.coefficients;
        }
    }
    void contribute(StackedFit& result) const {
        const std::size_t columns = problem_.rows.columns;
        result.contributions.assign(problem_.groups, std::vector<double>(problem_.rows.samples));
        std::size_t k = 0;
        problem_.rows.for_each_tile([&](std::size_t first, std::span<const float> rows) {
            for (std::size_t i = 0; i < rows.size() / columns; ++i) {
                while (problem_.fold_ends[k] <= first + i)
                    ++k;
                const auto& a = solutions_[k][result.best];
                for (std::size_t c = 0; c < columns; ++c)
                    result.contributions[problem_.group[c]][first + i] +=
                        a[c] * static_cast<double>(rows[i * columns + c]);
            }
        });
    }

    const StackedProblem& problem_;
    PartialLikelihood all_;
    double null_score_ = 0;
    std::vector<std::vector<std::vector<double>>> solutions_; // [fold][penalty][column]
};

} // namespace

StackedFit fit_stacked_cox(const StackedProblem& problem) { return CoxStack(problem).fit(); }

} // namespace salus
