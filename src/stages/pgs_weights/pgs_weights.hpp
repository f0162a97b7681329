#pragma once

#include "schema/stage.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace salus {

struct PgsWeightsParams {
    std::string trait;
    bool binary = false;
    double sample_size = 0;
    bool checks = true;
    double loss_max = 0.3;
    std::vector<std::string> methods{"infinitesimal", "auto",      "continuous_shrinkage",
                                     "mixture",       "lassosum2", "clumping"};
    std::string published = "auto";
    std::int64_t block_variants_max = 1000;
    double heritability = 0;
    std::int64_t chains = 30;
    std::int64_t burn_in = 500;
    std::int64_t kept_iterations = 200;
    double shrink = 0.95;
    bool sign_jumps = false;
    bool estimate_alpha = true;
    std::int64_t shrinkage_chains = 2;
    std::vector<double> shrinkage_phis;
    std::int64_t mixture_chains = 4;
    double eigen_share = 0.995;
    std::int64_t lambdas = 10;
    std::vector<double> lambda_shares;
    std::vector<double> deltas{0.001, 0.01, 0.1, 1};
    double lasso_tolerance = 1e-5;
    std::vector<double> clump_r2{0.1, 0.5};
    double clump_kb = 250;
    std::vector<double> p_thresholds{5e-8, 1e-5, 1e-3, 0.05, 1};
};

/// Weights of polygenic scores from summary statistics and the LD of genotypes.
Stage pgs_weights_stage();
void run_pgs_weights(const PgsWeightsParams& params, RunContext& context);

/// The columns of pgs_weights.h5. `methods`: names behind weight_; empty: a placeholder.
TableSpec pgs_weights_table(const std::string& trait, const std::vector<std::string>& methods);
TableSpec pgs_methods_table();
TableSpec pgs_chains_table();
TableSpec pgs_parameters_table();
TableSpec pgs_checks_table();

} // namespace salus
