#include "stages/ingest_features/plan.hpp"

#include "base/problems.hpp"
#include "base/text.hpp"
#include "health/definition.hpp"
#include "stages/ingest_features/hdf5_rows.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace salus::ingest_features {
namespace {

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20;

const std::vector<std::filesystem::path>& paths_of(const Inputs& inputs, const std::string& port) {
    static const std::vector<std::filesystem::path> none;
    const auto found = inputs.find(port);
    return found == inputs.end() ? none : found->second;
}

/// "proteome" of proteome.csv.gz, as a group of the result.
std::string table_name(const std::filesystem::path& path, const std::set<std::string>& taken) {
    std::string name = path.filename().string();
    name = name.substr(0, name.find('.'));
    for (char& c : name)
        if (!is_trait_name(std::string("x") + c)) c = '_';
    if (!is_trait_name(name)) name = "table_" + name;
    std::string unique = name;
    for (int i = 2; taken.contains(unique); ++i)
        unique = text(name, "_", i);
    return unique;
}

/// Names are those of results, so each is there once in all tables.
void check_names(const std::vector<FeatureTable>& tables, std::vector<Problem>& problems) {
    constexpr std::size_t most = 10;
    std::map<std::string, const FeatureTable*> seen;
    std::size_t clashes = 0;
    for (const FeatureTable& table : tables)
        for (const Feature& feature : table.columns.features) {
            const auto [at, fresh] = seen.emplace(lower(feature.name), &table);
            if (fresh || ++clashes > most) continue;
            problems.push_back(
                {.what = text("feature ", feature.name, " is there twice"),
                 .where = text(table.dictionary.string(), " and ", at->second->dictionary.string()),
                 .why = "features of all tables share one set of names, whatever the case",
                 .help = "give one of them another name in the column name of its dictionary"});
        }
}

std::vector<std::string> columns_of(const FeatureTable& table) {
    return table.hdf5 ? hdf5_table_columns(table.path) : feature_table_columns(table.path);
}

void take_table(const IngestFeaturesParams& params, FeatureTable& table,
                std::vector<Problem>& problems) {
    try {
        table.hdf5 = is_hdf5(table.path);
        const FeatureDictionary dictionary = read_feature_dictionary(table.dictionary, problems);
        table.columns = match_columns(dictionary, table.path, columns_of(table),
                                      params.undeclared == "skip", problems);
        if (!problems.empty()) return;
        table.reasons = reasons_of(table.columns.features);
        for (const Feature& feature : table.columns.features)
            table.readers.emplace_back(feature, table.reasons);
    } catch (const Error& e) {
        keep_problems(e, problems);
    }
}

void cut(const IngestFeaturesParams& params, Plan& plan) {
    for (const FeatureTable& table : plan.tables)
        plan.text_bytes +=
            table.hdf5 ? hdf5_table_bytes(table.path) : feature_table_bytes(table.path);
    const std::uint64_t bytes = params.unit_bytes > 0
                                    ? static_cast<std::uint64_t>(params.unit_bytes)
                                    : std::clamp(plan.text_bytes / 1024 / mebibyte * mebibyte,
                                                 16 * mebibyte, 256 * mebibyte);
    for (std::size_t t = 0; t < plan.tables.size(); ++t) {
        FeatureTable& table = plan.tables[t];
        const auto ranges =
            params.cut_files ? feature_table_ranges(table.path, bytes) : std::vector<ByteRange>{{}};
        table.first_unit = plan.units.size();
        table.units = ranges.size();
        for (const ByteRange range : ranges)
            plan.units.push_back({t, range});
    }
}

} // namespace

Plan make_plan(const IngestFeaturesParams& params, const Inputs& inputs,
               std::vector<Problem>& problems) {
    Plan plan;
    if (!paths_of(inputs, "events").empty()) plan.events = paths_of(inputs, "events").front();
    if (!paths_of(inputs, "links").empty()) plan.links = paths_of(inputs, "links").front();
    const auto& tables = paths_of(inputs, "tables");
    const auto& dictionaries = paths_of(inputs, "dictionaries");
    if (tables.size() != dictionaries.size()) {
        problems.push_back({.what = text("there are ", tables.size(), " tables and ",
                                         dictionaries.size(), " dictionaries"),
                            .where = "stage ingest_features",
                            .why = "every table has a dictionary, given in the same order",
                            .help = "give as many dictionaries as tables"});
        return plan;
    }
    std::set<std::string> names;
    for (std::size_t t = 0; t < tables.size(); ++t) {
        FeatureTable table;
        table.path = tables[t];
        table.dictionary = dictionaries[t];
        table.name = table_name(tables[t], names);
        names.insert(table.name);
        std::vector<Problem> wrong;
        take_table(params, table, wrong);
        problems.insert(problems.end(), wrong.begin(), wrong.end());
        if (wrong.empty()) plan.tables.push_back(std::move(table));
    }
    check_names(plan.tables, problems);
    if (problems.empty()) cut(params, plan);
    return plan;
}

} // namespace salus::ingest_features
