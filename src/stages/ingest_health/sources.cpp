#include "stages/ingest_health/sources.hpp"

#include "base/text.hpp"
#include "formats/fhir_folder.hpp"
#include "health/code_system.hpp"
#include "stages/ingest_health/fhir_documents.hpp"

namespace salus::ingest_health {

FhirSources find_fhir_sources(const std::filesystem::path& folder) {
    const FhirFolder found = find_fhir_files(folder);
    FhirSources out;
    out.export_errors = found.export_errors;
    out.not_listed = found.not_listed.size();
    for (const FhirFile& found_file : found.files) {
        if (is_fhir_document(found_file.path)) {
            out.documents.push_back(found_file.path);
            continue;
        }
        SourceFile file;
        file.form = SourceForm::fhir;
        file.path = found_file.path;
        file.label = found_file.label;
        file.name = found_file.name;
        file.medications = found_file.medications;
        out.files.push_back(std::move(file));
    }
    if (!out.documents.empty()) {
        SourceFile file;
        file.form = SourceForm::documents;
        file.path = folder;
        file.label = "document";
        file.name = text(out.documents.size(), " documents");
        out.files.push_back(std::move(file));
    }
    return out;
}

FhirOptions fhir_options(const Plan& plan, const IngestHealthParams& params) {
    FhirOptions options;
    options.aliases = plan.aliases;
    options.sample_system = params.sample_system;
    options.line_bytes = static_cast<std::uint64_t>(params.line_bytes);
    return options;
}

std::unique_ptr<RecordReader> open_source(const Plan& plan, const SourceUnit& piece,
                                          const IngestHealthParams& params,
                                          const FhirMedications& medications) {
    const SourceFile& file = plan.files[piece.file];
    if (file.form == SourceForm::fhir)
        return std::make_unique<FhirReader>(file.path, piece.range, fhir_options(plan, params),
                                            medications);
    if (file.form == SourceForm::documents)
        return std::make_unique<FhirDocuments>(plan.documents, piece.range.begin, piece.range.end,
                                               fhir_options(plan, params), medications);
    const auto system = [&](const std::string& written) {
        return written == "auto" ? written : plan.aliases.name(written);
    };
    const CodeSystems systems{system(params.condition_codes), system(params.measurement_codes),
                              system(params.drug_codes), system(params.procedure_codes),
                              system(params.observation_codes)};
    return std::make_unique<OmopReader>(file.table, file.path, piece.range, systems);
}

std::vector<std::string> unknown_code_systems(const Plan& plan, const IngestHealthParams& params) {
    std::vector<std::string> known, told;
    for (const CodeSystem& system : code_systems())
        known.emplace_back(system.name);
    const auto look = [&](std::string_view parameter, const std::string& written) {
        const std::string name = plan.aliases.name(written);
        if (written == "auto" || find_code_system(name) != nullptr ||
            name != normalise_system(written))
            return;
        const auto near = nearest(name, known);
        told.push_back(text(parameter, " = \"", written, "\": this code system is not known",
                            near ? text(" (did you mean ", *near, "?)") : std::string{},
                            "; its codes are kept as they are, as ", name, ":CODE"));
    };
    look("condition_codes", params.condition_codes);
    look("measurement_codes", params.measurement_codes);
    look("drug_codes", params.drug_codes);
    look("procedure_codes", params.procedure_codes);
    look("observation_codes", params.observation_codes);
    return told;
}

std::vector<Problem> check_source(const SourceFile& file) {
    if (file.form == SourceForm::omop || file.form == SourceForm::link)
        return check_omop_header(file.table, file.path);
    return {};
}

} // namespace salus::ingest_health
