#pragma once

#include "schema/stage.hpp"

#include <cstdint>
#include <string>

namespace salus {

class RunContext;

struct ReportParams {
    std::string title; // empty: the title of the job
    std::int64_t min_cell = 5;
    double significance = 5e-8;
    double suggestive = 1e-5;
    std::int64_t locus_distance = 500000;
    std::int64_t top_loci = 10;
    std::int64_t top_regions = 3;
    std::int64_t max_traits = 20;
};

void run_report(const ReportParams& params, RunContext& context);

Stage report_stage();

} // namespace salus
