#pragma once

#include "models/screened_path.hpp"
#include "stages/pgs_regression/genotypes.hpp"

#include <string>
#include <utility>
#include <vector>

namespace salus::pgs_regression {

/// Elastic net of one trait with one alpha.
struct PathFit {
    std::size_t trait = 0; // in the cohort
    double alpha = 1;
    std::string problem; // reason code; empty: steps[chosen] is the result
    PathEnd end = PathEnd::running;
    std::vector<PathStep> steps;
    std::size_t chosen = 0, looks = 0, largest_set = 0;
    std::uint64_t violations = 0;
    std::vector<std::pair<std::uint64_t, double>> coefficients; // of the chosen step, by variant
    std::vector<double> score;                                  // [training, then validation row]
};

/// (all) The paths of all traits that can be fitted and judged, for each alpha; they share passes
/// over the genotypes. Memory per path: see StrongRows and StrongNet, and 24 bytes x people x
/// lambdas_per_pass.
std::vector<PathFit> fit_paths(const PgsRegressionParams& params, const RunContext& context,
                               const ChosenGenotypes& genotypes, const Cohort& cohort);

} // namespace salus::pgs_regression
