#pragma once

#include "schema/stage.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace salus {

struct ScoreParams {
    std::string mode = "additive";
    std::string missing = "expected";
    std::string value = "sum";
    std::string match_by = "auto";
    std::string ambiguous = "drop";
    bool strand_flips = true;
    bool include_x = true;
    double overlap_min = 0.75;
    std::string on_low_overlap = "fail";
    std::vector<std::string> weight_columns;
    std::int64_t components_count = 5;
};

/// Polygenic scores of all samples from files of weights, many at once.
Stage score_stage();
void run_score(const ScoreParams& params, RunContext& context);

/// The columns of score.h5. `scores`, `z_mean` and `z_variance` have one column per score behind
/// sample_id.
TableSpec score_report_table();
TableSpec score_values_table(const std::string& table, const std::vector<std::string>& scores);

} // namespace salus
