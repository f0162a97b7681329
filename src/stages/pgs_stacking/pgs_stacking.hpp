#pragma once

#include "schema/stage.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace salus {

struct PgsStackingParams {
    std::string trait;
    std::vector<std::string> covariates;
    std::vector<double> alphas{0.05, 0.5};
    std::int64_t lambdas = 30;
    bool nonnegative = true;
    std::int64_t outer_folds = 5;
    std::int64_t inner_folds = 5;
    std::int64_t fold_seed = 1;
};

/// One set of weights out of many, by regression in people who did not make them.
Stage pgs_stacking_stage();
void run_pgs_stacking(const PgsStackingParams& params, RunContext& context);

TableSpec stacking_candidates_table();
TableSpec stacking_performance_table();
TableSpec stacking_folds_table();

} // namespace salus
