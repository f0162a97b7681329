#include "stages/health_quality/plan.hpp"

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "formats/omop_tables.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <unordered_map>

namespace salus::health_quality {
namespace {

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20;
constexpr std::uint64_t shard_bytes = 256 * mebibyte, most_shards = 4096;

std::uint64_t text_bytes(const std::filesystem::path& path) {
    const bool packed = path.extension() == ".gz" || path.extension() == ".zst";
    return InputFile(path).size() * (packed ? 5 : 1);
}

std::map<std::string, std::filesystem::path> files_of(const std::filesystem::path& folder) {
    std::error_code code;
    std::filesystem::directory_iterator entries(folder, code);
    if (code)
        throw DataError({.what = "cannot read the folder of OMOP tables",
                         .where = folder.string(),
                         .why = code.message(),
                         .help = "give the folder that holds person.csv"});
    std::map<std::string, std::filesystem::path> files;
    for (const auto& entry : entries) {
        const std::string name = omop_table_name(entry.path());
        if (name.empty()) continue;
        if (!files.emplace(name, entry.path()).second)
            throw DataError({.what = text("table ", name, " is there twice"),
                             .where = folder.string(),
                             .why = "one file holds a table",
                             .help = "remove all but one"});
    }
    if (!files.contains("person"))
        throw DataError({.what = "there is no person.csv",
                         .where = folder.string(),
                         .why = "persons, sex and birth are known from the table person",
                         .help = "give the folder of OMOP CDM 5.4 CSV files"});
    return files;
}

/// The day that a source was released, from cdm_source.
std::optional<Day> release_of(const std::map<std::string, std::filesystem::path>& files) {
    const auto file = files.find("cdm_source");
    if (file == files.end()) return std::nullopt;
    DelimitedReader reader(file->second);
    for (const std::string_view column : {"source_release_date", "cdm_release_date"}) {
        const auto place = reader.header().find(column);
        if (!place) continue;
        DelimitedReader rows(file->second);
        if (rows.next_valid())
            if (const auto day = parse_date(trim(rows[*place]))) return day;
    }
    return std::nullopt;
}

std::optional<Day> latest_of(const HealthQualityParams& params,
                             const std::map<std::string, std::filesystem::path>& files) {
    if (params.latest_date.empty()) return release_of(files);
    const auto day = parse_date(params.latest_date);
    if (!day)
        throw UsageError({.what = "latest_date is not a date",
                          .where = "stage health_quality",
                          .why = "it is the last day that can be in the records",
                          .help = "write it as YYYY-MM-DD"});
    return day;
}

/// Fills Plan::tables, fields and rules.
class Builder {
public:
    Builder(Plan& plan, const std::map<std::string, std::filesystem::path>& files)
        : plan_(plan), files_(files) {}

    void build() {
        for (std::size_t t = 0; t < plan_.specification.tables.size(); ++t)
            add_table(t);
        for (std::size_t t = 0; t < plan_.tables.size(); ++t)
            add_rules(t);
    }

private:
    const CdmTable& spec(std::size_t table) const { return plan_.specification.tables[table]; }

    void add_table(std::size_t t) {
        TablePlan table{.name = spec(t).name, .path = {}};
        table.rule.fill(none);
        table.first = plan_.fields.size();
        if (const auto file = files_.find(table.name); file != files_.end()) {
            table.path = file->second;
            table.header = read_delimited_header(table.path);
        }
        for (std::size_t f = 0; f < spec(t).fields.size(); ++f) {
            FieldPlan field{.table = t, .field = f};
            field.rule.fill(none);
            if (table.is_there())
                field.column = table.header.find(spec(t).fields[f].name).value_or(none);
            plan_.fields.push_back(field);
        }
        table.last = plan_.fields.size();
        set_roles(t, table);
        plan_.tables.push_back(std::move(table));
    }

    /// Place of a field of a table that its file has; none otherwise.
    std::size_t place(const TablePlan& table, std::string_view name) const {
        if (name.empty()) return none;
        for (std::size_t f = table.first; f < table.last; ++f)
            if (plan_.fields[f].column != none && plan_.spec(plan_.fields[f]).name == name)
                return f;
        return none;
    }

    void set_roles(std::size_t t, TablePlan& table) {
        table.person = place(table, "person_id");
        table.start = place(table, spec(t).start_field());
        table.end = place(table, spec(t).end_field());
        table.value = place(table, "value_as_number");
        table.unit = place(table, "unit_concept_id");
        table.unit_source = place(table, "unit_source_value");
        table.events = table.is_there() && spec(t).has_events();
        if (table.name != "visit_occurrence") table.visit = place(table, "visit_occurrence_id");
        for (std::size_t f = table.first; f < table.last; ++f) {
            FieldPlan& field = plan_.fields[f];
            if (field.column == none) continue;
            const CdmField& asked = plan_.spec(field);
            if (asked.asks(Check::primary_key)) table.key = f;
            if (table.concept_field == none && asked.foreign_table == "concept" &&
                !asked.name.ends_with("type_concept_id"))
                table.concept_field = f;
            field.end = place(table, asked.end_field);
            field.concept_of = place(table, asked.concept_field);
            if (asked.name.ends_with("_datetime"))
                field.date = place(table, asked.name.substr(0, asked.name.size() - 4));
        }
        for (std::size_t f = table.first; f < table.last && table.concept_field != none; ++f)
            if (plan_.fields[f].concept_of == table.concept_field &&
                plan_.spec(plan_.fields[f]).name.ends_with("source_value"))
                table.source = f;
        if (table.source == none) return;
        std::string name = plan_.spec(plan_.fields[table.source]).name;
        name.replace(name.size() - 5, 5, "concept_id"); // of source_value
        table.source_concept = place(table, name);
    }

    void add_rules(std::size_t t) {
        TablePlan& table = plan_.tables[t];
        for (const auto& [check, threshold] : spec(t).thresholds) {
            Rule rule{.check = check, .table = t, .threshold = threshold};
            if (!table.is_there() && check != Check::cdm_table) rule.not_applicable = no_table;
            table.rule[Plan::index(check)] = add(rule);
        }
        for (std::size_t f = table.first; f < table.last; ++f)
            add_field_rules(t, f);
        add_sex_rule(t);
        add_unit_rule(t);
        add_concept_rules(t);
        if (!table.events) return;
        for (const Check check : {Check::heaping_new_year, Check::heaping_month})
            table.rule[Plan::index(check)] =
                add({.check = check, .table = t, .field = table.start});
    }

    void add_field_rules(std::size_t t, std::size_t f) {
        FieldPlan& field = plan_.fields[f];
        const TablePlan& table = plan_.tables[t];
        field.target = plan_.find_table(plan_.spec(field).foreign_table);
        if (field.target != none && !plan_.tables[field.target].is_there()) field.target = none;
        for (const auto& [check, threshold] : plan_.spec(field).thresholds) {
            Rule rule{.check = check, .table = t, .field = f, .threshold = threshold};
            rule.not_applicable = obstacle(check, table, field);
            const bool impossible = !rule.not_applicable.empty();
            const std::size_t index = add(std::move(rule));
            if (!impossible) field.rule[Plan::index(check)] = index;
        }
    }

    /// Why a check cannot be made; "" if it can.
    std::string obstacle(Check check, const TablePlan& table, const FieldPlan& field) const {
        if (!table.is_there()) return std::string(no_table);
        if (check == Check::cdm_field) return {};
        if (field.column == none) return "the table has no such column";
        const CdmField& asked = plan_.spec(field);
        const bool to_concept = asked.foreign_table == "concept";
        switch (check) {
        case Check::foreign_key:
            if (!to_concept && field.target == none)
                return text("there is no table ", asked.foreign_table);
            [[fallthrough]];
        case Check::fk_domain:
        case Check::standard_concept:
            return to_concept && plan_.concepts.empty() ? "there is no table concept" : "";
        case Check::value_high:
            if (!std::isnan(asked.high) || plan_.latest) return {};
            return "the last possible day is not known: give latest_date";
        case Check::start_before_end:
            return field.end == none ? "there is no column of the end" : "";
        case Check::source_value_completeness:
            return field.concept_of == none ? "there is no column of the concept" : "";
        case Check::datetime_agrees:
            return field.date == none ? "there is no column of the date" : "";
        case Check::within_visit:
            if (table.visit == none) return "there is no column of the visit";
            return there("visit_occurrence") ? "" : "there is no table visit_occurrence";
        case Check::within_observation:
            return there("observation_period") ? "" : "there is no table observation_period";
        case Check::before_death:
            return there("death") ? "" : "there is no table death";
        default:
            return {};
        }
    }

    bool there(std::string_view name) const {
        const std::size_t t = plan_.find_table(name);
        return t != none && plan_.tables[t].is_there();
    }

    void add_sex_rule(std::size_t t) {
        TablePlan& table = plan_.tables[t];
        if (table.name != "condition_occurrence" && table.name != "death") return;
        if (table.source == none) return;
        table.rule[Plan::index(Check::concept_sex)] =
            add({.check = Check::concept_sex, .table = t, .field = table.source, .threshold = 5});
    }

    void add_unit_rule(std::size_t t) {
        TablePlan& table = plan_.tables[t];
        if (table.unit == none || table.unit_source == none) return;
        table.rule[Plan::index(Check::unit_agrees)] =
            add({.check = Check::unit_agrees, .table = t, .field = table.unit, .threshold = 0});
    }

    void add_concept_rules(std::size_t t) {
        const TablePlan& table = plan_.tables[t];
        const auto& rules = plan_.specification.concepts;
        for (std::size_t r = 0; r < rules.size(); ++r) {
            if (rules[r].table != table.name || table.concept_field == none ||
                plan_.spec(plan_.fields[table.concept_field]).name != rules[r].field)
                continue;
            const bool below = rules[r].check == Check::concept_sex_descendants;
            const bool values = rules[r].check != Check::concept_sex && !below;
            if (values && table.value == none) continue;
            add({.check = rules[r].check,
                 .table = t,
                 .field = values ? table.value : table.concept_field,
                 .concept_rule = r,
                 .threshold = rules[r].threshold,
                 .not_applicable = below && !files_.contains("concept_ancestor")
                                       ? "there is no table concept_ancestor"
                                       : ""});
        }
    }

    std::size_t add(Rule rule) {
        plan_.rules.push_back(std::move(rule));
        return plan_.rules.size() - 1;
    }

    static constexpr std::string_view no_table = "there is no such table";
    Plan& plan_;
    const std::map<std::string, std::filesystem::path>& files_;
};

/// Adds to rules about concepts and all below them what is below. One pass over the table, only if
/// there is such a rule.
void add_descendants(Specification& specification, const std::filesystem::path& path) {
    std::unordered_map<std::uint32_t, std::vector<ConceptRule*>> above;
    for (ConceptRule& rule : specification.concepts)
        if (rule.check == Check::concept_sex_descendants)
            for (const std::uint32_t id : rule.concepts)
                above[id].push_back(&rule);
    if (above.empty()) return;
    DelimitedReader reader(path);
    const std::size_t ancestor = reader.header().require("ancestor_concept_id"),
                      descendant = reader.header().require("descendant_concept_id");
    while (reader.next()) {
        if (reader.defect() != RowDefect::none) continue;
        const auto high = parse_integer(trim(reader[ancestor])),
                   low = parse_integer(trim(reader[descendant]));
        if (!high || !low || *low < 0 || *low > 0xFFFFFFFFLL) continue;
        const auto rules = above.find(static_cast<std::uint32_t>(*high));
        if (rules == above.end()) continue;
        for (ConceptRule* rule : rules->second)
            rule->concepts.push_back(static_cast<std::uint32_t>(*low));
    }
    for (ConceptRule& rule : specification.concepts) {
        std::sort(rule.concepts.begin(), rule.concepts.end());
        rule.concepts.erase(std::unique(rule.concepts.begin(), rule.concepts.end()),
                            rule.concepts.end());
    }
}

void cut(Plan& plan, const HealthQualityParams& params) {
    std::uint64_t total = 0;
    for (const TablePlan& table : plan.tables)
        if (table.is_there()) total += text_bytes(table.path);
    const std::uint64_t size =
        params.unit_bytes > 0
            ? static_cast<std::uint64_t>(params.unit_bytes)
            : std::clamp(total / 1024 / mebibyte * mebibyte, 64 * mebibyte, 512 * mebibyte);
    plan.shards = params.shards > 0
                      ? static_cast<std::uint64_t>(params.shards)
                      : std::clamp<std::uint64_t>(total / shard_bytes + 1, 1, most_shards);
    for (std::size_t t = 0; t < plan.tables.size(); ++t) {
        if (!plan.tables[t].is_there()) continue;
        const auto ranges = params.cut_files ? delimited_ranges(plan.tables[t].path, size)
                                             : std::vector<ByteRange>{{}};
        for (std::size_t r = 0; r < ranges.size(); ++r)
            plan.units.push_back({.table = t, .range = ranges[r], .first = r == 0});
    }
}

} // namespace

std::size_t Plan::find_table(std::string_view name) const {
    for (std::size_t t = 0; t < tables.size(); ++t)
        if (tables[t].name == name) return t;
    return none;
}

Plan make_plan(const HealthQualityParams& params, const std::filesystem::path& folder,
               const std::vector<std::filesystem::path>& tables) {
    Plan plan;
    plan.specification = builtin_specification();
    for (const auto& path : tables)
        read_specification(path, plan.specification);
    const auto files = files_of(folder);
    if (const auto found = files.find("concept"); found != files.end())
        plan.concepts = found->second;
    if (const auto found = files.find("concept_ancestor"); found != files.end())
        add_descendants(plan.specification, found->second);
    plan.latest = latest_of(params, files);
    Builder(plan, files).build();
    if (const TablePlan& person = plan.tables[plan.find_table("person")]; person.person == none)
        throw DataError(person.header.missing({"person_id"}));
    cut(plan, params);
    return plan;
}

std::uint64_t shard_of(std::uint64_t key, std::uint64_t shards) noexcept {
    char bytes[sizeof key];
    std::memcpy(bytes, &key, sizeof key);
    return hash64({bytes, sizeof bytes}, 7) % shards;
}

} // namespace salus::health_quality
