#pragma once

#include "run/context.hpp"
#include "schema/stage.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace salus {

struct TrajectoriesParams {
    std::vector<std::string> conditions, covariates, what_if;
    std::vector<double> age_bands = {40, 50, 60, 70, 80};
    std::vector<double> checked_years = {1, 2, 5};
    double years = 10;
    double washout_years = 1;
    double held_out = 0.3;
    std::int64_t draws = 50, lives = 40;
    std::int64_t events_min = 20;
};

/// Multi-state model of a cohort, and simulated life courses of its people (docs/methods.md).
Stage trajectories_stage();
void run_trajectories(const TrajectoriesParams& params, RunContext& context);

} // namespace salus
