#include "base/date.hpp"
#include "base/problems.hpp"
#include "base/text.hpp"
#include "formats/file_genotypes.hpp"
#include "formats/sample_sheet.hpp"
#include "stages/phenotypes/assemble.hpp"
#include "stages/phenotypes/features.hpp"
#include "stages/phenotypes/phecodes.hpp"
#include "stages/phenotypes/phenotypes.hpp"

#include "health/event_store.hpp"
#include "schema/existing_input.hpp"

#include <algorithm>

namespace salus {
namespace phenotypes {
namespace {

bool wired(const Inputs& inputs, const std::string& port) {
    const auto found = inputs.find(port);
    return found != inputs.end() && !found->second.empty();
}

template <class Look>
void collect(std::vector<Problem>& problems, Look look) {
    try {
        look();
    } catch (const Error& e) {
        keep_problems(e, problems);
    }
}

void check_wiring(const PhenotypesParams& params, const Inputs& inputs,
                  std::vector<Problem>& problems) {
    const bool definitions = wired(inputs, "definitions"), table = wired(inputs, "table"),
               events = wired(inputs, "events"), features = wired(inputs, "features");
    const auto add = [&](std::string what, std::string why, std::string help) {
        problems.push_back({.what = std::move(what),
                            .where = "stage phenotypes",
                            .why = std::move(why),
                            .help = std::move(help)});
    };
    const bool phecodes = wired(inputs, "phecode_map");
    if (!definitions && !table && !phecodes && !(features && !params.feature_traits.empty()))
        add("there is no trait",
            "traits come from definitions, a phecode map, a trait table or the parameter "
            "feature_traits",
            "give the input definitions, phecode_map or table, or name features");
    const bool wanted = !(params.feature_traits.empty() && params.feature_covariates.empty() &&
                          params.feature_events.empty());
    if (!params.feature_events.empty() && !definitions)
        add("feature_events are given without definitions",
            "they are events that definitions ask for", "give the inputs events and definitions");
    if (!features && wanted)
        add("features are asked for, but there is no feature store",
            "they are read from the input features", "give the input features");
    if (features && !wanted)
        add("no feature is asked for", "none of a feature store is taken without being named",
            "name some in feature_traits or feature_covariates, for example feature_traits = "
            "[\"*\"]");
    if (phecodes && !events)
        add("phecodes need events", "they are made of the codes of health records",
            "give the input events");
    for (const char* port : {"phecode_rollup", "phecode_exclusions", "phecode_info"})
        if (wired(inputs, port) && !phecodes)
            add(text("the input ", port, " is given without phecode_map"),
                "it says more about phecodes that the map makes", "give the input phecode_map");
    if (definitions && !events)
        add("definitions need events", "traits of definitions are made of health records",
            "give the input events");
    if (!table && !(params.table_traits.empty() && params.table_covariates.empty() &&
                    params.binary_traits.empty() && params.ordinal_traits.empty() &&
                    params.time_to_event.empty()))
        add("columns of a trait table are asked for, but there is none",
            "they are read from the input table", "give the input table");
    if (!params.index_date.empty() && !parse_date(params.index_date))
        add("index_date is not a date", "dates are written YYYY-MM-DD",
            "for example index_date = \"2024-12-31\"");
}

constexpr double usual_groups = 4;

/// Notes a trait of the table to come, if a stage tests its kind.
void count(std::string_view kind, TraitCounts& table) {
    if (kind == "quantitative") ++table.quantitative;
    if (kind == "binary") ++table.binary;
    if (kind == "time_to_event") ++table.time_to_event;
}

void examine(const PhenotypesParams& params, const Inputs& inputs, Workload& sizes,
             std::vector<Problem>& problems) {
    check_wiring(params, inputs, problems);
    double traits = 0;
    sizes.table = {};
    if (existing_input(inputs, "definitions") != nullptr)
        collect(problems, [&] {
            const Definitions read = read_definitions(std::span(inputs.at("definitions")));
            traits += static_cast<double>(read.traits.size());
            for (const TraitDefinition& trait : read.traits)
                count(trait.kind, sizes.table);
        });
    if (const auto* path = existing_input(inputs, "table"))
        collect(problems, [&] {
            const TableLayout layout = trait_table_layout(*path, params, problems);
            traits += static_cast<double>(layout.traits);
            // Which columns hold nothing but 0 and 1 is not known before they are read.
            const auto ordinal = static_cast<double>(params.ordinal_traits.size());
            sizes.table.ordinal += ordinal;
            sizes.table.binary += std::max(0.0, static_cast<double>(layout.traits) - ordinal);
            sizes.table.time_to_event += static_cast<double>(layout.times.size());
            sizes.table.covariates += static_cast<double>(layout.covariates);
        });
    if (const auto* path = existing_input(inputs, "features"))
        collect(problems, [&] {
            const FeatureStore store(*path);
            traits += static_cast<double>(plan_features(store, params, problems).columns.size()) /
                      5; // one column each
        });
    else
        traits += static_cast<double>(params.feature_traits.size()) / 5;
    for (const std::string& trait : params.feature_traits) // those of a level are binary
        count(trait.find(" is ") == std::string::npos ? "quantitative" : "binary", sizes.table);
    sizes.table.covariates += static_cast<double>(params.feature_covariates.size()) +
                              (params.age ? 1 : 0) + (params.age_squared ? 1 : 0) +
                              (params.sex ? 1 : 0) + (params.groups ? usual_groups - 1 : 0);
    // A phecode takes two bits a sample, a trait 5 x 64; maps have up to 4,000 phecodes.
    if (wired(inputs, "phecode_map")) traits += 4000 * 2.0 / (5 * 64);
    check_phecode_tables(phecode_files(inputs), problems);
    if (const auto* path = existing_input(inputs, "sample_sheet"))
        collect(problems,
                [&] { static_cast<void>(read_delimited_header(*path).require("sample_id")); });
    if (const auto* path = existing_input(inputs, "genotypes"))
        collect(problems,
                [&] { sizes.samples = static_cast<double>(genotype_sizes(*path).samples); });
    if (const auto* path = existing_input(inputs, "events"))
        collect(problems, [&] {
            const EventStore store(*path);
            sizes.persons = static_cast<double>(store.person_count());
            sizes.events = static_cast<double>(store.event_count());
        });
    if (traits > 0) sizes.traits = traits;
}

Resources needs(const PhenotypesParams&, const Workload& w) {
    const double shards = std::clamp(w.events * 120 / 268435456.0 + 1, 1.0, 4096.0);
    const double columns = 5 * w.traits + 10; // value, date, age, begin and end of follow-up
    // Records of a shard, or the columns of a block of samples with what HDF5 keeps of each.
    const double records = 115 * w.events / shards + 50 * w.samples,
                 block = 165 * w.samples + columns * (16 * std::min(w.samples, 65536.0) + 32e3);
    return {.memory_bytes = 5e7 + std::max(records, block),
            .storage_bytes = 8 * columns * w.samples + 40 * w.samples,
            .scratch_bytes = 2 * (8 * columns * w.samples + 40 * w.samples),
            .core_hours = (w.events * 0.2e-6 + w.samples * columns * 0.1e-6) / 3600,
            .formula =
                "N samples, P traits (a fifth of a trait for each feature), E events in S shards: "
                "memory 50 MB + the larger of 115 B x E/S + 50 B x N and 165 B x N + (5 P + 10) "
                "x (16 B x min(N, 65,536) + 32 kB); result 8 B x N x (5 P + 10); scratch twice "
                "that; 0.2 us "
                "per event, 0.1 us per sample and column"};
}

TableSpec described(TableSpec spec, ColumnSpec column) {
    spec.columns = {std::move(column)};
    return spec;
}

} // namespace
} // namespace phenotypes

namespace {

constexpr const char* method =
    "Definitions (TOML, docs/phenotypes.md) make traits from dated codes: cases and controls by "
    "code lists, number and distance of dates, values, sources, other definitions around a date, "
    "AND, OR and NOT of definitions, exclusions and washout, with follow-up and its censoring; "
    "quantitative traits from measurements with units brought together, implausible values left "
    "out, drug effects undone, summarised over a life or around an index date; dates of events. "
    "Only events inside observation periods count "
    "unless a definition says otherwise. A person without any observation period is missing "
    "in every trait, never a control.\n\n"
    "A trait table (CSV or TSV with a column sample_id, IID or #IID) adds traits and "
    "covariates. Empty, NA, NaN and `.` are missing; -9 is missing only with plink_binary. A "
    "column that holds nothing but 0 and 1 is binary, with plink_binary one that holds "
    "nothing but 1, 2 and the missing codes 0 and -9.\n\n"
    "ordinal_traits names columns whose values are levels, such as grades of a disease: "
    "association tests them by proportional odds.\n\n"
    "Time-to-event traits hold 1 for an event and 0 for a censored time; their times at risk are "
    "in the table times: NAME ends them, in years from definitions and as given from a trait "
    "table, and NAME.entry begins them where they do not begin at 0. From a trait table they are "
    "declared: time_to_event = [\"NAME = EVENT : TIME\"] or \"NAME = EVENT : TIME : ENTRY\".\n\n"
    "A phecode map makes all its phecodes as createPhenotypes of the R package PheWAS does: dates "
    "are rolled up; a case has phecode_min_dates different dates, who has fewer or any date in the "
    "exclusion range is neither case nor control, phecodes of one sex do not apply to others. They "
    "are not columns of traits, but rows of status/matrix: two bits for each sample, 0 control, "
    "1 case, 2 excluded, 3 not applicable; status/traits names and counts them. Maps are the "
    "user's; none is shipped.\n\n"
    "From a feature store (docs/features.md) the features named in feature_traits become traits: "
    "numbers quantitative, categories of two levels binary (the second is the case), ordered "
    "categories ordinal. Those of feature_covariates become covariates. Of several rows of a "
    "person the first or the last with a value is taken, or that of a visit.\n\n"
    "Covariates: age in years of 365.25 days, sex_male, a 0/1 column for every group of the "
    "sample sheet but the largest, and the columns of table_covariates. A covariate that is "
    "not known is NaN, and association leaves such samples out.";

void declare_params(StageOf<PhenotypesParams>& declared) {
    declared
        .param(
            "unlinked", &PhenotypesParams::unlinked,
            {.doc =
                 "samples that are not linked to a person: kept with missing traits, or an error",
             .choices = {"keep", "fail"}})
        .param("index_date", &PhenotypesParams::index_date,
               {.doc = "day at which age is taken, YYYY-MM-DD; empty = last day of observation"})
        .param("age", &PhenotypesParams::age, {.doc = "covariate age, if there are events"})
        .param("age_squared", &PhenotypesParams::age_squared,
               {.doc = "covariate age_squared, if there are events"})
        .param("sex", &PhenotypesParams::sex, {.doc = "covariate sex_male"})
        .param("groups", &PhenotypesParams::groups,
               {.doc = "covariates group_X for every group but the largest"})
        .param(
            "table_traits", &PhenotypesParams::table_traits,
            {.doc =
                 "columns of the trait table that are traits; empty = all that are no covariates"})
        .param("table_covariates", &PhenotypesParams::table_covariates,
               {.doc = "columns of the trait table that are covariates"})
        .param("binary_traits", &PhenotypesParams::binary_traits,
               {.doc = "columns of the trait table that must be binary"})
        .param("ordinal_traits", &PhenotypesParams::ordinal_traits,
               {.doc = "columns of the trait table that are ordinal: only the order of their "
                       "values counts"})
        .param("time_to_event", &PhenotypesParams::time_to_event,
               {.doc = "time-to-event traits of the trait table, as NAME = EVENT : TIME or NAME = "
                       "EVENT : TIME : ENTRY with columns of the table; EVENT is coded as binary "
                       "traits are"})
        .param("feature_traits", &PhenotypesParams::feature_traits,
               {.doc = "features that are traits, each as NAME, or [NEW =] NAME [is LEVEL] [in "
                       "UNIT] [at VISIT]; * in NAME stands for any characters, VISIT is first "
                       "(the default), last or one of the table"})
        .param("feature_covariates", &PhenotypesParams::feature_covariates,
               {.doc = "features that are covariates, written the same; a category of more than "
                       "two levels makes one for each level but the first"})
        .param("feature_events", &PhenotypesParams::feature_events,
               {.doc = "features that definitions can ask for, * for any characters: events with "
                       "the code FEATURE:NAME, of categories FEATURE:NAME=LABEL, on the day of "
                       "their row"})
        .param("phecode_min_dates", &PhenotypesParams::phecode_min_dates,
               {.doc = "different dates of a phecode that make a case", .min = 1, .max = 1000})
        .param("phecode_inside_observation", &PhenotypesParams::phecode_inside_observation,
               {.doc = "only events inside an observation period count for phecodes"})
        .param("phecode_longest_prefix", &PhenotypesParams::phecode_longest_prefix,
               {.doc = "a code that the phecode map does not have counts as the longest code of "
                       "the map that it begins with"})
        .param(
            "plink_binary", &PhenotypesParams::plink_binary,
            {.doc =
                 "binary columns of the trait table are coded 1 control, 2 case, 0 or -9 missing"});
}

} // namespace

Stage phenotypes_stage() {
    using namespace phenotypes;
    auto declared = stage<PhenotypesParams>("phenotypes");
    declared
        .summary("Turns health records and trait tables into traits and covariates in genotype "
                 "sample order.")
        .details(method)
        .cites("Carroll, Bastarache & Denny 2014, doi:10.1093/bioinformatics/btu197 (phecodes)")
        .cites("original; rules after the practice of phecode and OHDSI cohort definitions "
               "(docs/phenotypes.md)")
        .reads({.name = "genotypes",
                .artifact = Artifact::genotype_store,
                .doc = "gives the samples and their order"})
        .reads({.name = "events",
                .artifact = Artifact::event_store,
                .doc = "health records",
                .optional = true})
        .reads({.name = "definitions",
                .artifact = Artifact::phenotype_definitions,
                .doc = "traits to make from health records; several files are read as one",
                .optional = true,
                .many = true})
        .reads({.name = "phecode_map",
                .artifact = Artifact::phecode_table,
                .doc = "codes and the phecodes that they count for: phecode 1.2 or phecodeX, WHO "
                       "and clinical modifications together",
                .optional = true,
                .many = true})
        .reads({.name = "phecode_rollup",
                .artifact = Artifact::phecode_table,
                .doc = "phecodes above each phecode: code, phecode_unrolled; not needed with maps "
                       "that are rolled up already",
                .optional = true})
        .reads({.name = "phecode_exclusions",
                .artifact = Artifact::phecode_table,
                .doc = "exclusion ranges: code, exclusion_criteria",
                .optional = true})
        .reads({.name = "phecode_info",
                .artifact = Artifact::phecode_table,
                .doc = "descriptions and sexes of phecodes",
                .optional = true,
                .many = true})
        .reads({.name = "table",
                .artifact = Artifact::trait_table,
                .doc = "traits and covariates by sample",
                .optional = true})
        .reads({.name = "features",
                .artifact = Artifact::feature_store,
                .doc = "features of persons, of which some become traits and covariates",
                .optional = true})
        .reads({.name = "sample_sheet",
                .artifact = Artifact::sample_sheet,
                .doc = "sex and group of the samples",
                .optional = true});
    Output result{
        .name = "phenotypes",
        .artifact = Artifact::phenotype_table,
        .file = "phenotypes.h5",
        .doc = "Traits and covariates, one row per genotype sample, in its order.",
        .tables = {samples_table(), lives_table(),
                   described(Layout{}.traits_table(),
                             {"{trait}", ColumnType::f64, "of the trait",
                              "value of the trait; binary and event 0/1, dates in days since "
                              "1970-01-01, NaN = missing"}),
                   described(Layout{}.times_table(),
                             {"{trait}", ColumnType::f64, "of the times",
                              "end of the time at risk of a time-to-event trait; its begin "
                              "is in {trait}.entry where that is not 0"}),
                   described(Layout{}.covariates_table(),
                             {"{covariate}", ColumnType::f64, "of the covariate",
                              "value of the covariate, NaN = missing"}),
                   status_traits_table(), trait_info_table(), attrition_table()}};
    for (TableSpec& table : described_case_tables())
        result.tables.push_back(std::move(table));
    declared.writes(std::move(result));
    declare_params(declared);
    return declared.needs(phenotypes::needs).examines(phenotypes::examine).run(run_phenotypes);
}

} // namespace salus
