#pragma once

#include "run/context.hpp"
#include "schema/stage.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace salus {

struct RiskModelParams {
    std::vector<std::string> models;
    std::vector<std::string> where;
    std::vector<double> horizons;
    double validation_fraction = 0.3;
    std::int64_t split_seed = 1;
    std::int64_t folds = 0;
    std::string leave_out;
    std::int64_t optimism_replicates = 0;
    std::int64_t imputations = 0;
    std::int64_t imputation_cycles = 10;
    std::vector<std::string> impute_with;
    std::string censoring_ties = "prodlim";
    std::int64_t net_folds = 10;
    std::int64_t net_lambdas = 100;
};

/// Clinical risk models over a phenotype table and scores, as absolute risks (docs/methods.md).
Stage risk_model_stage();
void run_risk_model(const RiskModelParams& params, RunContext& context);

} // namespace salus
