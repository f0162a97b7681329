#pragma once

#include "schema/stage.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace salus {

struct RiskParams {
    std::vector<std::string> traits;
    std::vector<std::string> covariates;
    std::int64_t split_seed = 1;
    double discovery_fraction = 0.5;
    std::int64_t tuning_folds = 4;
    std::vector<double> p_thresholds{5e-8, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 5e-2};
    double minor_allele_frequency_min = 0.01;
    double clump_r2 = 0.1;
    std::int64_t clump_kb = 250;
    std::int64_t ld_samples_max = 10'000;
    std::int64_t group_samples_min = 50;
    std::int64_t cases_min = 10;
    std::int64_t bootstrap_replicates = 500;
};

/// Polygenic scores by clumping and thresholding in one part of the samples, validated in the
/// other.
Stage risk_stage();
void run_risk(const RiskParams& params, RunContext& context);

} // namespace salus
