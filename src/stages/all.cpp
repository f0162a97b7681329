#include "stages/all.hpp"

#include "stages/ingest_health/ingest_health.hpp"
#include "stages/quality/quality.hpp"
#include "stages/report/report.hpp"

namespace salus {

const std::vector<Stage>& all_stages() {
    static const std::vector<Stage> stages{ingest_health_stage(), quality_stage(), report_stage()};
    return stages;
}

}  // namespace salus
