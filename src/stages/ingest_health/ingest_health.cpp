#include "stages/ingest_health/ingest_health.hpp"

#include "base/text.hpp"
#include "health/event_store.hpp"
#include "stages/ingest_health/phases.hpp"

#include <algorithm>

namespace salus {
namespace ingest_health {
namespace {

std::optional<std::filesystem::path> optional_input(const Inputs& inputs, const std::string& port) {
    const auto found = inputs.find(port);
    if (found == inputs.end() || found->second.empty()) return std::nullopt;
    return found->second.front();
}

template <class Check>
void collect(std::vector<Problem>& problems, Check check) {
    try {
        for (Problem& p : check())
            problems.push_back(std::move(p));
    } catch (const Error& e) {
        problems.insert(problems.end(), e.problems().begin(), e.problems().end());
    }
}

void examine(const IngestHealthParams& params, const Inputs& inputs, Workload& sizes,
             std::vector<Problem>& problems) {
    const auto folder = optional_input(inputs, "omop");
    const auto links = optional_input(inputs, "links");
    if (!folder) return;
    const std::size_t before = problems.size();
    OmopFiles files;
    collect(problems, [&] {
        files = find_omop_files(*folder);
        return std::vector<Problem>{};
    });
    for (const auto& [table, path] : files.paths)
        collect(problems, [&, t = table, &p = path] { return check_omop_header(t, p); });
    if (links) collect(problems, [&] { return check_omop_header(OmopTable::link, *links); });
    if (problems.size() > before || files.paths.empty()) return;
    const Plan plan = make_plan(params, files, links);
    double bytes = 0;
    for (const SourceFile& file : plan.files)
        bytes += static_cast<double>(InputFile(file.path).size()) * (is_gzip(file.path) ? 5 : 1);
    sizes.input_bytes = bytes;
    sizes.events = bytes / 120;
    if (sizes.persons == 0)
        sizes.persons =
            static_cast<double>(InputFile(files.paths.at(OmopTable::person)).size()) / 80;
}

Resources needs(const IngestHealthParams&, const Workload& w) {
    const double shards = std::clamp(w.input_bytes / 268435456.0 + 1, 1.0, 4096.0);
    return {
        .memory_bytes = 3e8 + 200 * w.events / shards,
        .storage_bytes = 10 * w.events + 60 * w.persons,
        .scratch_bytes = 90 * w.events + 100 * w.persons,
        .core_hours = w.events / 1e6 / 3600,
        .formula =
            "E events of P persons in S = text bytes / 256 MiB shards (at most 4096): memory 300 "
            "MB + 200 B x "
            "E/S per rank; result 10 B x E + 60 B x P; scratch 90 B x E; 1 us per event and core"};
}

/// Totals of a phase whose parts hold counts.
Counts total(const Parts& parts) {
    Counts sum;
    for (std::uint64_t unit = 0; unit < parts.size(); ++unit)
        sum += Counts::read_from(parts.open(unit));
    return sum;
}

std::vector<std::uint64_t> begins(const Parts& parts, std::string_view table) {
    std::vector<std::uint64_t> begin{0};
    for (std::uint64_t s = 0; s < parts.size(); ++s)
        begin.push_back(begin.back() + parts.open(s).rows(table));
    return begin;
}

std::vector<std::uint64_t> event_begins(const Parts& parts) {
    std::vector<std::uint64_t> begin{0};
    for (std::uint64_t s = 0; s < parts.size(); ++s)
        begin.push_back(begin.back() + raw_rows(parts.open(s), events_table()));
    return begin;
}

void assemble_events(const Parts& parts, H5File& file) {
    H5File::TableWriter writer = file.begin_table(events_table(), event_begins(parts).back(), {});
    for (std::uint64_t s = 0; s < parts.size(); ++s)
        writer.append(read_raw(parts.open(s), events_table()));
    writer.close();
}

TableData shard_rows(const Parts& persons, const Parts& events) {
    TableData table(shards_table());
    for (const char* name : {"persons", "events", "observation_periods", "links"}) {
        const std::string_view table_name = name;
        const auto begin = table_name == "events"
                               ? event_begins(events)
                               : begins(table_name == "persons" ? persons : events, table_name);
        for (std::size_t s = 0; s + 1 < begin.size(); ++s) {
            table.column<std::uint64_t>(text(name, "_begin")).push_back(begin[s]);
            table.column<std::uint64_t>(text(name, "_end")).push_back(begin[s + 1]);
        }
    }
    return table;
}

TableData reject_rows(const Counts& counts) {
    TableData table(rejects_table());
    for (std::size_t t = 0; t < omop_table_count; ++t)
        for (std::size_t r = 0; r < reject_count; ++r) {
            if (counts.tables[t].refused[r] == 0) continue;
            table.column<std::string>("table").emplace_back(to_string(static_cast<OmopTable>(t)));
            table.column<std::string>("reason").emplace_back(to_string(static_cast<Reject>(r)));
            table.column<std::uint64_t>("rows").push_back(counts.tables[t].refused[r]);
        }
    return table;
}

TableData ingested_rows(const Plan& plan, const Counts& counts) {
    TableData table(ingested_table());
    for (const SourceFile& file : plan.files) {
        const auto& of = counts.tables[static_cast<std::size_t>(file.table)];
        table.column<std::string>("table").emplace_back(to_string(file.table));
        table.column<std::string>("file").push_back(file.path.filename().string());
        table.column<std::uint64_t>("rows_read").push_back(of.read);
        table.column<std::uint64_t>("rows_kept").push_back(of.kept);
    }
    return table;
}

/// Refuses a store that nothing can be done with, and says what was left out.
void report(const Plan& plan, const Counts& counts, std::uint64_t links, const RunContext& ctx) {
    const std::string folder = ctx.input("omop").string();
    std::uint64_t events = 0;
    for (const SourceFile& file : plan.files)
        if (has_events(file.table))
            events += counts.tables[static_cast<std::size_t>(file.table)].kept;
    const std::uint64_t persons = counts.tables[static_cast<std::size_t>(OmopTable::person)].kept;
    if (persons == 0 || events == 0)
        throw DataError(
            {.what = persons == 0 ? "the cohort is empty: no person is left" : "no event is left",
             .where = folder,
             .why = "every row was refused, or the tables hold nothing but their headers",
             .help = "look at the rejects above, and at the export that made the tables"});
    for (std::size_t t = 0; t < omop_table_count; ++t)
        for (std::size_t r = 0; r < reject_count; ++r)
            if (counts.tables[t].refused[r] > 0)
                ctx.log().warning(text(to_string(static_cast<OmopTable>(t)), ": ",
                                       with_thousands(counts.tables[t].refused[r]),
                                       " rows left out: ", to_string(static_cast<Reject>(r))));
    if (links == 0) ctx.log().warning("no person is linked to a sample");
    ctx.log().info(text(with_thousands(events), " events of ", with_thousands(persons),
                        " persons, ", with_thousands(links), " with a sample"));
}

} // namespace
} // namespace ingest_health

void run_ingest_health(const IngestHealthParams& params, RunContext& ctx) {
    using namespace ingest_health;
    const Plan plan = collectively(ctx.comm(), "looking at the OMOP tables", [&] {
        std::optional<std::filesystem::path> links;
        if (ctx.has_input("links")) links = ctx.input("links");
        return make_plan(params, find_omop_files(ctx.input("omop")), links);
    });
    const Parts rows =
        ctx.for_each_unit("rows", plan.units.size(), [&](std::uint64_t unit, PartWriter& part) {
            stage_rows(plan, unit, params, part);
        });
    const Parts codes = ctx.for_each_unit(
        "codes", 1, [&](std::uint64_t, PartWriter& part) { merge_codes(plan, rows, part); });
    const Merged merged = collectively(ctx.comm(), "reading the code dictionary",
                                       [&] { return Merged::read_from(codes.open(0)); });
    const Parts persons =
        ctx.for_each_unit("persons", plan.shards, [&](std::uint64_t shard, PartWriter& part) {
            build_persons({plan, params, rows, merged, shard}, part);
        });
    const auto person_begin =
        collectively(ctx.comm(), "counting persons", [&] { return begins(persons, "persons"); });
    const Parts events =
        ctx.for_each_unit("events", plan.shards, [&](std::uint64_t shard, PartWriter& part) {
            build_events({plan, params, rows, merged, shard}, persons.open(shard),
                         person_begin[shard], part);
        });
    ctx.publish("events", [&](ResultWriter& out) {
        Counts counts = Counts::read_from(codes.open(0));
        for (auto& table : counts.tables)
            table.kept = 0;
        counts += total(persons);
        counts += total(events);
        const TableData shards = shard_rows(persons, events);
        report(plan, counts, shards.column<std::uint64_t>("links_end").back(), ctx);
        out.fact("event_store_version", event_store_version);
        out.fact("has_observation_periods", std::int64_t{plan.has_periods});
        out.assemble(persons_table(), persons);
        out.assemble(observation_periods_table(), events);
        assemble_events(events, out.file());
        out.assemble(links_table(), events);
        out.write(codes.open(0).read("codes"));
        out.write(codes.open(0).read("units"));
        out.write(shards);
        out.write(ingested_rows(plan, counts));
        out.write(reject_rows(counts));
    });
}

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
    declared.summary("Reads OMOP CDM 5.4 tables into an event store, ordered by person and day.")
        .details("Reads person, observation_period, condition_occurrence, measurement, "
                 "drug_exposure, procedure_occurrence, "
                 "observation and death as CSV with a header, plain or gzip. Columns are found by "
                 "name in any order and "
                 "case; other columns and tables are passed over.\n\n"
                 "Large files are cut into byte ranges, and persons are placed into shards by a "
                 "hash of person_id. Both "
                 "follow from the sizes of the files alone, so the result does not depend on ranks "
                 "or threads. A piece "
                 "begins with the first row that starts in its range; where line breaks stand "
                 "inside quotes, the seams of "
                 "the pieces are proved against each other.\n\n"
                 "A row that breaks a rule ends the job, or is left out and counted in the table "
                 "rejects: wrong number of "
                 "fields, text that is not UTF-8, broken quotes, a person_id, date or number that "
                 "cannot be read, an end "
                 "before the start, a person twice, a row of an unknown person.\n\n"
                 "Without a link table, person_source_value is taken as the sample of a person.")
        .cites("OMOP Common Data Model v5.4, Observational Health Data Sciences and Informatics")
        .reads({.name = "omop",
                .artifact = Artifact::omop_tables,
                .doc = "folder of OMOP CDM 5.4 CSV files"})
        .reads(
            {.name = "links",
             .artifact = Artifact::link_table,
             .doc = "columns person_id and sample_id; without it person_source_value is the sample",
             .optional = true})
        .writes({.name = "events",
                 .artifact = Artifact::event_store,
                 .file = "events.h5",
                 .doc = "Health records of all persons as dated, coded events.",
                 .tables = {persons_table(), observation_periods_table(), events_table(),
                            links_table(), codes_table(), units_table(), shards_table(),
                            ingested_table(), rejects_table()}});
    declare_params(declared);
    return declared.needs(ingest_health::needs)
        .examines(ingest_health::examine)
        .run(run_ingest_health);
}

} // namespace salus
