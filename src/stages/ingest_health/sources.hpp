#pragma once

#include "formats/fhir.hpp"
#include "stages/ingest_health/plan.hpp"

#include <memory>
#include <string>
#include <vector>

namespace salus::ingest_health {

/// Files of a FHIR folder (find_fhir_files); documents count as one source file.
struct FhirSources {
    std::vector<SourceFile> files;
    std::vector<std::filesystem::path> documents; // by name
    std::uint64_t export_errors = 0;              // that the server of the export wrote
    std::uint64_t not_listed = 0;                 // files that its manifest does not name
};
FhirSources find_fhir_sources(const std::filesystem::path& folder);

FhirOptions fhir_options(const Plan& plan, const IngestHealthParams& params);

/// A reader of one piece. `medications` must outlive it.
std::unique_ptr<RecordReader> open_source(const Plan& plan, const SourceUnit& piece,
                                          const IngestHealthParams& params,
                                          const FhirMedications& medications);

/// One sentence for each parameter that names a code system which neither Salus nor the aliases of
/// the user know: its codes are kept as they are, under a name that no definition may ask for.
std::vector<std::string> unknown_code_systems(const Plan& plan, const IngestHealthParams& params);

/// Problems that a look at the beginning of a file shows.
std::vector<Problem> check_source(const SourceFile& file);

} // namespace salus::ingest_health
