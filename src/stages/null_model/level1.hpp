#pragma once

#include "models/stacked_ridge.hpp"
#include "stages/null_model/cohort.hpp"
#include "stages/null_model/selection.hpp"
#include "store/parts.hpp"

#include <span>
#include <string>
#include <vector>

namespace salus::whole_genome {

/// Where level 0 left the predictions of a trait: `level0/NUMBER` in the part of each block,
/// [member] [heritability].
struct LevelZeroParts {
    const Parts& parts;
    const BlockPlan& plan;
    std::size_t number = 0;
    std::size_t heritabilities = 0;
};
std::string level0_array(std::size_t number);

/// The predictors of level 1: one column per block and heritability. Kept in memory up to 4 GiB,
/// else read again on every visit.
PredictorRows open_predictors(const LevelZeroParts& from, std::size_t members);

struct TraitPredictions {
    StackedFit fit;
    std::vector<double> penalties;
    /// [chromosome of the plan, then all of them][member] predicted without the chromosome, in
    /// units of the trait or log odds.
    std::vector<std::vector<double>> loco;
    double null_score = 0; // mean squared error (1) or log-likelihood without predictors
};
TraitPredictions predict_trait(const LevelZeroParts& from, const TraitModel& trait,
                               const SampleSet& set, std::span<const double> heritabilities);

} // namespace salus::whole_genome
