#pragma once

#include "stages/null_model/set_system.hpp"

#include <span>
#include <vector>

namespace salus::whole_genome {

/// Standardised genotypes of a block for the members of a set, covariates taken out: G.
/// [variant][member], 4 bytes each.
std::vector<float> standard_genotypes(const BlockGenotypes& genotypes, const Base& base,
                                      const SampleSet& set, const SetSystem& system);

struct LeftOutPredictions {
    std::vector<std::vector<double>> values; // [trait x penalties + penalty][member]
    bool converged = true;
};
/// Ridge regression of each trait, each member predicted by all others: (g'a - h y) / (1 - h) with
/// a = (A + penalty I)^-1 G y and h = g'(A + penalty I)^-1 g. N m^2 / 2 products per penalty; 12
/// bytes x m N for each of them at once.
///
/// \param traits  [trait][member] of the set; `right`: G y of each.
LeftOutPredictions leave_one_out(std::span<const float> genotypes, const SquareMatrix& matrix,
                                 std::span<const double> penalties,
                                 std::span<const std::vector<double>* const> traits,
                                 std::span<const std::vector<double>> right);

} // namespace salus::whole_genome
