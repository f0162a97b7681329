#pragma once

#include "run/context.hpp"
#include "schema/stage.hpp"

#include <cstdint>
#include <string>

namespace salus {

struct HealthQualityParams {
    std::string latest_date;
    double heaping_ratio = 3;
    double digit_preference_max = 20;
    std::int64_t values_min = 500;
    double mixture_share_min = 1;
    double rate_break_z = 6, rate_month_z = 5, rate_break_ratio = 2;
    std::int64_t rate_months = 12, switch_rows_min = 100;
    double switch_share_min = 20;
    std::int64_t duplicate_events_min = 5;
    double linked_min = 90;
    std::int64_t min_cell = 5;
    bool cut_files = true;
    std::int64_t unit_bytes = 0, shards = 0;
};

/// OMOP CDM tables, and the event store made of them -> checks of their quality
/// (docs/health_quality.md).
Stage health_quality_stage();
void run_health_quality(const HealthQualityParams& params, RunContext& context);

} // namespace salus
