#pragma once

#include "stages/pgs_regression/genotypes.hpp"

#include <limits>
#include <string>
#include <vector>

namespace salus::pgs_regression {

/// Best linear prediction of one trait for one heritability.
struct RidgeFit {
    std::size_t trait = 0; // in the cohort
    double heritability = 0;
    std::string problem; // reason code; empty: solved
    int iterations = 0;
    double residual = 0;         // of the system, over the right-hand side
    std::vector<double> weights; // [training row]: effects are genotype products with them
    std::vector<double> score;   // [training, then validation row] fitted genetic value
};

/// Haseman-Elston regression of one trait.
struct HeritabilityEstimate {
    double estimate = std::numeric_limits<double>::quiet_NaN();
    double standard_error = std::numeric_limits<double>::quiet_NaN();
};

struct RidgeResult {
    std::vector<HeritabilityEstimate> heritability; // [trait of the cohort]
    std::vector<RidgeFit> fits;                     // by trait, then heritability
    int passes = 0;                                 // over the genotypes, in both directions
};

/// (all) Ridge regression of all traits that can be fitted, covariates projected out, by conjugate
/// gradients over people: (K + (1 - h) / h) a = y with K = P Z Z' P, trace n - covariates. All
/// traits and heritabilities share passes. Memory 40 bytes x people per system, 12 bytes x samples
/// per system that is not solved yet.
RidgeResult fit_ridge(const PgsRegressionParams& params, const RunContext& context,
                      const ChosenGenotypes& genotypes, const Cohort& cohort);

} // namespace salus::pgs_regression
