#pragma once

#include "models/interaction.hpp"
#include "stages/association/plan.hpp"
#include "stages/interaction/interaction.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace salus::interaction {

/// Samples that have a trait, all covariates and the environment, and columns over them.
struct Set {
    SampleMask members, males;
    std::vector<std::uint32_t> samples; // members, ascending
    std::vector<std::string> constant;  // covariates that do not vary here, left out
    std::string problem;                // why nothing can be tested here; empty: it can
    double environment_mean = 0, environment_sd = 1;
    std::vector<std::vector<double>> basis; // [1, covariates and environment of length sqrt(n)]
    std::vector<double> environment;        // mean 0, variance 1
    std::vector<double> leverage;           // of the basis
    std::vector<const double*> columns;     // of the basis
    InteractionDesign design(RobustError robust) const {
        return {.basis = {.columns = columns, .samples = samples.size()},
                .environment = environment,
                .leverage = leverage,
                .robust = robust};
    }
    /// Parameters of a model, g and g x e among them.
    std::size_t parameters() const noexcept { return columns.size() + 2; }
};

struct TraitModel {
    std::string name;
    bool binary = false;
    std::size_t set = 0;
    std::uint64_t n = 0, n_cases = 0;
    std::vector<double> values; // quantitative: what the basis leaves; binary: outcome; padded
    std::vector<double> null_coefficients; // binary, of the basis
};

struct Plan {
    std::vector<Set> sets;
    std::vector<TraitModel> traits;
    std::vector<association::SkippedTrait> unusable;
    std::vector<Problem> collinear;
};

/// The environment is the last covariate of `phenotypes`. Memory: 8 N bytes for every column: sets
/// x (C + 4) and one a trait.
Plan make_plan(const association::Phenotypes& phenotypes, const association::Eligible& eligible,
               bool normal_ranks);

} // namespace salus::interaction
