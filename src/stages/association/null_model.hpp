#pragma once

#include "stages/association/plan.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace salus::association {

/// Fills what sets of binary traits have. `samples`: of the genotypes.
void fill_design(SampleSet& set, const CovariateBasis& basis, std::size_t samples);

/// Columns B become B R^-1, and `gram` = R'R, of which the lower triangle is read, becomes R'.
void orthogonalise(std::span<std::vector<double>> columns, std::span<double> gram);

/// Columns of a null model over the members of its set.
struct NullColumns {
    std::vector<double> residual;              // outcome - fitted; U'residual = 0 for the next ones
    std::vector<std::vector<double>> weighted; // W X R^-1, R'R = X'WX
    std::vector<double> fitted;                // mu
};

/// Fits the logistic model of the covariates and the offset alone, by Firth's penalised likelihood
/// where maximum likelihood has no solution. Reads outcome and offset of `plan` and fills
/// the rest but for masks and the numbers of columns. Empty if neither converges.
std::optional<NullColumns> fit_null_model(const SampleSet& set, const AssociationParams& params,
                                          BinaryPlan& plan);

} // namespace salus::association
