#include "models/score_stacking.hpp"

#include "base/random.hpp"
#include "models/discrimination.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace salus {
namespace {

/// Five scores: two of the signal with noise, one of them twice (nearly), one against it, and
/// noise; two covariates.
StackingData example(OutcomeKind kind, std::size_t n, std::uint64_t seed = 1) {
    StackingData data{.kind = kind,
                      .covariates = std::vector<std::vector<double>>(2, std::vector<double>(n)),
                      .scores = std::vector<std::vector<double>>(5, std::vector<double>(n)),
                      .outer_folds = 4,
                      .inner_folds = 3};
    for (std::size_t i = 0; i < n; ++i) {
        Rng rng(seed, "test.stacking", i);
        const double signal = rng.normal(), age = 50 + 10 * rng.normal(),
                     sex = rng.bernoulli(0.5) ? 1 : 0;
        data.covariates[0][i] = age;
        data.covariates[1][i] = sex;
        data.scores[0][i] = 0.3 * (signal + rng.normal());
        data.scores[1][i] = 2 * (signal + 2 * rng.normal()) + 100;
        data.scores[2][i] = data.scores[0][i] + 0.03 * rng.normal();
        data.scores[3][i] = -signal + rng.normal();
        data.scores[4][i] = rng.normal();
        const double eta = 0.6 * signal + 0.02 * (age - 50) - 0.3 * sex;
        data.outcome.push_back(kind == OutcomeKind::quantitative
                                   ? 7 + 3 * (eta + rng.normal())
                                   : (rng.uniform() < 1 / (1 + std::exp(0.5 - eta)) ? 1.0 : 0.0));
        const std::string id = "person" + std::to_string(i);
        data.outer.push_back(stacking_fold(id, 1, 0, 4));
        data.inner.push_back(stacking_fold(id, 1, 1, 3));
    }
    return data;
}

/// The regression by its definition: proximal steps over the rows, slow. Coefficients of
/// intercept, covariates and scores in their units.
std::vector<double> slow_net(const StackingData& data, const std::vector<std::size_t>& rows,
                             double alpha, double lambda, bool nonnegative) {
    const std::size_t columns = 1 + data.covariates.size() + data.scores.size();
    const auto n = static_cast<double>(rows.size());
    std::vector<std::vector<double>> x(columns, std::vector<double>(rows.size(), 1.0));
    std::vector<double> mean(columns, 0.0), deviation(columns, 1.0);
    for (std::size_t c = 1; c < columns; ++c) {
        const auto& from = c <= 2 ? data.covariates[c - 1] : data.scores[c - 3];
        double square = 0;
        for (std::size_t i = 0; i < rows.size(); ++i)
            mean[c] += from[rows[i]] / n;
        for (std::size_t i = 0; i < rows.size(); ++i)
            square += (from[rows[i]] - mean[c]) * (from[rows[i]] - mean[c]) / n;
        deviation[c] = std::sqrt(square);
        for (std::size_t i = 0; i < rows.size(); ++i)
            x[c][i] = (from[rows[i]] - mean[c]) / deviation[c];
    }
    // One coefficient at a time by a step of its own gradient.
    std::vector<double> b(columns, 0.0), eta(rows.size(), 0.0);
    const bool binary = data.kind == OutcomeKind::binary;
    const double step = binary ? 4.0 : 1.0;
    for (int round = 0; round < 20000; ++round) {
        double moved = 0;
        for (std::size_t c = 0; c < columns; ++c) {
            double gradient = 0;
            for (std::size_t i = 0; i < rows.size(); ++i)
                gradient +=
                    (data.outcome[rows[i]] - (binary ? 1 / (1 + std::exp(-eta[i])) : eta[i])) *
                    x[c][i] / n;
            double next = b[c] + step * gradient;
            if (c > 2) {
                const double cut = step * lambda * alpha;
                next = next > cut ? next - cut : next < -cut ? next + cut : 0;
                next /= 1 + step * lambda * (1 - alpha);
                if (nonnegative) next = std::max(0.0, next);
            }
            const double change = next - b[c];
            moved = std::max(moved, std::fabs(change));
            b[c] = next;
            for (std::size_t i = 0; i < rows.size(); ++i)
                eta[i] += change * x[c][i];
        }
        if (moved < 1e-13) break;
    }
    for (std::size_t c = 1; c < columns; ++c) {
        b[c] /= deviation[c];
        b[0] -= b[c] * mean[c];
    }
    return b;
}

std::vector<double> flat(const LinearPrediction& p) {
    std::vector<double> out{p.intercept};
    out.insert(out.end(), p.covariates.begin(), p.covariates.end());
    out.insert(out.end(), p.scores.begin(), p.scores.end());
    return out;
}

// Coefficients at the chosen penalty, and the deviance of the people left out by the inner folds,
// against the definition, which settles to about 1e-9.
TEST(ScoreStacking, AgreesWithTheDefinition) {
    for (const OutcomeKind kind : {OutcomeKind::quantitative, OutcomeKind::binary}) {
        const StackingData data = example(kind, 240);
        for (const std::size_t left_out : {std::size_t{1}, std::size_t{4}}) {
            const StackingRules rules{.alphas = {0.3}, .lambdas = 5, .smallest = 0.02};
            const StackFit fit = fit_stack(data, rules, left_out);
            ASSERT_EQ(fit.reason, "");
            std::vector<std::size_t> rows;
            for (std::size_t i = 0; i < data.people(); ++i)
                if (data.outer[i] != left_out) rows.push_back(i);
            const auto expected = slow_net(data, rows, fit.alpha, fit.lambda, true);
            const auto found = flat(fit.stack);
            for (std::size_t c = 0; c < expected.size(); ++c)
                EXPECT_NEAR(found[c], expected[c], 1e-6 * (1 + std::fabs(expected[c]))) << c;
            EXPECT_EQ(found[6], 0); // the score against the signal
            // Deviance by hand.
            double deviance = 0;
            const std::size_t folds = left_out == 4 ? 4 : 3;
            const auto& fold = left_out == 4 ? data.outer : data.inner;
            for (std::size_t f = 0; f < folds; ++f) {
                std::vector<std::size_t> training;
                for (const std::size_t i : rows)
                    if (fold[i] != f) training.push_back(i);
                const auto b = slow_net(data, training, fit.alpha, fit.lambda, true);
                for (const std::size_t i : rows) {
                    if (fold[i] != f) continue;
                    double eta = b[0];
                    for (std::size_t c = 1; c < b.size(); ++c)
                        eta += b[c] * (c <= 2 ? data.covariates[c - 1][i] : data.scores[c - 3][i]);
                    const double y = data.outcome[i];
                    deviance += kind == OutcomeKind::quantitative
                                    ? (y - eta) * (y - eta)
                                    : 2 * std::log1p(std::exp(y == 1 ? -eta : eta));
                }
            }
            deviance /= static_cast<double>(rows.size());
            EXPECT_NEAR(fit.deviance, deviance, 1e-6 * deviance);
        }
    }
}

TEST(ScoreStacking, SinglesAreUnpenalisedRegressions) {
    for (const OutcomeKind kind : {OutcomeKind::quantitative, OutcomeKind::binary}) {
        const StackingData data = example(kind, 300);
        const StackFit fit = fit_stack(data, {.lambdas = 5}, 4);
        ASSERT_EQ(fit.singles.size(), 5U);
        std::vector<double> z;
        for (std::size_t s = 0; s < 5; ++s) {
            std::vector<std::vector<double>> columns = data.covariates;
            columns.push_back(data.scores[s]);
            const auto expected = fit_regression(kind, columns, data.outcome);
            EXPECT_NEAR(fit.singles[s].scores[s], expected.coefficients[2],
                        1e-7 * (1 + std::fabs(expected.coefficients[2])));
            EXPECT_NEAR(fit.singles[s].intercept, expected.intercept,
                        1e-6 * (1 + std::fabs(expected.intercept)));
            z.push_back(expected.coefficients[2] / expected.standard_errors[2]);
        }
        // The likelihood ratio is nearly the square of z.
        EXPECT_GT(z[fit.best], 0.98 * *std::max_element(z.begin(), z.end()));
    }
}

TEST(ScoreStacking, TheLeftOutFoldDoesNotMatter) {
    StackingData data = example(OutcomeKind::quantitative, 200);
    const auto before = flat(fit_stack(data, {.lambdas = 8}, 2).stack);
    for (std::size_t i = 0; i < data.people(); ++i)
        if (data.outer[i] == 2) data.outcome[i] = 1000;
    const auto after = flat(fit_stack(data, {.lambdas = 8}, 2).stack);
    for (std::size_t c = 0; c < before.size(); ++c) // shifts of sums differ in their last digits
        EXPECT_NEAR(before[c], after[c], 1e-8 * (1 + std::fabs(before[c])));
}

/// Out-of-fold predictions of base, best and stack.
std::vector<std::vector<double>> nested(const StackingData& data, const StackingRules& rules) {
    std::vector<std::vector<double>> out(3, std::vector<double>(data.people()));
    for (std::size_t f = 0; f < data.outer_folds; ++f) {
        const StackFit fit = fit_stack(data, rules, f);
        EXPECT_EQ(fit.reason, "");
        for (std::size_t i = 0; i < data.people(); ++i) {
            if (data.outer[i] != f) continue;
            out[0][i] = fit.base.of(data, i);
            out[1][i] = fit.any ? fit.singles[fit.best].of(data, i) : out[0][i];
            out[2][i] = fit.stack.of(data, i);
        }
    }
    return out;
}

// Sixty candidates of noise: the fit to everybody seems to predict, the folds tell that it does
// not.
TEST(ScoreStacking, NoiseIsWorthNothing) {
    StackingData data = example(OutcomeKind::quantitative, 300);
    data.scores.clear();
    for (std::uint64_t s = 0; s < 60; ++s) {
        Rng rng(5, "test.noise", s);
        auto& score = data.scores.emplace_back();
        for (std::size_t i = 0; i < data.people(); ++i)
            score.push_back(rng.normal());
    }
    const auto judged = judge_predictions(data.kind, nested(data, {.lambdas = 10}), data.outcome);
    EXPECT_LT(judged.over_base[2].value, 2 * judged.over_base[2].error);
    const StackFit all = fit_stack(data, {.lambdas = 10}, data.outer_folds);
    std::vector<std::vector<double>> apparent(2);
    for (std::size_t i = 0; i < data.people(); ++i) {
        apparent[0].push_back(all.base.of(data, i));
        apparent[1].push_back(all.singles[all.best].of(data, i));
    }
    EXPECT_GT(judge_predictions(data.kind, apparent, data.outcome).over_base[1].value, 0.01);
}

TEST(ScoreStacking, TwoNoisyScoresAreBetterThanOne) {
    for (const OutcomeKind kind : {OutcomeKind::quantitative, OutcomeKind::binary}) {
        StackingData data = example(kind, 2000, 3);
        const auto judged = judge_predictions(kind, nested(data, {.lambdas = 10}), data.outcome);
        EXPECT_GT(judged.over_base[1].value, 3 * judged.over_base[1].error);
        EXPECT_GT(judged.last_over_previous.value, 0);
    }
}

TEST(ScoreStacking, SeparationIsTold) {
    StackingData data = example(OutcomeKind::binary, 200);
    for (std::size_t i = 0; i < data.people(); ++i)
        data.covariates[0][i] = data.outcome[i] == 1 ? 10 + data.covariates[1][i] : 0;
    EXPECT_EQ(fit_stack(data, {.lambdas = 5}, 0).reason, "monotone");
}

TEST(ScoreStacking, WithoutAPositiveScoreThereIsNone) {
    StackingData data = example(OutcomeKind::quantitative, 200);
    data.scores = {data.scores[3]};
    const StackFit fit = fit_stack(data, {.lambdas = 5}, 0);
    EXPECT_FALSE(fit.any);
    EXPECT_EQ(fit.stack.scores[0], 0);
    EXPECT_TRUE(fit_stack(data, {.lambdas = 5, .nonnegative = false}, 0).any);
}

// Errors of R2 and of its differences against 2,000 bootstrap samples of people: within a tenth,
// three standard errors of a standard deviation from so many being a twentieth.
TEST(JudgePredictions, ErrorsAreThoseOfTheBootstrap) {
    const StackingData data = example(OutcomeKind::quantitative, 500, 2);
    std::vector<std::vector<double>> predictions{data.covariates[0], data.scores[1],
                                                 data.scores[0]};
    const auto judged = judge_predictions(data.kind, predictions, data.outcome);
    std::vector<std::vector<double>> values(3);
    for (std::uint64_t b = 0; b < 2000; ++b) {
        Rng rng(7, "test.bootstrap", b);
        std::vector<std::size_t> who(data.people());
        for (auto& w : who)
            w = rng.below(data.people());
        std::vector<double> y, x;
        std::vector<double> r2;
        for (const auto& p : predictions) {
            y.clear();
            x.clear();
            for (const std::size_t i : who) {
                y.push_back(data.outcome[i]);
                x.push_back(p[i]);
            }
            r2.push_back(prediction_r2(x, y));
        }
        values[0].push_back(r2[2]);
        values[1].push_back(r2[2] - r2[0]);
        values[2].push_back(r2[2] - r2[1]);
    }
    const auto deviation = [](const std::vector<double>& v) {
        double mean = 0, square = 0;
        for (const double x : v)
            mean += x / static_cast<double>(v.size());
        for (const double x : v)
            square += (x - mean) * (x - mean) / static_cast<double>(v.size());
        return std::sqrt(square);
    };
    EXPECT_NEAR(judged.value[2].value, prediction_r2(predictions[2], data.outcome), 1e-12);
    EXPECT_NEAR(judged.value[2].error / deviation(values[0]), 1, 0.1);
    EXPECT_NEAR(judged.over_base[2].error / deviation(values[1]), 1, 0.1);
    EXPECT_NEAR(judged.last_over_previous.error / deviation(values[2]), 1, 0.1);
}

TEST(StackingFold, LevelsAreIndependent) {
    std::vector<int> cells(20, 0);
    for (int i = 0; i < 20000; ++i) {
        const std::string id = "s" + std::to_string(i);
        ++cells[stacking_fold(id, 3, 0, 4) * 5U + stacking_fold(id, 3, 1, 5)];
    }
    for (const int c : cells)
        EXPECT_NEAR(c, 1000, 5 * std::sqrt(950.0)); // binomial
}

} // namespace
} // namespace salus
