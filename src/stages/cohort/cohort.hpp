#pragma once

#include "run/context.hpp"
#include "schema/stage.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace salus {

struct CohortParams {
    std::string case_trait;
    std::vector<std::string> require, exact, describe;
    std::string nearest;
    double caliper = 0;
    std::int64_t ratio = 1;
    bool replacement = false;
    std::string order = "data", standardise = "pooled";
};

/// Eligible cases and matched controls out of a phenotype table (docs/methods.md).
Stage cohort_stage();
void run_cohort(const CohortParams& params, RunContext& context);

} // namespace salus
