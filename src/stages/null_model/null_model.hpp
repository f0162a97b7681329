#pragma once

#include "run/context.hpp"
#include "schema/stage.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace salus {

struct NullModelParams {
    std::string mode = "whole_genome";
    std::vector<std::string> traits;     // empty = all that can be analysed
    std::vector<std::string> covariates; // empty = all
    std::int64_t block_size = 1000;
    std::int64_t folds = 5;
    std::int64_t leave_one_out_below = 5000;
    std::vector<double> heritabilities = {0.01, 0.25, 0.5, 0.75, 0.99};
    std::string prior = "ridge";
    std::vector<double> causal_fractions = {0.2, 0.05, 0.01, 0.002, 0.0005};
    std::int64_t minor_allele_count_min = 20;
    bool rank_inverse_normal = false;
    std::int64_t traits_per_pass = 64;
    std::int64_t components_count = 10;
};

/// Whole-genome predictions of traits that leave one chromosome out (LOCO), by stacked ridge
/// regression; formats/loco_predictions.hpp reads them.
Stage null_model_stage();
void run_null_model(const NullModelParams& params, RunContext& context);

/// The tables of null_model.h5; `loco/NAME` is an array [row of chromosomes][sample].
TableSpec null_model_samples_table();
TableSpec null_model_chromosomes_table();
TableSpec null_model_traits_table();
TableSpec null_model_penalties_table();
TableSpec null_model_variants_table();
/// Traits that were left out, with the reason.
TableSpec null_model_skipped_table();

} // namespace salus
