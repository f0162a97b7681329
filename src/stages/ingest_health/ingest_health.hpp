#pragma once

#include "run/context.hpp"
#include "schema/stage.hpp"

#include <cstdint>
#include <string>

namespace salus {

struct IngestHealthParams {
    std::string on_bad_record = "fail";
    std::string unlinked = "skip";
    std::string pseudonym_key;
    std::string condition_codes = "auto", measurement_codes = "auto", drug_codes = "auto";
    std::string procedure_codes = "auto", observation_codes = "auto";
    std::string sample_system;
    bool cut_files = true;
    std::int64_t line_bytes = std::int64_t{64} << 20;
    std::int64_t unit_bytes = 0;
    std::int64_t shards = 0;
};

/// OMOP CDM 5.4 tables and FHIR R4 files -> event store in person shards (docs/phenotypes.md).
Stage ingest_health_stage();
void run_ingest_health(const IngestHealthParams& params, RunContext& context);

} // namespace salus
