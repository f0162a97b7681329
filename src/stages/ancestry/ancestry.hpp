#pragma once

#include "schema/stage.hpp"

#include <cstdint>

namespace salus {

struct AncestryParams {
    std::int64_t components_count = 6;
    double probability_min = 0.9;
    double outlier_p_min = 1e-6;
    std::int64_t group_size_min = 10;
    double prior_samples = 10;
    std::int64_t folds = 10;
    std::int64_t groups_max = 10;
    std::int64_t starts = 4;
    std::int64_t fit_samples_max = 20000;
};

/// Ancestry groups of samples in the space of principal components.
Stage ancestry_stage();
void run_ancestry(const AncestryParams& params, RunContext& context);

/// What stands for the group of a sample that fits none well enough.
inline constexpr const char* unassigned_group = "unassigned";

/// The tables of ancestry.h5.
TableSpec ancestry_samples_table();
TableSpec ancestry_groups_table(std::size_t components);
TableSpec ancestry_accuracy_table();
TableSpec ancestry_mixtures_table();

} // namespace salus
