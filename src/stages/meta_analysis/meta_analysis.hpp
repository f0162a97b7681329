#pragma once

#include "schema/stage.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace salus {

struct MetaAnalysisParams {
    std::vector<std::string> names;  // of the studies; empty: by file or trait
    std::vector<std::string> traits; // to read from HDF5 results; empty: all
    std::string strand = "unknown";
    double palindromic_frequency_max = 0.42;
    double frequency_difference_max = 0.2;
    std::int64_t studies_min = 1;
    bool sample_size_weighted = false;
    std::vector<double> sample_sizes; // per study, in place of its column; 0: the column
    bool genomic_control = false;
};

Stage meta_analysis_stage();
void run_meta_analysis(const MetaAnalysisParams& params, RunContext& context);

TableSpec meta_variants_table();
TableSpec meta_effects_table(bool random);
TableSpec meta_scores_table();
TableSpec meta_heterogeneity_table();
TableSpec meta_studies_table();
TableSpec meta_dropped_table();
TableSpec meta_overlap_table();

} // namespace salus
