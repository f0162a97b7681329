#pragma once

#include "schema/stage.hpp"

#include <cstdint>

namespace salus {

struct LdParams {
    double r2_max = 0.2;
    std::int64_t window_variants = 500;
    std::int64_t step_variants = 50;
    double window_kb = 0; // above 0 instead of window_variants
    double minor_allele_frequency_min = 0.01;
    bool include_x = false;
    bool ld_scores = false;
    double ld_score_window_kb = 1000;
    bool write_blocks = false;
    std::int64_t block_variants_max = 1000;
};

/// Variants without strong LD among each other; LD scores; LD matrices of blocks.
Stage ld_stage();
void run_ld(const LdParams& params, RunContext& context);

/// The columns of ld.h5.
TableSpec ld_variants_table();
TableSpec ld_blocks_table();

} // namespace salus
