#include "base/text.hpp"
#include "formats/file_genotypes.hpp"
#include "health/vocabulary_tree.hpp"
#include "parallel/read_once.hpp"
#include "stages/phenotypes/assemble.hpp"
#include "stages/phenotypes/phenotypes.hpp"
#include "stages/phenotypes/records.hpp"

#include <memory>

namespace salus {
namespace phenotypes {
namespace {

constexpr std::uint64_t table_unit_bytes = std::uint64_t{64} << 20;

std::optional<std::filesystem::path> optional_input(const RunContext& ctx, std::string_view port) {
    if (!ctx.has_input(port)) return std::nullopt;
    return ctx.input(port);
}

/// All inputs that every rank holds.
struct Setting {
    std::unique_ptr<Cohort> cohort;
    std::unique_ptr<EventStore> store; // null without events
    std::unique_ptr<TraitPanel> panel; // null without events
    std::unique_ptr<PhecodeTraits> phecodes;
    std::optional<TableLayout> table;
    std::vector<ByteRange> ranges;          // of the table
    std::unique_ptr<FeatureStore> features; // null without features
    FeaturePlan feature_plan;
    std::unique_ptr<FeatureEvents> feature_events; // null without
};

PhecodeFiles phecode_inputs(const RunContext& ctx) {
    return {.map = ctx.inputs("phecode_map"),
            .rollup = ctx.inputs("phecode_rollup"),
            .exclusions = ctx.inputs("phecode_exclusions"),
            .info = ctx.inputs("phecode_info")};
}

/// Definitions and phecodes over the codes of the event store, and of features as events.
void read_panel(const PhenotypesParams& params, const PhecodeFiles& phecodes,
                const Definitions& definitions, Setting& s) {
    StoreDictionary plain{s.store->codes(), s.store->concepts(), s.store->units(), nullptr};
    if (s.features && !params.feature_events.empty()) {
        s.feature_events =
            std::make_unique<FeatureEvents>(*s.features, *s.store, params.feature_events);
        plain = s.feature_events->dictionary();
    }
    const DictionaryOfStore of(plain, Vocabulary::read_from(s.store->file()));
    s.panel = std::make_unique<TraitPanel>(definitions, of.dictionary());
    s.phecodes = std::make_unique<PhecodeTraits>(phecodes, params, plain.codes);
}

Setting read_setting(const PhenotypesParams& params, const RunContext& ctx) {
    Setting s;
    s.cohort = std::make_unique<Cohort>(open_any_genotypes(ctx.input("genotypes"))->samples(),
                                        optional_input(ctx, "sample_sheet"));
    if (s.cohort->size() == 0)
        throw DataError({.what = "the cohort is empty: the genotypes hold no sample",
                         .where = ctx.input("genotypes").string(),
                         .why = "phenotypes belong to samples",
                         .help = "check the input of ingest_genomes"});
    Definitions definitions;
    if (ctx.has_input("definitions"))
        definitions = read_definitions(std::span(ctx.inputs("definitions")));
    if (const auto path = optional_input(ctx, "features")) {
        std::vector<Problem> problems;
        s.features = std::make_unique<FeatureStore>(*path);
        s.feature_plan = plan_features(*s.features, params, problems);
        if (!problems.empty()) throw UsageError(std::move(problems));
    }
    if (const auto path = optional_input(ctx, "events")) {
        s.store = std::make_unique<EventStore>(*path);
        read_panel(params, phecode_inputs(ctx), definitions, s);
    } else if (!definitions.traits.empty()) {
        throw UsageError({.what = "definitions need events",
                          .where = "stage phenotypes",
                          .why = "traits of definitions are made of health records",
                          .help = "give the input events, or a trait table"});
    }
    if (const auto path = optional_input(ctx, "table")) {
        std::vector<Problem> problems;
        s.table = trait_table_layout(*path, params, problems);
        if (!problems.empty()) throw DataError(std::move(problems));
        s.ranges = delimited_ranges(*path, table_unit_bytes);
    }
    return s;
}

/// What is said about samples that did not find each other. DataError if none did, or if all must.
void report_links(const PhenotypesParams& params, const Setting& s, const JoinCounts& counts,
                  std::uint64_t strangers, const RunContext& ctx) {
    const std::uint64_t samples = s.cohort->size();
    const auto refuse = [&](std::string_view port, std::string what) {
        throw DataError(
            {.what = std::move(what),
             .where = text(ctx.input(port).string(), " and ", ctx.input("genotypes").string()),
             .why = "records and genotypes meet by sample_id",
             .help = "check the link table of ingest_health and the sample names"});
    };
    if (s.store) {
        if (counts.linked == 0)
            refuse("events", "no sample of the genotypes is linked to a person");
        if (params.unlinked == "fail" && counts.linked < samples)
            refuse("events", text(samples - counts.linked, " of ", samples,
                                  " samples are not linked to a person"));
        if (counts.linked < samples)
            ctx.log().warning(
                text(with_thousands(samples - counts.linked), " of ", with_thousands(samples),
                     " samples are not linked to a person: their traits are missing"));
        if (counts.observed < counts.linked)
            ctx.log().warning(text(with_thousands(counts.linked - counts.observed),
                                   " linked persons have no observation period"));
        if (strangers > 0)
            ctx.log().warning(text(with_thousands(strangers), " linked samples have no genotypes"));
    }
    if (s.table && counts.in_table == 0)
        refuse("table", "no sample of the genotypes stands in the trait table");
    if (s.table && counts.in_table < samples)
        ctx.log().warning(text(with_thousands(samples - counts.in_table),
                               " samples do not stand in the trait table"));
    if (s.cohort->unknown_in_sheet() > 0)
        ctx.log().warning(text(with_thousands(s.cohort->unknown_in_sheet()),
                               " samples of the sample sheet have no genotypes"));
}

void report_traits(const std::vector<TraitInfo>& traits, const RunContext& ctx) {
    for (const TraitInfo& trait : traits) {
        const bool timed = trait.kind == "time_to_event";
        const bool one_class =
            trait.kind == "binary" && (trait.cases == 0 || trait.cases == trait.n);
        if (trait.n == 0)
            ctx.log().warning(text("trait ", trait.name, " has no values"));
        else if (timed && trait.cases == 0)
            ctx.log().warning(text("trait ", trait.name, " has no event"));
        else if (one_class)
            ctx.log().warning(
                text("trait ", trait.name, " has only ", trait.cases == 0 ? "controls" : "cases"));
        ctx.log().info(
            text("trait ", trait.name, ": ", with_thousands(trait.n), " samples",
                 trait.kind == "binary" || timed
                     ? text(", ", with_thousands(trait.cases), timed ? " events" : " cases")
                     : std::string{}));
    }
}

void report_phecodes(const std::vector<StatusTrait>& traits, const RunContext& ctx) {
    std::uint64_t phecodes = 0, testable = 0;
    for (const StatusTrait& trait : traits) {
        if (trait.source != "phecode") continue;
        ++phecodes;
        if (trait.samples[0] >= 20 && trait.samples[1] >= 20) ++testable;
    }
    if (phecodes > 0)
        ctx.log().info(text(with_thousands(phecodes), " phecodes, ", with_thousands(testable),
                            " of them with at least 20 cases and 20 controls"));
}

TableData trait_info_rows(const std::vector<TraitInfo>& traits) {
    TableData rows(trait_info_table());
    for (const TraitInfo& trait : traits) {
        rows.column<std::string>("name").push_back(trait.name);
        rows.column<std::string>("kind").push_back(trait.kind);
        rows.column<std::string>("unit").push_back(trait.unit);
        rows.column<std::string>("doc").push_back(trait.doc);
        rows.column<std::uint64_t>("n").push_back(trait.n);
        rows.column<std::uint64_t>("cases").push_back(trait.cases);
    }
    return rows;
}

TableData attrition_table_rows(const TraitPanel& panel, const Parts& records) {
    TableData rows(attrition_table());
    const auto counts = add_attrition(records, panel.size());
    for (std::size_t t = 0; t < panel.size(); ++t) {
        const TraitDefinition& definition = panel.traits()[t].definition();
        for (const AttritionRow& row : attrition_rows(definition, counts[t])) {
            rows.column<std::string>("trait").push_back(definition.name);
            rows.column<std::string>("path").push_back(row.path);
            rows.column<std::string>("step").push_back(row.step);
            rows.column<std::uint64_t>("left").push_back(row.left);
            rows.column<std::uint64_t>("lost").push_back(row.lost);
        }
    }
    return rows;
}

} // namespace
} // namespace phenotypes

void run_phenotypes(const PhenotypesParams& params, RunContext& ctx) {
    using namespace phenotypes;
    const Setting s = read_once(ctx.comm(), "reading samples and definitions",
                                [&] { return read_setting(params, ctx); });
    if (s.phecodes) s.phecodes->report(ctx.log());
    const Parts records =
        ctx.for_each_unit("records", s.store ? s.store->shard_count() : 0,
                          [&](std::uint64_t shard, PartWriter& part) {
                              read_records({*s.store, s.feature_events.get()}, shard, *s.panel,
                                           *s.phecodes, *s.cohort, part);
                          });
    const Parts table =
        ctx.for_each_unit("table", s.ranges.size(), [&](std::uint64_t unit, PartWriter& part) {
            read_trait_table(*s.table, s.ranges[unit], *s.cohort, part);
        });
    std::optional<FeatureJoin> join;
    if (s.features) join.emplace(*s.features, s.feature_plan, *s.cohort);
    const Parts features =
        ctx.for_each_unit("features", feature_unit_count(s.feature_plan),
                          [&](std::uint64_t unit, PartWriter& part) { join->read(unit, part); });
    Layout layout = read_once(ctx.comm(), "laying out traits", [&] {
        std::vector<Coding> coding;
        if (s.table) coding = codings(*s.table, merge_trait_table(*s.table, table), params);
        Layout made = make_layout(params, *s.cohort, s.panel.get(),
                                  s.phecodes ? s.phecodes->traits() : std::vector<StatusTrait>{},
                                  s.table, coding, s.feature_plan);
        if (s.table) made.table_name = ctx.input("table").filename().string();
        return made;
    });
    const Parts blocks = ctx.for_each_unit(
        "samples", block_count(s.cohort->size()), [&](std::uint64_t block, PartWriter& part) {
            join_block(layout, *s.cohort, {records, table, features}, block, part);
        });
    ctx.publish("phenotypes", [&](ResultWriter& out) {
        const JoinCounts counts = add_counts(blocks, layout.traits);
        report_links(params, s, counts, unknown_links(records), ctx);
        report_traits(layout.traits, ctx);
        out.fact("samples_linked", static_cast<std::int64_t>(counts.linked));
        out.fact("samples_observed", static_cast<std::int64_t>(counts.observed));
        out.fact("links_without_genotypes", static_cast<std::int64_t>(unknown_links(records)));
        out.assemble(samples_table(), blocks);
        if (layout.records) out.assemble(lives_table(), blocks);
        if (!layout.traits.empty()) out.assemble(layout.traits_table(), blocks);
        if (!layout.times_table().columns.empty()) out.assemble(layout.times_table(), blocks);
        if (!layout.covariates.empty()) out.assemble(layout.covariates_table(), blocks);
        for (const TableSpec& spec : layout.case_tables())
            if (!spec.columns.empty()) out.assemble(spec, blocks);
        if (auto statuses = status_traits(layout); !statuses.empty())
            report_phecodes(
                write_status_matrix(out.file(), std::move(statuses), s.cohort->size(), blocks),
                ctx);
        out.write(trait_info_rows(layout.traits));
        if (s.panel && s.panel->size() > 0) out.write(attrition_table_rows(*s.panel, records));
    });
}

} // namespace salus
