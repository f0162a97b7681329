#include "stages/ingest_health/ingest_health.hpp"

#include "base/problems.hpp"
#include "base/text.hpp"
#include "health/event_store.hpp"
#include "health/pseudonym.hpp"
#include "health/vocabulary.hpp"
#include "schema/existing_input.hpp"
#include "stages/ingest_health/sources.hpp"

#include <algorithm>
#include <span>

namespace salus {
namespace ingest_health {
namespace {

template <class Check>
void collect(std::vector<Problem>& problems, Check check) {
    try {
        for (Problem& p : check())
            problems.push_back(std::move(p));
    } catch (const Error& e) {
        keep_problems(e, problems);
    }
}

bool is_wired(const Inputs& inputs, const std::string& port) {
    const auto found = inputs.find(port);
    return found != inputs.end() && !found->second.empty();
}

void examine(const IngestHealthParams& params, const Inputs& inputs, Workload& sizes,
             std::vector<Problem>& problems) {
    if (!is_wired(inputs, "omop") && !is_wired(inputs, "fhir")) {
        problems.push_back({.what = "there are no health records",
                            .where = "stage ingest_health",
                            .why = "records come from OMOP tables, FHIR files, or both",
                            .help = "give the input omop or fhir"});
        return;
    }
    const std::size_t before = problems.size();
    Plan plan;
    collect(problems, [&] {
        plan = make_plan(params, inputs);
        return std::vector<Problem>{};
    });
    for (const SourceFile& file : std::span(plan.files).subspan(plan.first_new_file))
        collect(problems, [&] { return check_source(file); });
    const bool there =
        existing_input(inputs, "omop") != nullptr || existing_input(inputs, "fhir") != nullptr;
    if (there && !params.pseudonym_key.empty() && !params.pseudonym_key.starts_with("fd:"))
        collect(problems, [&] {
            read_pseudonym_key(params.pseudonym_key);
            return std::vector<Problem>{};
        });
    if (problems.size() > before) return;
    collect(problems, [&] {
        guess_sizes(plan, params, sizes);
        return std::vector<Problem>{};
    });
}

} // namespace
} // namespace ingest_health

namespace {

void declare_params(StageOf<IngestHealthParams>& declared) {
    const std::string systems =
        "code system of its source values; \"auto\" recognises ICD-10, LOINC and ATC by their form";
    declared
        .param("on_bad_record", &IngestHealthParams::on_bad_record,
               {.doc = "what to do with a row that breaks a rule", .choices = {"fail", "skip"}})
        .param("unlinked", &IngestHealthParams::unlinked,
               {.doc = "what to do with a row of the link table whose person has no record",
                .choices = {"fail", "skip"}})
        .param("pseudonym_key", &IngestHealthParams::pseudonym_key,
               {.doc =
                    "file of mode 0600 with the key of the pseudonyms, 16 to 4096 bytes, from the "
                    "folder that salus is started in (write the full path in jobs that are "
                    "submitted), or fd:N for an open file descriptor; without a key, whoever knows "
                    "an identifier can find its person"})
        .param("condition_codes", &IngestHealthParams::condition_codes,
               {.doc = "conditions and causes of death: " + systems})
        .param("measurement_codes", &IngestHealthParams::measurement_codes,
               {.doc = "measurements: " + systems})
        .param("drug_codes", &IngestHealthParams::drug_codes, {.doc = "drugs: " + systems})
        .param("procedure_codes", &IngestHealthParams::procedure_codes,
               {.doc = "procedures: " + systems})
        .param("observation_codes", &IngestHealthParams::observation_codes,
               {.doc = "observations: " + systems})
        .param(
            "sample_system", &IngestHealthParams::sample_system,
            {.doc = "system of the identifier of a FHIR Patient that is its sample; empty: none"})
        .param("line_bytes", &IngestHealthParams::line_bytes,
               {.doc = "longest FHIR resource or document; longer ones are bad records",
                .unit = "By",
                .min = 1024,
                .max = 1e10})
        .param(
            "cut_files", &IngestHealthParams::cut_files,
            {.doc = "cut large files into pieces; false for files whose quotes are not in order"})
        .param("unit_bytes", &IngestHealthParams::unit_bytes,
               {.doc = "size of a piece; 0 = total / 1024, from 64 MiB to 512 MiB",
                .unit = "By",
                .min = 0,
                .max = 1e12})
        .param("shards", &IngestHealthParams::shards,
               {.doc = "number of person shards; 0 = one for each 256 MiB of text, at most 4096",
                .min = 0,
                .max = 65536});
}

} // namespace

Stage ingest_health_stage() {
    auto declared = stage<IngestHealthParams>("ingest_health");
    declared
        .summary("Reads OMOP tables and FHIR files into an event store, ordered by person and day.")
        .details(
            "Reads person, observation_period, condition_occurrence, measurement, "
            "drug_exposure, procedure_occurrence, "
            "observation, death, device_exposure, visit_occurrence and visit_detail as CSV with a "
            "header, plain, gzip or zstd. Columns are found by "
            "name in any order and "
            "case; other columns and tables are passed over.\n\n"
            "Large files are cut into byte ranges, and persons are placed into shards by a "
            "hash of their identifier. Both "
            "follow from the sizes of the files alone, so the result does not depend on ranks "
            "or threads. A piece "
            "begins with the first row that starts in its range; where line breaks stand "
            "inside quotes, the seams of "
            "the pieces are proved against each other.\n\n"
            "A row that breaks a rule ends the job, or is left out and counted in the table "
            "rejects: wrong number of "
            "fields, text that is not UTF-8, broken quotes, a person_id, date or number that "
            "cannot be read, an end "
            "before the start, a person or a record twice, a row of an unknown person. Rows that "
            "are sound but odd are kept and counted in the table flagged: events outside of "
            "observation, before birth, or more than 60 days after death.\n\n"
            "Persons are known by a pseudonym: HMAC-SHA-256 of their identifier under a key, "
            "cut to 128 bits. The identifier is written neither to the result nor to part "
            "files or logs. Without a key the pseudonyms are no protection.\n\n"
            "An event without a source of its own has the one of the visit that it names.\n\n"
            "With a vocabulary, a code without a concept gets the one of the site's "
            "source_to_concept_map, else the one that its own concept maps to; the smallest of "
            "several. The table code_maps says which. The tables concepts and concept_ancestors "
            "hold the concepts in use and what they lie below; they are empty without one.\n\n"
            "Without a link table, person_source_value is taken as the sample of a person.")
        .cites("HL7 FHIR R4 (v4.0.1), Bulk Data Access IG, International Patient Summary")
        .cites("OMOP Common Data Model v5.4, Observational Health Data Sciences and Informatics")
        .reads({.name = "omop",
                .artifact = Artifact::omop_tables,
                .doc = "folder of OMOP CDM 5.4 CSV files",
                .optional = true})
        .reads({.name = "fhir",
                .artifact = Artifact::fhir_files,
                .doc =
                    "folder of FHIR R4 files: .ndjson of a bulk export, or documents (.json) such "
                    "as patient summaries",
                .optional = true})
        .reads(
            {.name = "links",
             .artifact = Artifact::link_table,
             .doc = "columns person_id and sample_id; without it person_source_value is the sample",
             .optional = true})
        .reads({.name = "code_systems",
                .artifact = Artifact::code_system_aliases,
                .doc = "names of code systems in these records beside those that are known: URIs, "
                       "OIDs, names of your own",
                .optional = true})
        .reads({.name = "vocabulary",
                .artifact = Artifact::omop_tables,
                .doc = "folder with the vocabulary tables concept, concept_relationship, "
                       "concept_ancestor, source_to_concept_map: gives concepts to codes that came "
                       "without one, and what lies below a concept",
                .optional = true})
        .reads({.name = "previous",
                .artifact = Artifact::event_store,
                .doc = "store that these records update: they add to it, and take the place of "
                       "the same records and persons",
                .optional = true})
        .writes({.name = "events",
                 .artifact = Artifact::event_store,
                 .file = "events.h5",
                 .doc = "Health records of all persons as dated, coded events.",
                 .tables = {persons_table(), observation_periods_table(), events_table(),
                            links_table(), codes_table(), units_table(), sites_table(),
                            concepts_table(), concept_ancestors_table(), code_maps_table(),
                            shards_table(), ingested_table(), rejects_table(), flagged_table()}});
    declare_params(declared);
    return declared.needs(ingest_health::resources_of)
        .examines(ingest_health::examine)
        .run(run_ingest_health);
}

} // namespace salus
