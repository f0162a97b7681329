#include "base/hash.hpp"
#include "base/text.hpp"
#include "health/code.hpp"
#include "stages/health_quality/cells.hpp"
#include "stages/health_quality/code_kind.hpp"
#include "stages/health_quality/phases.hpp"
#include "stages/health_quality/staging.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_set>

namespace salus::health_quality {
namespace {

constexpr std::size_t most_waiting = std::size_t{1} << 20;

std::int32_t day_of(const Cell& cell) noexcept {
    return cell.good() ? static_cast<std::int32_t>(cell.integer) : no_day;
}

/// Rows that refer to one key, added up so that a few providers do not fill the exchange.
class References {
public:
    explicit References(StagedWriter& out) : out_(out) {}
    void add(std::size_t field, std::int64_t key) {
        ++waiting_[{static_cast<std::uint16_t>(field), key}];
        if (waiting_.size() == most_waiting) flush();
    }
    void flush() {
        for (const auto& [where, count] : waiting_)
            out_.add({.key = static_cast<std::uint64_t>(where.second),
                      .count = count,
                      .index = where.first,
                      .kind = Staged::reference});
        waiting_.clear();
    }

private:
    StagedWriter& out_;
    std::map<std::pair<std::uint16_t, std::int64_t>, std::uint32_t> waiting_;
};

/// All checks of single rows of one piece.
class Scanner {
public:
    Scanner(const Plan& plan, std::size_t table, PartWriter& part)
        : plan_(plan), index_(table), table_(plan.tables[table]), part_(part),
          tallies_(plan.rules.size()), cells_(plan.fields.size()), staged_(part, plan.shards),
          references_(staged_) {
        contents_.rows.assign(plan.tables.size(), 0);
        for (std::size_t r = 0; r < plan.rules.size(); ++r) {
            const Rule& rule = plan.rules[r];
            if (rule.table != table || rule.concept_rule == none) continue;
            const ConceptRule& asked = plan.specification.concepts[rule.concept_rule];
            if (asked.concepts.empty()) concept_rules_[asked.concept_id].push_back(r);
            for (const std::uint32_t id : asked.concepts)
                concept_rules_[id].push_back(r);
        }
    }

    void take(const DelimitedReader& reader) {
        ++contents_.rows[index_];
        const bool readable = reader.defect() == RowDefect::none;
        tally(table_.rule[Plan::index(Check::readable_rows)], !readable);
        if (!readable) return;
        for (std::size_t f = table_.first; f < table_.last; ++f) {
            const FieldPlan& field = plan_.fields[f];
            if (field.column != none)
                cells_[f] = read_cell(plan_.spec(field), reader[field.column]);
        }
        for (std::size_t f = table_.first; f < table_.last; ++f)
            if (plan_.fields[f].column != none) check_field(f);
        check_concept();
        check_unit();
        stage_person();
        stage_visit();
    }

    void finish(const DelimitedReader& reader) {
        references_.flush();
        stage_source_values();
        staged_.finish();
        write_tallies(part_, tallies_);
        contents_.write(part_);
        const std::vector<std::uint64_t> span{reader.first_byte(), reader.next_byte()};
        part_.write_array<std::uint64_t>("span", span, {}, Compression::none);
    }

private:
    const Cell& cell(std::size_t field) const {
        static const Cell absent;
        return field == none ? absent : cells_[field];
    }
    void tally(std::size_t rule, bool bad) {
        if (rule != none) tallies_[rule].count(bad);
    }
    void tally(const FieldPlan& field, Check check, bool bad) {
        tally(plan_.rule_of(check, field), bad);
    }

    void check_field(std::size_t f) {
        const FieldPlan& field = plan_.fields[f];
        const Cell& at = cells_[f];
        tally(field, Check::is_required, !at.written());
        tally(field, Check::value_completeness, !at.written());
        if (!at.written()) return;
        tally(field, Check::datatype, !at.good());
        if (!at.good()) return;
        check_range(field, at);
        if (field.end != none && cell(field.end).good())
            tally(field, Check::start_before_end, at.integer > cell(field.end).integer);
        if (field.date != none && cell(field.date).good())
            tally(field, Check::datetime_agrees, at.integer != cell(field.date).integer);
        check_keys(f, field, at);
    }

    void check_range(const FieldPlan& field, const Cell& at) {
        const CdmField& asked = plan_.spec(field);
        if (!std::isnan(asked.low)) tally(field, Check::value_low, at.number < asked.low);
        const bool dated = asked.type == FieldType::date || asked.type == FieldType::datetime;
        if (!std::isnan(asked.high))
            tally(field, Check::value_high, at.number > asked.high);
        else if (dated && plan_.latest)
            tally(field, Check::value_high, at.integer > *plan_.latest);
    }

    void check_keys(std::size_t f, const FieldPlan& field, const Cell& at) {
        const CdmField& asked = plan_.spec(field);
        if (asked.foreign_table == "concept") {
            count_concept(f, field, at);
        } else if (plan_.rule_of(Check::foreign_key, field) != none && f != table_.person &&
                   f != table_.visit) {
            references_.add(f, at.integer);
        }
        if (f == table_.key && field.rule[Plan::index(Check::primary_key)] != none) stage_key(at);
        if (field.concept_of != none) note_source_value(f, at);
    }

    void stage_key(const Cell& at) {
        staged_.add({.key = static_cast<std::uint64_t>(at.integer),
                     .start = day_of(cell(table_.start)),
                     .end = day_of(cell(table_.end)),
                     .index = static_cast<std::uint16_t>(index_),
                     .kind = Staged::key});
    }

    void count_concept(std::size_t f, const FieldPlan& field, const Cell& at) {
        if (at.integer >= 0 && at.integer <= 0xFFFFFFFFLL)
            ++contents_.concepts[{static_cast<std::uint32_t>(f),
                                  static_cast<std::uint32_t>(at.integer)}];
        tally(field, Check::source_concept_completeness, at.integer == 0);
        if (f == table_.unit && !cell(table_.value).written()) return;
        tally(field, Check::standard_concept_completeness, at.integer == 0);
    }

    void note_source_value(std::size_t f, const Cell& at) {
        if (plan_.rule_of(Check::source_value_completeness, plan_.fields[f]) == none) return;
        const Cell& mapped = cell(plan_.fields[f].concept_of);
        const std::uint64_t key = hash64(at.text, 1000 + f);
        auto& known = source_values_[{static_cast<std::uint16_t>(f), key}];
        known = known || (mapped.good() && mapped.integer != 0);
        if (source_values_.size() == most_waiting) stage_source_values();
    }

    void stage_source_values() {
        for (const auto& [where, mapped] : source_values_)
            staged_.add({.key = where.second,
                         .index = where.first,
                         .kind = Staged::source_value,
                         .flags = static_cast<std::uint8_t>(mapped ? 1 : 0)});
        source_values_.clear();
    }

    /// Ranges and units by concept, and the contents that signs are looked for in.
    void check_concept() {
        const Cell& what = cell(table_.concept_field);
        const Cell& value = cell(table_.value);
        if (what.good() && what.integer > 0 && what.integer <= 0xFFFFFFFFLL) {
            const auto concept_id = static_cast<std::uint32_t>(what.integer);
            if (const auto rules = concept_rules_.find(concept_id); rules != concept_rules_.end())
                for (const std::size_t rule : rules->second)
                    apply(rule, value);
            if (value.good()) note_value(concept_id, value);
        }
        const std::size_t rule = table_.rule[Plan::index(Check::concept_sex)];
        if (rule == none || !cell(table_.source).good()) return;
        if (const std::uint8_t sex = sex_of_source(cell(table_.source).text); sex != 0)
            stage_sex(rule, sex);
    }

    std::uint8_t sex_of_source(std::string_view written) {
        const auto known = source_sex_.find(std::string(written));
        if (known != source_sex_.end()) return known->second;
        if (source_sex_.size() == most_waiting) source_sex_.clear();
        return source_sex_.emplace(std::string(written), sex_of_icd10(written)).first->second;
    }

    std::uint32_t unit() const {
        const Cell& at = cell(table_.unit);
        return at.good() && at.integer >= 0 && at.integer <= 0xFFFFFFFFLL
                   ? static_cast<std::uint32_t>(at.integer)
                   : 0;
    }

    void apply(std::size_t index, const Cell& value) {
        const ConceptRule& rule = plan_.specification.concepts[plan_.rules[index].concept_rule];
        switch (rule.check) {
        case Check::concept_value_low:
            if (value.good() && unit() == rule.unit) tally(index, value.number < rule.limit);
            break;
        case Check::concept_value_high:
            if (value.good() && unit() == rule.unit) tally(index, value.number > rule.limit);
            break;
        case Check::concept_unit:
            if (value.written())
                tally(index,
                      std::find(rule.units.begin(), rule.units.end(), unit()) == rule.units.end());
            break;
        default:
            stage_sex(index, rule.sex);
        }
    }

    void stage_sex(std::size_t rule, std::uint8_t sex) {
        const Cell& person = cell(table_.person);
        if (person.good())
            staged_.add({.key = static_cast<std::uint64_t>(person.integer),
                         .count = static_cast<std::uint32_t>(rule),
                         .kind = Staged::sex,
                         .flags = sex});
    }

    void note_value(std::uint32_t concept_id, const Cell& value) {
        contents_.digits[concept_id].add(value.text, value.number);
        if (value.number > 0) ++contents_.values[{concept_id, unit()}][value_bin(value.number)];
    }

    void check_unit() {
        const std::size_t rule = table_.rule[Plan::index(Check::unit_agrees)];
        if (rule == none || unit() == 0) return;
        const std::string_view written = cell(table_.unit_source).text;
        if (!cell(table_.unit_source).written()) return;
        auto& by_text = units_agree_[unit()];
        auto known = by_text.find(std::string(written));
        if (known == by_text.end())
            known =
                by_text.emplace(std::string(written), !event_unit(written, unit()).ends_with('?'))
                    .first;
        tally(rule, !known->second);
    }

    void stage_person() {
        const Cell& person = cell(table_.person);
        if (!person.good()) return;
        StagedRow row{.key = static_cast<std::uint64_t>(person.integer),
                      .start = day_of(cell(table_.start)),
                      .end = day_of(cell(table_.end)),
                      .index = static_cast<std::uint16_t>(index_)};
        if (table_.name == "person") {
            row.kind = Staged::person;
            row.start = birth();
            row.code = static_cast<std::uint64_t>(whole_of("care_site_id"));
            const std::int64_t sex = whole_of("gender_concept_id");
            row.flags = sex == 8507 ? 1 : sex == 8532 ? 2 : 0;
        } else if (table_.name == "observation_period") {
            row.kind = Staged::period;
        } else {
            row.code = code_of();
            note_kind(row);
        }
        staged_.add(row);
    }

    /// What an event recorded, for the comparison of persons.
    std::uint64_t code_of() const {
        const Cell& what = cell(table_.concept_field);
        return hash64(
            text(index_, "\t", what.good() ? what.integer : 0, "\t", cell(table_.source).text), 3);
    }

    /// Source values of visits name single visits in many databases, so they are no codes.
    void note_kind(StagedRow& row) {
        row.count = 0;
        if (!table_.events || table_.name.starts_with("visit")) return;
        const Cell& source = cell(table_.source_concept);
        if (source.good() && source.integer > 0 && source.integer <= 0xFFFFFFFFLL)
            row.count = static_cast<std::uint32_t>(source.integer);
        if (cell(table_.source).good()) row.flags = form_of_source(cell(table_.source).text);
    }

    std::uint8_t form_of_source(std::string_view written) {
        const auto known = source_form_.find(std::string(written));
        if (known != source_form_.end()) return known->second;
        if (source_form_.size() == most_waiting) source_form_.clear();
        const bool diagnoses = table_.name == "condition_occurrence" ||
                               table_.name == "observation" || table_.name == "death";
        return source_form_.emplace(std::string(written), form_of(written, diagnoses))
            .first->second;
    }

    std::int64_t whole_of(std::string_view name) const {
        for (std::size_t f = table_.first; f < table_.last; ++f)
            if (plan_.spec(plan_.fields[f]).name == name && cells_[f].good())
                return cells_[f].integer;
        return 0;
    }

    /// First day on which the person can have been born; a month or day that is not written is the
    /// first.
    std::int32_t birth() const {
        for (std::size_t f = table_.first; f < table_.last; ++f)
            if (plan_.spec(plan_.fields[f]).name == "birth_datetime" && cells_[f].good())
                return day_of(cells_[f]);
        const std::int64_t year = whole_of("year_of_birth"), month = whole_of("month_of_birth"),
                           day = whole_of("day_of_birth");
        if (year < 1 || year > 9999) return no_day;
        const auto two = [](std::int64_t n) { return text(n < 10 ? "0" : "", n); };
        const std::string four = text(year);
        return parse_date(text(std::string(4 - four.size(), '0'), four, "-",
                               two(month >= 1 ? month : 1), "-",
                               two(day >= 1 && month >= 1 ? day : 1)))
            .value_or(no_day);
    }

    void stage_visit() {
        const Cell& visit = cell(table_.visit);
        if (table_.visit == none || !visit.good()) return;
        const std::size_t target = plan_.fields[table_.visit].target;
        if (target == none) return;
        staged_.add({.key = static_cast<std::uint64_t>(visit.integer),
                     .start = day_of(cell(table_.start)),
                     .index = static_cast<std::uint16_t>(table_.visit),
                     .kind = Staged::visit_reference});
    }

    const Plan& plan_;
    std::size_t index_;
    const TablePlan& table_;
    PartWriter& part_;
    Tallies tallies_;
    std::vector<Cell> cells_; // [field of the plan]
    StagedWriter staged_;
    References references_;
    Contents contents_;
    std::unordered_map<std::uint32_t, std::vector<std::size_t>> concept_rules_;
    std::map<std::pair<std::uint16_t, std::uint64_t>, bool> source_values_;
    std::unordered_map<std::string, std::uint8_t> source_sex_, source_form_;
    std::unordered_map<std::uint32_t, std::unordered_map<std::string, bool>> units_agree_;
};

} // namespace

void scan_rows(const Plan& plan, std::uint64_t unit, PartWriter& part) {
    const SourceUnit& piece = plan.units[unit];
    DelimitedReader reader(plan.tables[piece.table].path, piece.range);
    Scanner scanner(plan, piece.table, part);
    while (reader.next())
        scanner.take(reader);
    scanner.finish(reader);
}

} // namespace salus::health_quality
