#pragma once

#include "run/context.hpp"
#include "schema/stage.hpp"

#include <string>

namespace salus {

struct MergeGenotypesParams {
    std::string sites = "intersection"; // of stores of different samples
};

/// Several genotype stores -> one.
Stage merge_genotypes_stage();
void run_merge_genotypes(const MergeGenotypesParams& params, RunContext& context);

} // namespace salus
