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
/// [member] [column].
struct LevelZeroParts {
    const Parts& parts;
    const BlockPlan& plan;
    std::size_t number = 0;
    std::size_t first = 0, count = 0; // of the columns of a block
};
std::string level0_array(std::size_t number);

/// The predictors of level 1: `count` columns per block. Kept in memory up to 4 GiB,
/// else read again on every visit.
PredictorRows open_predictors(const LevelZeroParts& from, std::size_t members);

struct TraitPredictions {
    std::string prior = {}; // of level 0
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
