#pragma once

#include "schema/stage.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace salus {

struct LdScoreRegressionParams {
    std::vector<std::string> names;  // of the studies; empty: by trait or file
    std::vector<std::string> traits; // of HDF5 results; empty: all
    std::string match = "identifier";
    std::int64_t blocks = 200;
    double two_step = 30;      // 0: one step
    double chi_square_max = 0; // 0: as LDSC
    double minor_allele_frequency_min = 0.01;
    double variants_total = 0; // 0: as the LD scores say
    bool common_counts = true; // .l2.M_5_50, else .l2.M
    bool fix_intercepts = false;
    std::string correlations = "all";
    std::string weights = "ldsc";
    std::vector<double> sample_sizes;          // per study, for files without
    std::vector<double> sample_prevalence;     // per study, 0 for quantitative traits
    std::vector<double> population_prevalence; // per study
};

Stage ld_score_regression_stage();
void run_ld_score_regression(const LdScoreRegressionParams& params, RunContext& context);

TableSpec ld_score_studies_table();
TableSpec heritability_table();
TableSpec heritability_annotations_table();
TableSpec genetic_correlations_table();

} // namespace salus
