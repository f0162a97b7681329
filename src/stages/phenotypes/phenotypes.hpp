#pragma once

#include "run/context.hpp"
#include "schema/stage.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace salus {

struct PhenotypesParams {
    std::string unlinked = "keep";
    std::string index_date; // "" = last observation
    bool age = true, age_squared = false, sex = true, groups = true;
    std::vector<std::string> table_traits, table_covariates, binary_traits, ordinal_traits,
        time_to_event;
    std::vector<std::string> feature_traits, feature_covariates, feature_events;
    bool plink_binary = false;
    std::int64_t phecode_min_dates = 2;
    bool phecode_inside_observation = true, phecode_longest_prefix = false;
};

/// Event store and trait tables -> traits and covariates in genotype sample order
/// (docs/phenotypes.md).
Stage phenotypes_stage();
void run_phenotypes(const PhenotypesParams& params, RunContext& context);

} // namespace salus
