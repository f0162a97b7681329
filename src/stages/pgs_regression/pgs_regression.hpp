#pragma once

#include "schema/stage.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace salus {

struct PgsRegressionParams {
    std::vector<std::string> traits, covariates;
    std::vector<std::string> methods{"ridge", "elastic_net"};
    double maf_min = 0.01;
    double call_rate_min = 0.9;
    double frequency_power = -0.4;
    double validation_fraction = 0.2;
    std::int64_t split_seed = 1;
    std::int64_t components_count = 10;
    std::vector<double> heritabilities;
    std::int64_t probes = 20;
    std::int64_t preconditioner_vectors = 8;
    double ridge_tolerance = 1e-6;
    std::int64_t iterations_max = 300;
    std::vector<double> alphas{1};
    std::int64_t lambdas = 100;
    double lambda_smallest = 0.01;
    std::int64_t lambdas_per_pass = 10;
    std::int64_t strong_step = 1000;
    std::int64_t strong_max = 10'000;
    std::int64_t patience = 5;
    double kkt_tolerance = 1e-6;
    double rows_memory_max = 8;
};

/// Weights of polygenic scores by penalised regression of traits on genotypes.
Stage pgs_regression_stage();
void run_pgs_regression(const PgsRegressionParams& params, RunContext& context);

/// The tables of pgs_regression.h5. `methods`: names behind weight_; empty: a placeholder.
TableSpec pgs_regression_weights_table(const std::string& trait,
                                       const std::vector<std::string>& methods);
TableSpec pgs_regression_fits_table();
TableSpec pgs_regression_path_table();
TableSpec pgs_regression_traits_table();
TableSpec pgs_regression_samples_table();

} // namespace salus
