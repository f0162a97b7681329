#pragma once

#include "schema/stage.hpp"

#include <cstdint>

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
};

/// Statistics and pass marks of every variant and every sample; nothing is deleted.
Stage quality_stage();
void run_quality(const QualityParams& params, RunContext& context);

/// The columns of quality.h5.
TableSpec quality_variants_table();
TableSpec quality_samples_table();

} // namespace salus
