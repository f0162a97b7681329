#pragma once

#include "schema/stage.hpp"

#include <cstdint>
#include <string>

namespace salus {

struct QualityParams {
    double variant_call_rate_min = 0.95;
    double hwe_p_min = 1e-15;
    std::int64_t minor_allele_count_min = 1;
    double sample_call_rate_min = 0.95;
    double heterozygosity_sd_max = 6;
    double male_f_min = 0.8;
    double female_f_max = 0.2;
    std::int64_t sex_variants_min = 50;
    bool fail_sex_mismatch = true;
    double duplicate_concordance_min = 0.95;
    bool fail_duplicates = true;
    std::string hwe_within = "all";
    std::string hwe_trait;
    std::int64_t hwe_group_min = 50;
    std::string heterozygosity_within = "all";
    double batch_call_rate_min = 0;
    double batch_missing_p_min = 0;
    double batch_frequency_p_min = 0;
    double case_missing_p_min = 1e-5;
    double variant_mendel_rate_max = 0.1;
    double trio_mendel_rate_max = 0.05;
    double unbalanced_het_share_max = 0.1;
};

/// Statistics and pass marks of every variant and every sample; nothing is deleted.
Stage quality_stage();
void run_quality(const QualityParams& params, RunContext& context);

/// The columns of quality.h5.
TableSpec quality_variants_table();
TableSpec quality_samples_table();
/// Only where batches, groups, cases or trios are known.
TableSpec quality_tests_table();
TableSpec quality_groups_table();
TableSpec quality_batches_table();
TableSpec quality_trios_table();
TableSpec quality_sets_table();

} // namespace salus
