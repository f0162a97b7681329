#pragma once

#include "models/pgs_regression.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace salus {

/// People on whom candidate scores are combined. Every value is finite.
struct StackingData {
    OutcomeKind kind = OutcomeKind::quantitative;
    std::vector<double> outcome;                 // [person] 0 or 1 where binary
    std::vector<std::vector<double>> covariates; // [covariate][person]
    std::vector<std::vector<double>> scores;     // [candidate][person]
    std::vector<std::uint8_t> outer, inner;      // [person] folds, independent of each other
    std::size_t outer_folds = 5, inner_folds = 5;
    std::size_t people() const noexcept { return outcome.size(); }
};

/// Fold of a person, a function of the identifier and the seed alone. \param level  0 outer, 1
/// inner: the two are independent.
std::uint8_t stacking_fold(std::string_view id, std::uint64_t seed, std::uint64_t level,
                           std::size_t folds) noexcept;

struct StackingRules {
    std::vector<double> alphas{0.05, 0.5}; // 1 lasso, near 0 ridge; at least 0.001
    std::size_t lambdas = 30;
    double smallest = 1e-3;  // last lambda over the first
    bool nonnegative = true; // no coefficient of a score is below 0
};

/// Prediction: intercept + covariates + scores; of the log odds where binary.
struct LinearPrediction {
    double intercept = 0;
    std::vector<double> covariates, scores; // [covariate], [candidate]; 0: not used
    double of(const StackingData& data, std::size_t person) const noexcept;
};

/// Fits to the people of some folds.
struct StackFit {
    std::string reason;                    // empty; not_settled or monotone: there is no fit
    double alpha = 0, lambda = 0;          // chosen by the inner folds
    double deviance = 0;                   // of the people left out in turn, a person
    LinearPrediction base, stack;          // covariates alone; and the stack
    std::vector<LinearPrediction> singles; // [candidate] covariates and this score
    std::size_t best = 0;                  // candidate with the largest likelihood
    bool any = false;                      // false: no candidate has a positive coefficient
};

/// Penalised regression of the outcome on covariates (without penalty) and standardised scores, on
/// the people outside of outer fold `left_out`. Inner folds choose alpha and lambda by their
/// deviance; with `left_out` = outer_folds everybody counts, and the outer folds choose. Best of
/// the singles is the one with the largest likelihood (all have one coefficient more than the
/// covariates), among those above 0 if the rules want that. Quantitative: cross-products of the
/// folds are made once, a fit costs nothing per person; O(N C^2) in all. Binary: O(N C^2) a step.
StackFit fit_stack(const StackingData& data, const StackingRules& rules, std::size_t left_out);

/// A measure with its standard error.
struct Measured {
    double value = 0, error = 0;
};
/// How well predictions go with an outcome, each against the first one and the last two against
/// each other. Quantitative: squared correlation (0 if negative), errors from influence functions;
/// binary: area under the ROC curve, errors of DeLong.
struct StackJudgement {
    std::vector<Measured> value;     // [prediction]
    std::vector<Measured> over_base; // [prediction] less the first
    Measured last_over_previous;
};
StackJudgement judge_predictions(OutcomeKind kind, std::span<const std::vector<double>> predictions,
                                 std::span<const double> outcome);

} // namespace salus
