#pragma once

#include "run/context.hpp"
#include "schema/stage.hpp"

#include <cstdint>
#include <string>

namespace salus {

struct IngestFeaturesParams {
    std::string on_bad_record = "fail";
    std::string undeclared = "fail";
    std::string pseudonym_key;
    bool cut_files = true;
    std::int64_t unit_bytes = 0;
};

/// Person-by-feature tables with column dictionaries -> feature store (docs/features.md).
Stage ingest_features_stage();
void run_ingest_features(const IngestFeaturesParams& params, RunContext& context);

} // namespace salus
