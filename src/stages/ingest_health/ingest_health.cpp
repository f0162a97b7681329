#include "stages/ingest_health/ingest_health.hpp"

#include "base/text.hpp"
#include "health/event_store.hpp"
#include "health/pseudonym.hpp"
#include "parallel/read_once.hpp"
#include "stages/ingest_health/pseudonym_key.hpp"
#include "stages/ingest_health/shard_rows.hpp"
#include "stages/ingest_health/sources.hpp"

#include <algorithm>
#include <memory>

namespace salus {
namespace ingest_health {
namespace {

TableData tally_rows(const Plan& plan, TableSpec spec, const Counts::Tallies& tallies) {
    TableData table(std::move(spec));
    for (const auto& [key, tally] : tallies) {
        const SourceFile& file = plan.files[key.first];
        table.column<std::string>("table").push_back(file.label);
        table.column<std::string>("file").push_back(file.name);
        table.column<std::string>("reason").push_back(key.second);
        table.column<std::uint64_t>("rows").push_back(tally.rows);
        table.column<std::uint64_t>("first_line").push_back(tally.first_line);
    }
    return table;
}

TableData ingested_rows(const Plan& plan, const Counts& counts) {
    TableData table(ingested_table());
    for (std::size_t f = 0; f < plan.files.size(); ++f) {
        table.column<std::string>("table").push_back(plan.files[f].label);
        table.column<std::string>("file").push_back(plan.files[f].name);
        table.column<std::uint64_t>("rows_read")
            .push_back(plan.files[f].rows_read + counts.rows_read(f));
        table.column<std::uint64_t>("rows_kept")
            .push_back(plan.files[f].rows_kept + counts.rows_kept(f));
        table.column<std::uint32_t>("update").push_back(plan.files[f].update);
    }
    return table;
}

/// Refuses a store that nothing can be done with, and says what was left out.
void report(const Plan& plan, const Counts& counts, const ShardTables& tables,
            const RunContext& ctx) {
    const std::uint64_t persons = tables.rows(ShardTables::persons),
                        events = tables.rows(ShardTables::events),
                        links = tables.rows(ShardTables::links);
    if (persons == 0 || events == 0)
        throw DataError(
            {.what = persons == 0 ? "the cohort is empty: no person is left" : "no event is left",
             .where = plan.files[plan.first_new_file].path.parent_path().string(),
             .why = "every row was refused, or the tables hold nothing but their headers",
             .help = "look at the rejects above, and at the export that made the tables"});
    const auto warn = [&](const Counts::Tallies& tallies, std::string_view fate) {
        for (const auto& [key, tally] : tallies)
            ctx.log().warning(text(plan.files[key.first].label, ": ", with_thousands(tally.rows),
                                   " rows ", fate, ": ", key.second, ", the first in line ",
                                   tally.first_line));
    };
    if (!plan.passed_over.empty())
        ctx.log().info(text("tables that are not read: ", plan.passed_over));
    if (!plan.unknown_files.empty())
        ctx.log().warning(
            text("left out, as no table of OMOP has such a name: ", plan.unknown_files));
    if (plan.export_errors > 0)
        ctx.log().warning(text("the server of the FHIR export reported ",
                               with_thousands(plan.export_errors), " errors: it is incomplete"));
    if (plan.not_listed > 0)
        ctx.log().warning(text(with_thousands(plan.not_listed),
                               " FHIR files left out: the manifest does not name them"));
    warn(counts.rejects(), "left out");
    warn(counts.flags(), "kept though odd");
    if (links == 0) ctx.log().warning("no person is linked to a sample");
    ctx.log().info(text(with_thousands(events), " events of ", with_thousands(persons),
                        " persons, ", with_thousands(links), " with a sample"));
}

Merged read_merged(const Parts& codes, const Pseudonyms& pseudonyms) {
    Merged merged = Merged::read_from(codes.open(0));
    if (merged.key_mark != pseudonyms.key_mark())
        throw IntegrityError({.what = "the rows of this run were made with another pseudonym key",
                              .where = codes.open(0).path().string(),
                              .why = "the key changed while the run was interrupted",
                              .help = "give the key that the run began with, or run with --fresh"});
    return merged;
}

/// The store that is updated, null without one.
std::unique_ptr<EventStore> open_previous(const Plan& plan, const Pseudonyms& pseudonyms) {
    if (!plan.previous) return nullptr;
    auto store = std::make_unique<EventStore>(*plan.previous);
    if (store->file().text_attribute("/", "pseudonym_key_mark") != pseudonyms.key_mark())
        throw DataError({.what = "this store was made with another pseudonym key",
                         .where = plan.previous->string(),
                         .why = "persons are known by their pseudonyms, so all would be new ones",
                         .help = "give the pseudonym_key that the store was made with"});
    return store;
}

/// (all) Codes that other resources of a FHIR export refer to.
FhirMedications find_medications(const Plan& plan, const IngestHealthParams& params,
                                 RunContext& ctx) {
    const bool any = std::any_of(plan.files.begin(), plan.files.end(),
                                 [](const SourceFile& file) { return file.medications; });
    if (!any) return {};
    const Parts parts = ctx.for_each_unit("medications", 1, [&](std::uint64_t, PartWriter& part) {
        read_medications(plan, params, part);
    });
    return read_once(ctx.comm(), "reading the codes of medications",
                     [&] { return medications_from(parts.open(0)); });
}

/// Counts of all pieces and shards.
Counts all_counts(const Plan& plan, const Parts& codes, const Parts& shards) {
    Counts counts(plan.files.size());
    counts.add(codes.open(0));
    for (std::uint64_t s = 0; s < shards.size(); ++s)
        counts.add(shards.open(s));
    return counts;
}

} // namespace
} // namespace ingest_health

void run_ingest_health(const IngestHealthParams& params, RunContext& ctx) {
    using namespace ingest_health;
    const Plan plan = read_once(ctx.comm(), "looking at the source files", [&] {
        Inputs inputs;
        for (const char* port : {"omop", "fhir", "links", "previous", "code_systems", "vocabulary"})
            if (ctx.has_input(port)) inputs[port] = ctx.inputs(port);
        return make_plan(params, inputs);
    });
    for (const std::string& told : unknown_code_systems(plan, params))
        ctx.log().warning(told);
    const Pseudonyms pseudonyms = pseudonyms_of(params.pseudonym_key, ctx);
    const auto previous = read_once(ctx.comm(), "reading the store that is updated",
                                    [&] { return open_previous(plan, pseudonyms); });
    const FhirMedications medications = find_medications(plan, params, ctx);
    const Parts rows =
        ctx.for_each_unit("rows", plan.units.size(), [&](std::uint64_t unit, PartWriter& part) {
            stage_rows(plan, unit, params, pseudonyms, medications, part);
        });
    const Parts codes = ctx.for_each_unit("codes", 1, [&](std::uint64_t, PartWriter& part) {
        merge_codes(plan, rows, previous.get(), part);
    });
    const Merged merged = read_once(ctx.comm(), "reading the code dictionary",
                                    [&] { return read_merged(codes, pseudonyms); });
    std::vector<EventRow> scratch;
    const Parts shards =
        ctx.for_each_unit("shards", plan.shards, [&](std::uint64_t shard, PartWriter& part) {
            build_shard({plan, params, rows, merged, shard, previous.get()}, scratch, part);
        });
    const ShardTables tables(ctx, shards);
    const Parts encoded =
        ctx.for_each_unit("tables", tables.units(),
                          [&](std::uint64_t unit, PartWriter& part) { tables.encode(unit, part); });
    ctx.publish("events", [&](ResultWriter& out) {
        const Counts counts = all_counts(plan, codes, shards);
        report(plan, counts, tables, ctx);
        out.fact("event_store_version", event_store_version);
        out.fact("has_observation_periods", std::int64_t{plan.has_periods});
        out.fact("pseudonym_key_mark", pseudonyms.key_mark());
        tables.assemble(out, encoded);
        for (const char* name :
             {"codes", "units", "sites", "concepts", "concept_ancestors", "code_maps"})
            out.write(codes.open(0).read(name));
        out.write(tables.ranges());
        out.write(ingested_rows(plan, counts));
        out.write(tally_rows(plan, rejects_table(), counts.rejects()));
        out.write(tally_rows(plan, flagged_table(), counts.flags()));
        out.write(Changes::table(tables.changes()));
    });
}

} // namespace salus
