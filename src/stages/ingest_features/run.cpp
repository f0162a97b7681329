#include "base/text.hpp"
#include "health/event_store.hpp"
#include "health/feature_store.hpp"
#include "parallel/read_once.hpp"
#include "stages/ingest_features/phases.hpp"
#include "stages/ingest_health/pseudonym_key.hpp"
#include "store/joined_arrays.hpp"
#include "store/packed_table.hpp"

#include <cmath>
#include <limits>
#include <optional>
#include <span>

namespace salus {
namespace ingest_features {
namespace {

/// What the phases made of one table.
struct TableResult {
    std::uint64_t read = 0, rows = 0, persons = 0, linked = 0;
    Tallies left_out;
    std::vector<std::uint64_t> counts; // [feature, reason]
    Parts columns;
};

std::vector<TableResult> collect(const Plan& plan, const Parts& rows, const Parts& persons,
                                 const std::vector<ColumnUnit>& units, const Parts& columns) {
    std::vector<TableResult> results;
    for (std::size_t t = 0; t < plan.tables.size(); ++t) {
        TableResult& result = results.emplace_back();
        const H5File part = persons.open(t);
        const auto sizes = part.read_array<std::uint64_t>("sizes");
        result.rows = sizes.at(0);
        result.persons = sizes.at(1);
        result.linked = sizes.at(2);
        add_tallies(result.left_out, part, 0);
        for (std::uint64_t u = 0; u < plan.tables[t].units; ++u)
            result.read +=
                rows.open(plan.tables[t].first_unit + u).read_array<std::uint64_t>("span").at(3);
        std::vector<Parts::Part> own;
        for (std::size_t u = 0; u < units.size(); ++u) {
            if (units[u].table != t) continue;
            own.push_back(columns[u]);
            const auto counts = columns.open(u).read_array<std::uint64_t>(counts_array);
            result.counts.insert(result.counts.end(), counts.begin(), counts.end());
        }
        result.columns = Parts(std::move(own));
    }
    return results;
}

void report(const Plan& plan, const std::vector<TableResult>& results, const RunContext& ctx) {
    for (std::size_t t = 0; t < results.size(); ++t) {
        const TableResult& result = results[t];
        const FeatureTable& table = plan.tables[t];
        for (const auto& [reason, tally] : result.left_out)
            ctx.log().warning(text(table.name, ": ", with_thousands(tally.rows), " rows left out: ",
                                   reason, ", the first in line ", tally.first_line));
        std::uint64_t unreadable = 0, out_of_range = 0;
        for (std::size_t f = 0; f < table.features(); ++f) {
            unreadable += result.counts[f * table.reasons.size() + cell_reason::unreadable];
            out_of_range += result.counts[f * table.reasons.size() + cell_reason::out_of_range];
        }
        if (unreadable > 0)
            ctx.log().warning(text(table.name, ": ", with_thousands(unreadable),
                                   " cells that cannot be read are missing"));
        if (out_of_range > 0)
            ctx.log().warning(text(table.name, ": ", with_thousands(out_of_range),
                                   " values outside of their limits are missing"));
        if (result.linked == 0)
            ctx.log().warning(text(table.name, ": no person is linked to a sample"));
        ctx.log().info(text(table.name, ": ", with_thousands(table.features()), " features of ",
                            with_thousands(result.persons), " persons, ",
                            with_thousands(result.linked), " with a sample"));
    }
}

TableData table_rows(const Plan& plan, const std::vector<TableResult>& results) {
    TableData out(feature_tables_table());
    for (std::size_t t = 0; t < results.size(); ++t) {
        const FeatureTable& table = plan.tables[t];
        out.column<std::string>("table").push_back(table.name);
        out.column<std::string>("file").push_back(table.path.filename().string());
        out.column<std::string>("dictionary").push_back(table.dictionary.filename().string());
        out.column<std::uint64_t>("features").push_back(table.features());
        out.column<std::uint64_t>("rows_read").push_back(results[t].read);
        out.column<std::uint64_t>("rows").push_back(results[t].rows);
        out.column<std::uint64_t>("persons").push_back(results[t].persons);
        out.column<std::uint64_t>("linked").push_back(results[t].linked);
    }
    return out;
}

TableData reject_rows(const Plan& plan, const std::vector<TableResult>& results) {
    TableData out(rejects_table());
    for (std::size_t t = 0; t < results.size(); ++t)
        for (const auto& [reason, tally] : results[t].left_out) {
            out.column<std::string>("table").push_back(plan.tables[t].name);
            out.column<std::string>("file").push_back(plan.tables[t].path.filename().string());
            out.column<std::string>("reason").push_back(reason);
            out.column<std::uint64_t>("rows").push_back(tally.rows);
            out.column<std::uint64_t>("first_line").push_back(tally.first_line);
        }
    return out;
}

double limit(double value) {
    return std::isfinite(value) ? value : std::numeric_limits<double>::quiet_NaN();
}

/// Tables of what the features are and why cells are missing.
struct Described {
    TableData features{features_table()}, levels{feature_levels_table()},
        reasons{feature_reasons_table()}, missing{feature_missing_table()};

    void add(const FeatureTable& table, const TableResult& result) {
        for (std::size_t r = 1; r < table.reasons.size(); ++r) {
            reasons.column<std::string>("table").push_back(table.name);
            reasons.column<std::uint32_t>("number").push_back(static_cast<std::uint32_t>(r));
            reasons.column<std::string>("reason").push_back(table.reasons[r]);
        }
        for (std::size_t f = 0; f < table.features(); ++f) {
            const auto counts =
                std::span(result.counts).subspan(f * table.reasons.size(), table.reasons.size());
            const Feature& feature = table.columns.features[f];
            add_feature(table, f, result.rows, counts);
            for (std::size_t l = 0; l < feature.levels.size(); ++l) {
                levels.column<std::string>("feature").push_back(feature.name);
                levels.column<double>("value").push_back(static_cast<double>(l));
                levels.column<std::string>("code").push_back(feature.levels[l].code);
                levels.column<std::string>("label").push_back(feature.levels[l].label);
            }
            for (std::size_t r = 1; r < counts.size(); ++r) {
                if (counts[r] == 0) continue;
                missing.column<std::string>("feature").push_back(feature.name);
                missing.column<std::string>("reason").push_back(table.reasons[r]);
                missing.column<std::uint64_t>("cells").push_back(counts[r]);
            }
        }
    }

private:
    void add_feature(const FeatureTable& table, std::size_t f, std::uint64_t rows,
                     std::span<const std::uint64_t> counts) {
        const Feature& feature = table.columns.features[f];
        const auto words = [&](const char* column, std::string value) {
            features.column<std::string>(column).push_back(std::move(value));
        };
        const auto number = [&](const char* column, std::uint64_t value) {
            features.column<std::uint64_t>(column).push_back(value);
        };
        words("name", feature.name);
        words("table", table.name);
        words("column", feature.column);
        words("kind", std::string(to_string(feature.kind)));
        words("unit", feature.unit);
        words("doc", feature.doc);
        features.column<double>("minimum").push_back(limit(feature.low));
        features.column<double>("maximum").push_back(limit(feature.high));
        features.column<double>("missing_rate")
            .push_back(static_cast<double>(rows - counts[0]) / static_cast<double>(rows));
        number("place", f);
        number("rows", rows);
        number("values", counts[0]);
        number("unreadable", counts[cell_reason::unreadable]);
        number("out_of_range", counts[cell_reason::out_of_range]);
    }
};

void check_rows(const Plan& plan, const std::vector<std::uint64_t>& rows) {
    for (std::size_t t = 0; t < rows.size(); ++t)
        if (rows[t] == 0)
            throw DataError(
                {.what = "no row is left",
                 .where = plan.tables[t].path.string(),
                 .why = "the table has only a header, or every row was left out",
                 .help = "look at the export, and whether its persons are those of the health "
                         "records"});
}

/// Places of the rows of the table that was asked for last.
class LastPlaces {
public:
    explicit LastPlaces(const Parts& persons) : persons_(persons) {}
    const Places& of(std::size_t table) {
        if (table_ != table) places_ = Places::read_from(persons_.open(table));
        table_ = table;
        return places_;
    }

private:
    const Parts& persons_;
    std::optional<std::size_t> table_;
    Places places_;
};

} // namespace
} // namespace ingest_features

void run_ingest_features(const IngestFeaturesParams& params, RunContext& ctx) {
    using namespace ingest_features;
    const Plan plan = read_once(ctx.comm(), "looking at the feature tables", [&] {
        Inputs inputs;
        for (const char* port : {"tables", "dictionaries", "events", "links"})
            if (ctx.has_input(port)) inputs[port] = ctx.inputs(port);
        std::vector<Problem> problems;
        Plan made = make_plan(params, inputs, problems);
        if (!problems.empty()) throw DataError(std::move(problems));
        return made;
    });
    const Pseudonyms pseudonyms = pseudonyms_of(params.pseudonym_key, ctx);
    const Parts rows =
        ctx.for_each_unit("rows", plan.units.size(), [&](std::uint64_t unit, PartWriter& part) {
            stage_rows(plan, unit, params, pseudonyms, part);
        });
    collectively(ctx.comm(), "comparing keys", [&] { check_key_mark(rows, pseudonyms); });
    const Parts persons = ctx.for_each_unit(
        "persons", plan.tables.size(), [&](std::uint64_t table, PartWriter& part) {
            settle_rows(plan, table, params, pseudonyms, rows, part);
        });
    const std::vector<ColumnUnit> units =
        collectively(ctx.comm(), "counting the rows of the feature tables", [&] {
            std::vector<std::uint64_t> counts;
            for (std::uint64_t t = 0; t < persons.size(); ++t)
                counts.push_back(persons.open(t).read_array<std::uint64_t>("sizes").at(0));
            check_rows(plan, counts);
            return column_units(plan, counts);
        });
    LastPlaces places(persons);
    const Parts columns =
        ctx.for_each_unit("columns", units.size(), [&](std::uint64_t unit, PartWriter& part) {
            gather_columns(plan, units[unit], places.of(units[unit].table), rows, part);
        });
    ctx.publish("features", [&](ResultWriter& out) {
        const auto results = collect(plan, rows, persons, units, columns);
        report(plan, results, ctx);
        out.fact("feature_store_version", feature_store_version);
        out.fact("pseudonym_key_mark", pseudonyms.key_mark());
        Described described;
        for (std::size_t t = 0; t < results.size(); ++t) {
            const std::string& name = plan.tables[t].name;
            described.add(plan.tables[t], results[t]);
            assemble_unit_tables(out.file(), feature_rows_table(name), Parts({persons[t]}));
            const std::string values = feature_values_array(name),
                              missing = feature_missing_array(name);
            join_arrays(out.file(), values, results[t].columns, "values");
            join_arrays(out.file(), missing, results[t].columns, "missing");
            out.file().attribute(values, "units", "unit of the feature in features");
            out.file().attribute(values, "long_name",
                                 "Values [feature, row of a person]; NaN where there is none.");
            out.file().attribute(missing, "units", "number of a reason");
            out.file().attribute(missing, "long_name",
                                 "Why there is no value, [feature, row of a person]: number in "
                                 "reasons; 0 where there is one.");
        }
        out.write(table_rows(plan, results));
        out.write(described.features);
        out.write(described.levels);
        out.write(described.reasons);
        out.write(described.missing);
        out.write(reject_rows(plan, results));
    });
}

} // namespace salus
