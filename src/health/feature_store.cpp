#include "health/feature_store.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <unordered_map>

namespace salus {

TableSpec feature_tables_table() {
    return {
        .name = "tables",
        .row = "feature_table",
        .doc = "Feature tables.",
        .columns = {{"table", ColumnType::text, "", "name in this file: that of the source file"},
                    {"file", ColumnType::text, "", "source file"},
                    {"dictionary", ColumnType::text, "", "its column dictionary"},
                    {"features", ColumnType::u64, "1", "features"},
                    {"rows_read", ColumnType::u64, "1", "rows of the source file"},
                    {"rows", ColumnType::u64, "1", "rows that were kept"},
                    {"persons", ColumnType::u64, "people", "persons of these rows"},
                    {"linked", ColumnType::u64, "people", "of these, persons with a sample"}}};
}

TableSpec features_table() {
    return {
        .name = "features",
        .row = "feature",
        .doc = "Features of all tables.",
        .columns = {{"name", ColumnType::text, "", "name in results"},
                    {"table", ColumnType::text, "", "its table"},
                    {"column", ColumnType::text, "", "column of the source file"},
                    {"place", ColumnType::u64, "1", "row of data/TABLE/values"},
                    {"kind", ColumnType::text, "", "number, integer, date, category or ordinal"},
                    {"unit", ColumnType::text, "", "unit of the values, in UCUM"},
                    {"doc", ColumnType::text, "", "description"},
                    {"minimum", ColumnType::f64, "of the feature", "least plausible value"},
                    {"maximum", ColumnType::f64, "of the feature", "largest plausible value"},
                    {"rows", ColumnType::u64, "1", "rows of its table"},
                    {"values", ColumnType::u64, "1", "rows with a value"},
                    {"missing_rate", ColumnType::f64, "proportion", "rows without a value"},
                    {"unreadable", ColumnType::u64, "1", "cells that are no value of this kind"},
                    {"out_of_range", ColumnType::u64, "1",
                     "cells with a value that is not plausible, which is not kept"}}};
}

TableSpec feature_levels_table() {
    return {.name = "levels",
            .row = "level",
            .doc = "Levels of categories.",
            .columns = {{"feature", ColumnType::text, "", "name of the feature"},
                        {"value", ColumnType::f64, "1", "how it stands in values"},
                        {"code", ColumnType::text, "", "code in the source file"},
                        {"label", ColumnType::text, "", "what it means"}}};
}

TableSpec feature_reasons_table() {
    return {.name = "reasons",
            .row = "reason_of_table",
            .doc = "Why cells hold no value: what the numbers in data/TABLE/missing say.",
            .columns = {{"table", ColumnType::text, "", "name of the table"},
                        {"number", ColumnType::u32, "1", "number in data/TABLE/missing"},
                        {"reason", ColumnType::text, "",
                         "empty, unreadable, out_of_range, or what the dictionary says"}}};
}

TableSpec feature_missing_table() {
    return {.name = "missing",
            .row = "count",
            .doc = "Cells without a value by feature and reason; what is not listed is 0.",
            .columns = {{"feature", ColumnType::text, "", "name of the feature"},
                        {"reason", ColumnType::text, "", "why there is no value"},
                        {"cells", ColumnType::u64, "1", "number of cells"}}};
}

TableSpec feature_rows_table(const std::string& table) {
    return {.name = text("data/", table, "/rows"),
            .row = "row",
            .doc = "Whose the rows of a table are, by pseudonym, day and visit.",
            .columns = {
                {"pseudonym_high", ColumnType::u64, "1",
                 "first half of the pseudonym: HMAC-SHA-256 of the identifier in the source, cut "
                 "to 128 bits"},
                {"pseudonym_low", ColumnType::u64, "1", "second half of the pseudonym"},
                {"day", ColumnType::f64, "days since 1970-01-01", "day of the row; NaN = not told"},
                {"visit", ColumnType::text, "", "visit of the row, empty if there are none"},
                {"sample_id", ColumnType::text, "",
                 "sample of the person in the genotypes, empty without one"}}};
}

std::string feature_values_array(const std::string& table) {
    return text("data/", table, "/values");
}
std::string feature_missing_array(const std::string& table) {
    return text("data/", table, "/missing");
}

namespace {

FeatureKind kind_from(const std::string& word) {
    for (const FeatureKind kind : {FeatureKind::number, FeatureKind::integer, FeatureKind::date,
                                   FeatureKind::category, FeatureKind::ordinal})
        if (word == to_string(kind)) return kind;
    return FeatureKind::number;
}

} // namespace

FeatureStore::FeatureStore(const std::filesystem::path& path) : file_(H5File::open(path)) {
    if (file_.integer_attribute("/", "feature_store_version") != feature_store_version ||
        file_.integer_attribute("/", "complete") != 1)
        throw DataError(
            {.what = "this is not a complete feature store of this version",
             .where = path.string(),
             .why = text("feature stores have feature_store_version = ", feature_store_version),
             .help =
                 "give features.h5 of the stage ingest_features, or make it anew from the files "
                 "that its /provenance names: salus ingest_features --tables FILES "
                 "--dictionaries FILES --output FOLDER"});
    const TableData rows = file_.read("features");
    std::unordered_map<std::string, std::size_t> index;
    for (std::size_t i = 0; i < rows.rows(); ++i) {
        StoredFeature stored{.feature = {},
                             .table = rows.column<std::string>("table")[i],
                             .place = rows.column<std::uint64_t>("place")[i]};
        stored.feature.name = rows.column<std::string>("name")[i];
        stored.feature.column = rows.column<std::string>("column")[i];
        stored.feature.kind = kind_from(rows.column<std::string>("kind")[i]);
        stored.feature.unit = rows.column<std::string>("unit")[i];
        stored.feature.doc = rows.column<std::string>("doc")[i];
        index.emplace(stored.feature.name, i);
        features_.push_back(std::move(stored));
    }
    const TableData levels = file_.read("levels");
    for (std::size_t i = 0; i < levels.rows(); ++i)
        features_.at(index.at(levels.column<std::string>("feature")[i]))
            .feature.levels.push_back(
                {levels.column<std::string>("code")[i], levels.column<std::string>("label")[i]});
}

const StoredFeature* FeatureStore::find(std::string_view name) const {
    const auto found = std::find_if(features_.begin(), features_.end(),
                                    [&](const auto& f) { return f.feature.name == name; });
    return found == features_.end() ? nullptr : &*found;
}

std::vector<double> FeatureStore::values(const StoredFeature& feature) const {
    return file_.read_rows<double>(feature_values_array(feature.table), feature.place, 1);
}

TableData FeatureStore::rows(const std::string& table,
                             const std::vector<std::string>& columns) const {
    return file_.read(feature_rows_table(table).name, columns);
}

} // namespace salus
