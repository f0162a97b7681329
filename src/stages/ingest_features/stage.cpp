#include "base/problems.hpp"
#include "health/event_store.hpp"
#include "health/feature_store.hpp"
#include "health/pseudonym.hpp"
#include "stages/ingest_features/plan.hpp"

#include <algorithm>

namespace salus {
namespace ingest_features {
namespace {

constexpr double cell_text_bytes = 7; // of a cell and its separator, about

bool is_wired(const Inputs& inputs, const std::string& port) {
    const auto found = inputs.find(port);
    return found != inputs.end() && !found->second.empty();
}

bool all_exist(const Inputs& inputs, const std::string& port) {
    for (const std::filesystem::path& path : inputs.at(port))
        if (!std::filesystem::exists(path)) return false;
    return true;
}

void examine(const IngestFeaturesParams& params, const Inputs& inputs, Workload& sizes,
             std::vector<Problem>& problems) {
    if (!is_wired(inputs, "events") && !is_wired(inputs, "links"))
        problems.push_back(
            {.what = "nothing tells the samples of the persons",
             .where = "stage ingest_features",
             .why = "tables are joined to genomes by the links of the health records, or by a "
                    "link table",
             .help = "give the input events or links"});
    for (const char* port : {"tables", "dictionaries"})
        if (!is_wired(inputs, port) || !all_exist(inputs, port)) return;
    if (!params.pseudonym_key.empty() && !params.pseudonym_key.starts_with("fd:")) {
        try {
            static_cast<void>(read_pseudonym_key(params.pseudonym_key));
        } catch (const Error& e) {
            keep_problems(e, problems);
        }
    }
    std::vector<Problem> wrong;
    const Plan plan = make_plan(params, inputs, wrong);
    problems.insert(problems.end(), wrong.begin(), wrong.end());
    if (!wrong.empty()) return;
    double features = 0;
    for (const FeatureTable& table : plan.tables)
        features = std::max(features, static_cast<double>(table.features()));
    sizes.input_bytes = static_cast<double>(plan.text_bytes);
    if (sizes.persons == 0) sizes.persons = sizes.input_bytes / (cell_text_bytes * features);
}

Resources needs(const IngestFeaturesParams&, const Workload& w) {
    const double cells = w.input_bytes / cell_text_bytes;
    return {.memory_bytes = 4.6e7 + std::min(8.4e7, 12 * cells) + 140 * w.persons,
            .storage_bytes = 9 * cells + 60 * w.persons,
            .scratch_bytes = 17 * cells + 120 * w.persons,
            .core_hours = cells * 0.1e-6 / 3600,
            .formula = "P persons, C cells of all tables (bytes of text / 7): memory 46 MB + 12 B "
                       "x C (at most 84 MB) + 140 B x P per rank; result at most 9 B x C + 60 B x "
                       "P; scratch 17 B x C; 0.1 us "
                       "per cell and core"};
}

} // namespace
} // namespace ingest_features

namespace {

constexpr const char* method =
    "A feature table has a row for each person and a column for each feature: answers to a "
    "questionnaire, the air at a home address, measurements from images, thousands of proteins. "
    "Its dictionary, a CSV file, says for each column its type, unit, missing codes, levels and "
    "plausible limits (docs/features.md). Tables and dictionaries are given in the same order.\n\n"
    "A dictionary has the columns column and type, and as needed name, unit, missing, levels, "
    "minimum, maximum and description. Types are number, integer, date, category, ordinal; person, "
    "visit and visit_date for the columns that tell whose a row is; text and ignore for what is "
    "not read. missing is written -1 = not known | -3 = refused, levels 0 = never | 1 = former.\n\n"
    "A cell without a value keeps the reason: empty, out_of_range, or what its missing code says. "
    "It is never a number. A cell that is no value of its type ends the job, or with on_bad_record "
    "= \"skip\" is missing and counted as unreadable. A row that breaks a rule ends the job, or is "
    "left out and counted in rejects: wrong number of fields, text that is not UTF-8, broken "
    "quotes, no person, a day that cannot be read, a person twice without another day or visit, a "
    "person whom the health records do not know.\n\n"
    "Persons are known by their pseudonyms, under the key of the event store. Their samples are "
    "those of the link table, else of the event store. The identifier is written neither to the "
    "result nor to part files or logs.\n\n"
    "Features are stored column by column, so that some of thousands are read without the others. "
    "Large files are cut into byte ranges, which follow from their sizes alone: the result does "
    "not depend on ranks or threads.";

} // namespace

Stage ingest_features_stage() {
    auto declared = stage<IngestFeaturesParams>("ingest_features");
    declared
        .summary("Reads person-by-feature tables with column dictionaries into a feature store.")
        .details(method)
        .cites("original; docs/features.md")
        .reads({.name = "tables",
                .artifact = Artifact::feature_table,
                .doc = "tables: CSV or TSV with a header, plain, gzip or zstd, or HDF5",
                .many = true})
        .reads({.name = "dictionaries",
                .artifact = Artifact::feature_dictionary,
                .doc = "the dictionary of each table, in the same order",
                .many = true})
        .reads({.name = "events",
                .artifact = Artifact::event_store,
                .doc = "health records: who is known, and samples of persons",
                .optional = true})
        .reads({.name = "links",
                .artifact = Artifact::link_table,
                .doc = "columns person_id and sample_id; without it the links of events",
                .optional = true})
        .writes({.name = "features",
                 .artifact = Artifact::feature_store,
                 .file = "features.h5",
                 .doc = "Features of persons, column by column.",
                 .tables = {feature_tables_table(), features_table(), feature_levels_table(),
                            feature_reasons_table(), feature_missing_table(),
                            feature_rows_table("{table}"), rejects_table()}})
        .param("on_bad_record", &IngestFeaturesParams::on_bad_record,
               {.doc = "what to do with a row that breaks a rule, or a cell that cannot be read",
                .choices = {"fail", "skip"}})
        .param("undeclared", &IngestFeaturesParams::undeclared,
               {.doc = "what to do with a column that the dictionary does not declare",
                .choices = {"fail", "skip"}})
        .param("pseudonym_key", &IngestFeaturesParams::pseudonym_key,
               {.doc = "file of mode 0600 with the key of the pseudonyms, 16 to 4096 bytes, or "
                       "fd:N for an open file descriptor; that of the event store"})
        .param(
            "cut_files", &IngestFeaturesParams::cut_files,
            {.doc = "cut large files into pieces; false for files whose quotes are not in order"})
        .param("unit_bytes", &IngestFeaturesParams::unit_bytes,
               {.doc = "size of a piece; 0 = total / 1024, from 16 MiB to 256 MiB",
                .unit = "By",
                .min = 0,
                .max = 1e12});
    return declared.needs(ingest_features::needs)
        .examines(ingest_features::examine)
        .run(run_ingest_features);
}

} // namespace salus
