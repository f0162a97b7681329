#include "base/random.hpp"
#include "models/cox.hpp"
#include "models/stacked_ridge.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace salus {
namespace {

/// 150 people with ties, censoring and late entries; 6 predictors in 2 groups, in tiles of 64.
class StackedCox : public testing::Test {
protected:
    static constexpr std::size_t n = 150, columns = 6;
    StackedCox() {
        for (std::size_t i = 0; i < n; ++i) {
            Rng rng(5, "person", i);
            double eta = 0;
            for (std::size_t c = 0; c < columns; ++c) {
                rows_.push_back(static_cast<float>(rng.normal()));
                eta += 0.2 * static_cast<double>(rows_.back());
            }
            offset_.push_back(0.3 * rng.normal());
            const double time = -std::log(rng.uniform()) * std::exp(-eta - offset_.back());
            time_.push_back(std::ceil(10 * std::min(time, 2.0)) / 10);
            event_.push_back(time < 2 ? 1 : 0);
            entry_.push_back(i % 7 == 0 ? 0.5 * time_.back() : 0);
        }
    }
    PredictorRows rows() const {
        return {.samples = n,
                .columns = columns,
                .for_each_tile = [this](const PredictorRows::Visit& visit) {
                    for (std::size_t first = 0; first < n; first += 64)
                        visit(first,
                              std::span(rows_).subspan(
                                  first * columns, columns * std::min<std::size_t>(64, n - first)));
                }};
    }
    struct Fit {
        std::vector<double> coefficients;
        double inside = 0, everybody = 0; // partial log-likelihoods
    };
    /// Exact Newton of everybody but [begin, end).
    Fit without(std::size_t begin, std::size_t end, double penalty) const {
        std::vector<std::size_t> members;
        for (std::size_t i = 0; i < n; ++i)
            if (i < begin || i >= end) members.push_back(i);
        Fit fit;
        fit.inside = solve(members, penalty, {}, fit.coefficients);
        std::vector<std::size_t> all(n);
        std::iota(all.begin(), all.end(), std::size_t{0});
        std::vector<double> same;
        fit.everybody = solve(all, 0, fit.coefficients, same);
        return fit;
    }
    /// The maximum of the penalised likelihood, or the likelihood at `fixed`.
    double solve(const std::vector<std::size_t>& members, double penalty,
                 const std::vector<double>& fixed, std::vector<double>& coefficients) const {
        const auto pick = [&](const auto& value) {
            std::vector<double> values;
            for (const std::size_t i : members)
                values.push_back(value(i));
            return values;
        };
        const auto time = pick([&](std::size_t i) { return time_[i]; }),
                   event = pick([&](std::size_t i) { return event_[i]; }),
                   entry = pick([&](std::size_t i) { return entry_[i]; });
        const RiskSets sets({.exit = time, .event = event, .entry = entry});
        std::vector<std::vector<double>> design;
        std::vector<const double*> pointers;
        for (std::size_t c = 0; c < columns; ++c) {
            design.push_back(sets.sorted(
                pick([&](std::size_t i) { return static_cast<double>(rows_[i * columns + c]); })));
            design.back().resize(padded_samples(members.size()));
        }
        for (const auto& column : design)
            pointers.push_back(column.data());
        auto offset = sets.sorted(pick([&](std::size_t i) { return offset_[i]; }));
        offset.resize(padded_samples(members.size()));
        const std::vector<double> penalties(columns, penalty);
        const CoxFit fit = CoxSolver().fit({.risk = sets,
                                            .design = {.columns = pointers, .samples = sets.rows()},
                                            .start = fixed,
                                            .offset = offset,
                                            .penalty = penalties},
                                           fixed.empty() ? 60 : 0);
        if (!fixed.empty()) return fit.log_likelihood_start;
        EXPECT_TRUE(fit.converged);
        coefficients = fit.coefficients;
        double squares = 0;
        for (const double b : fit.coefficients)
            squares += b * b;
        return fit.log_likelihood + 0.5 * penalty * squares;
    }
    std::vector<float> rows_;
    std::vector<double> offset_, time_, event_, entry_;
};

TEST_F(StackedCox, AgreesWithExactNewtonFoldByFold) {
    const PredictorRows predictors = rows();
    const std::vector<std::size_t> ends{40, 100, 150}, group{0, 0, 0, 1, 1, 1};
    const std::vector<double> penalties{30, 3, 0.3};
    const StackedFit fit = fit_stacked_cox({.rows = predictors,
                                            .values = event_,
                                            .offset = offset_,
                                            .fold_ends = ends,
                                            .penalties = penalties,
                                            .group = group,
                                            .groups = 2,
                                            .time = time_,
                                            .entry = entry_});
    ASSERT_TRUE(fit.converged);
    std::vector<double> scores;
    for (const double penalty : penalties) {
        double score = 0;
        for (std::size_t k = 0, begin = 0; k < ends.size(); begin = ends[k++]) {
            const Fit exact = without(begin, ends[k], penalty);
            score += exact.everybody - exact.inside;
            if (penalty != penalties[fit.best]) continue;
            for (std::size_t i = begin; i < ends[k]; ++i)
                for (std::size_t g = 0; g < 2; ++g) {
                    double expected = 0;
                    for (std::size_t c = 3 * g; c < 3 * g + 3; ++c)
                        expected +=
                            exact.coefficients[c] * static_cast<double>(rows_[i * columns + c]);
                    // Steps end at 3e-5 standard errors.
                    ASSERT_NEAR(fit.contributions[g][i], expected, 2e-5);
                }
        }
        scores.push_back(score);
    }
    for (std::size_t l = 0; l < penalties.size(); ++l) {
        EXPECT_NEAR(fit.score[l], scores[l], 1e-4);
        EXPECT_LE(scores[l], scores[fit.best]);
    }
    EXPECT_GT(fit.score[fit.best], fit.null_score); // the predictors do predict
}

TEST_F(StackedCox, FoldThatHasAllEventsIsNoFit) {
    for (std::size_t i = 40; i < n; ++i)
        event_[i] = 0;
    const PredictorRows predictors = rows();
    const std::vector<std::size_t> ends{40, 100, 150}, group(columns, 0);
    const std::vector<double> penalties{3};
    EXPECT_FALSE(fit_stacked_cox({.rows = predictors,
                                  .values = event_,
                                  .offset = offset_,
                                  .fold_ends = ends,
                                  .penalties = penalties,
                                  .group = group,
                                  .groups = 1,
                                  .time = time_,
                                  .entry = entry_})
                     .converged);
}

} // namespace
} // namespace salus
