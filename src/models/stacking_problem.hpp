#pragma once

#include "models/block_likelihood.hpp"
#include "models/score_stacking.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace salus {

/// [outer fold * inner folds + inner fold] 1: its people count.
using StackCells = std::vector<std::uint8_t>;

/// A likelihood over standardised columns, the intercept first.
struct StackingProblem {
    std::unique_ptr<Likelihood> likelihood;
    std::vector<double> mean, deviation; // [column], 0 and 1 of the intercept
    double shift = 0;                    // of the outcome
    double people = 0;
    /// Coefficients in the units of the columns; 0 of one that does not vary.
    std::vector<double> restore(std::span<const double> standardised) const;
};

/// Likelihoods over the people of some cells and some columns: 0 the intercept, then covariates,
/// then scores. Quantitative: from cross-products of each cell, made here, O(N C^2).
class StackingSource {
public:
    explicit StackingSource(const StackingData& data); // must live as long
    ~StackingSource();
    StackingProblem problem(const StackCells& cells, std::span<const std::size_t> columns) const;
    double people(const StackCells& cells) const;
    /// Of a prediction of all columns: squared errors, or -2 log-likelihood, over the people.
    double deviance(const StackCells& cells, std::span<const double> coefficients) const;

private:
    struct Moments;
    double value(std::size_t column, std::size_t person) const noexcept;
    const StackingData& data_;
    std::unique_ptr<Moments> moments_; // quantitative
};

} // namespace salus
