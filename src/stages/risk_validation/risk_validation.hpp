#pragma once

#include "run/context.hpp"
#include "schema/stage.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace salus {

struct RiskValidationParams {
    std::vector<std::string> models;
    std::string people = "held_out";
    bool allow_overlap = false;
    std::vector<std::string> where;
    std::vector<double> horizons;
    std::vector<std::string> strata;
    std::string reference;
    std::vector<double> thresholds{0.01, 0.02, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5};
    std::vector<double> categories{0.05, 0.1, 0.2};
    double prevalence = 0;
    std::int64_t bootstrap_replicates = 200;
    std::int64_t people_min = 50;
    std::int64_t events_min = 10;
    std::string censoring_ties = "prodlim";
    std::string purpose;
};

/// How well risk models predict, for whom, and their cards (docs/methods.md).
Stage risk_validation_stage();
void run_risk_validation(const RiskValidationParams& params, RunContext& context);

} // namespace salus
