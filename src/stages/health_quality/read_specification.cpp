#include "base/date.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "formats/delimited.hpp"
#include "stages/health_quality/fields.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace salus::health_quality {
namespace {

/// The rows of one file, by column name.
class Rows {
public:
    explicit Rows(const std::filesystem::path& path) : reader_(path) {}
    bool next() { return reader_.next_valid(); }
    bool has(std::string_view column) const { return reader_.header().find(column).has_value(); }
    /// What stands there; "" also for NA, and where the file has no such column.
    std::string_view operator[](std::string_view column) const {
        const auto place = reader_.header().find(column);
        if (!place) return {};
        const std::string_view found = trim(reader_[*place]);
        return found == "NA" ? std::string_view{} : found;
    }
    bool yes(std::string_view column) const { return lower((*this)[column]) == "yes"; }
    std::optional<double> number(std::string_view column) const {
        const std::string_view written = (*this)[column];
        if (written.empty()) return std::nullopt;
        const auto value = parse_double(written);
        if (!value || !std::isfinite(*value)) refuse(column, "a number");
        return value;
    }
    double per_cent(std::string_view column, double otherwise) const {
        const auto value = number(column);
        if (value && (*value < 0 || *value > 100)) refuse(column, "a percentage");
        return value.value_or(otherwise);
    }
    [[noreturn]] void refuse(std::string_view column, std::string_view wanted) const {
        throw DataError({.what = text("this column does not hold ", wanted),
                         .where = reader_.where(column),
                         .why = "what is asked of the records is read from this table",
                         .help = "mend the cell, or leave it empty"});
    }

private:
    DelimitedReader reader_;
};

struct Flag {
    std::string_view column; // its threshold: the same with "Threshold"
    Check check;
};
constexpr Flag field_flags[] = {
    {"isRequired", Check::is_required},
    {"isPrimaryKey", Check::primary_key},
    {"isForeignKey", Check::foreign_key},
    {"isStandardValidConcept", Check::standard_concept},
    {"measureValueCompleteness", Check::value_completeness},
    {"standardConceptRecordCompleteness", Check::standard_concept_completeness},
    {"sourceConceptRecordCompleteness", Check::source_concept_completeness},
    {"sourceValueCompleteness", Check::source_value_completeness},
    {"plausibleStartBeforeEnd", Check::start_before_end},
    {"plausibleAfterBirth", Check::after_birth},
    {"plausibleBeforeDeath", Check::before_death},
    {"withinVisitDates", Check::within_visit},
};

CdmTable& table_of(const Rows& rows, Specification& out) {
    const std::string name = lower(rows["cdmTableName"]);
    if (name.empty()) rows.refuse("cdmTableName", "the name of a table");
    if (CdmTable* known = out.find(name)) return *known;
    out.tables.push_back({.name = name, .fields = {}, .thresholds = {{Check::readable_rows, 0}}});
    return out.tables.back();
}

void set_type(CdmField& field, std::string_view written) {
    const std::string type = lower(written);
    field.width = 0;
    if (type == "integer" || type == "bigint")
        field.type = FieldType::integer;
    else if (type == "float" || type == "numeric")
        field.type = FieldType::number;
    else if (type == "date")
        field.type = FieldType::date;
    else if (type == "datetime")
        field.type = FieldType::datetime;
    else {
        field.type = FieldType::text;
        if (type.starts_with("varchar("))
            field.width = static_cast<std::size_t>(
                parse_integer(std::string_view(type).substr(8, type.size() - 9)).value_or(0));
    }
}

/// A limit as number or quoted YYYYMMDD; nothing for an expression over today.
std::optional<double> limit_of(const Rows& rows, std::string_view column, FieldType type) {
    std::string written(rows[column]);
    std::erase(written, '\'');
    if (written.empty() || written.find('(') != std::string::npos) return std::nullopt;
    if (type == FieldType::date || type == FieldType::datetime) {
        if (written.size() == 8) written.insert(6, "-").insert(4, "-");
        const auto day = parse_date(written);
        if (!day) rows.refuse(column, "a date");
        return static_cast<double>(*day);
    }
    const auto value = parse_double(written);
    if (!value) rows.refuse(column, "a number");
    return value;
}

void set_limits(const Rows& rows, CdmField& field) {
    const bool dated = field.type == FieldType::date || field.type == FieldType::datetime;
    if (const auto low = limit_of(rows, "plausibleValueLow", field.type)) {
        field.low = *low;
        field.thresholds[Check::value_low] = rows.per_cent("plausibleValueLowThreshold", 1);
    }
    const auto high = limit_of(rows, "plausibleValueHigh", field.type);
    if (high) field.high = *high;
    if (high || (dated && !rows["plausibleValueHigh"].empty()))
        field.thresholds[Check::value_high] = rows.per_cent("plausibleValueHighThreshold", 1);
}

void read_field(const Rows& rows, Specification& out) {
    CdmTable& table = table_of(rows, out);
    const std::string name = lower(rows["cdmFieldName"]);
    if (name.empty()) rows.refuse("cdmFieldName", "the name of a field");
    CdmField* field = table.find(name);
    if (field == nullptr) {
        table.fields.push_back({.name = name});
        field = &table.fields.back();
    }
    auto& ask = field->thresholds;
    set_type(*field, rows["cdmDatatype"]);
    ask[Check::datatype] = rows.per_cent("cdmDatatypeThreshold", 0);
    for (const Flag& flag : field_flags) {
        if (!rows.has(flag.column)) continue;
        ask.erase(flag.check);
        if (rows.yes(flag.column))
            ask[flag.check] = rows.per_cent(text(flag.column, "Threshold"), 0);
    }
    ask.erase(Check::cdm_field);
    if (field->asks(Check::is_required)) ask[Check::cdm_field] = 0;
    field->foreign_table = lower(rows["fkTableName"]);
    field->domain = rows["fkDomain"];
    ask.erase(Check::fk_domain);
    if (!field->domain.empty()) ask[Check::fk_domain] = rows.per_cent("fkDomainThreshold", 0);
    if (!rows["standardConceptFieldName"].empty())
        field->concept_field = lower(rows["standardConceptFieldName"]);
    if (!rows["plausibleStartBeforeEndFieldName"].empty())
        field->end_field = lower(rows["plausibleStartBeforeEndFieldName"]);
    if (rows.has("plausibleValueLow")) set_limits(rows, *field);
}

void read_table(const Rows& rows, Specification& out) {
    CdmTable& table = table_of(rows, out);
    const auto set = [&](Check check, std::string_view column, double otherwise) {
        if (!rows.has(column)) return;
        table.thresholds.erase(check);
        if (rows.yes(column))
            table.thresholds[check] = rows.per_cent(text(column, "Threshold"), otherwise);
    };
    set(Check::cdm_table, "isRequired", 0);
    set(Check::person_completeness, "measurePersonCompleteness", 95);
    set(Check::period_overlap, "measureObservationPeriodOverlap", 0);
}

std::uint32_t concept_of(const Rows& rows, std::string_view column) {
    const auto number = parse_integer(rows[column]);
    if (!number || *number < 0 || *number > 0xFFFFFFFFLL) rows.refuse(column, "a concept id");
    return static_cast<std::uint32_t>(*number);
}

/// Concepts separated by commas.
std::vector<std::uint32_t> concepts_of(const Rows& rows, std::string_view column) {
    std::vector<std::uint32_t> concepts;
    for (const std::string_view written : split(rows[column], ',')) {
        const auto number = parse_integer(trim(written));
        if (!number || *number < 0 || *number > 0xFFFFFFFFLL) rows.refuse(column, "concept ids");
        concepts.push_back(static_cast<std::uint32_t>(*number));
    }
    return concepts;
}

std::vector<std::uint32_t> units_of(const Rows& rows) {
    std::vector<std::uint32_t> units;
    for (const std::string_view unit : split(rows["plausibleUnitConceptIds"], ',')) {
        const auto number = parse_integer(trim(unit));
        if (!number || *number < -1) rows.refuse("plausibleUnitConceptIds", "concept ids");
        units.push_back(*number < 0 ? 0 : static_cast<std::uint32_t>(*number)); // -1: no unit
    }
    return units;
}

std::uint8_t sex_named(std::string_view written) {
    const std::string sex = lower(written);
    return sex == "male" ? 1 : sex == "female" ? 2 : 0;
}

void read_concept(const Rows& rows, std::vector<ConceptRule>& out) {
    ConceptRule rule{.check = Check::concept_unit,
                     .table = lower(rows["cdmTableName"]),
                     .field = lower(rows["cdmFieldName"])};
    if (const std::uint8_t sex = sex_named(rows["plausibleGenderUseDescendants"]); sex != 0) {
        rule.check = Check::concept_sex_descendants;
        rule.sex = sex;
        rule.concepts = concepts_of(rows, "conceptId");
        rule.concept_id = rule.concepts.at(0);
        rule.threshold = rows.per_cent("plausibleGenderUseDescendantsThreshold", 2);
        out.push_back(rule);
        return;
    }
    rule.concept_id = concept_of(rows, "conceptId");
    const auto add = [&](Check check, std::string_view threshold) {
        rule.check = check;
        rule.threshold = rows.per_cent(threshold, 5);
        out.push_back(rule);
    };
    if (!rows["plausibleUnitConceptIds"].empty()) {
        rule.units = units_of(rows);
        add(Check::concept_unit, "plausibleUnitConceptIdsThreshold");
        rule.units.clear();
    }
    if (const std::uint8_t sex = sex_named(rows["plausibleGender"]); sex != 0) {
        rule.sex = sex;
        add(Check::concept_sex, "plausibleGenderThreshold");
        rule.sex = 0;
    }
    if (!rows["unitConceptId"].empty()) rule.unit = concept_of(rows, "unitConceptId");
    for (const auto& [check, column] : {std::pair{Check::concept_value_low, "plausibleValueLow"},
                                        std::pair{Check::concept_value_high, "plausibleValueHigh"}})
        if (const auto limit = rows.number(column)) {
            rule.limit = *limit;
            add(check, text(column, "Threshold"));
        }
}

/// Rules of the file stand before those that are known, which go where both speak of the same.
void take_concepts(std::vector<ConceptRule> read, Specification& out) {
    const auto same = [](const ConceptRule& a, const ConceptRule& b) {
        return a.check == b.check && a.table == b.table && a.field == b.field &&
               a.concept_id == b.concept_id && a.unit == b.unit;
    };
    for (const ConceptRule& rule : out.concepts)
        if (std::none_of(read.begin(), read.end(),
                         [&](const ConceptRule& r) { return same(r, rule); }))
            read.push_back(rule);
    out.concepts = std::move(read);
}

} // namespace

void read_specification(const std::filesystem::path& path, Specification& out) {
    Rows rows(path);
    if (!rows.has("cdmTableName"))
        throw DataError({.what = "this is not a table of checks",
                         .where = path.string(),
                         .why = "it has no column cdmTableName",
                         .help = "give a table in the layout of the Data Quality Dashboard: level "
                                 "table, field or concept"});
    std::vector<ConceptRule> concepts;
    while (rows.next()) {
        if (rows.has("conceptId"))
            read_concept(rows, concepts);
        else if (rows.has("cdmFieldName"))
            read_field(rows, out);
        else
            read_table(rows, out);
    }
    take_concepts(std::move(concepts), out);
}

} // namespace salus::health_quality
