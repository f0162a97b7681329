#include "formats/omop.hpp"

#include "base/text.hpp"
#include "health/code_system.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace salus {
namespace {

using Role = OmopRole;

constexpr std::size_t absent_column = std::numeric_limits<std::size_t>::max();
constexpr std::int64_t most_days_supply = 36525; // a century

std::string_view system_for(EventKind kind, const CodeSystems& systems) noexcept {
    switch (kind) {
    case EventKind::condition:
        return systems.condition;
    case EventKind::measurement:
        return systems.measurement;
    case EventKind::drug:
        return systems.drug;
    case EventKind::procedure:
        return systems.procedure;
    case EventKind::observation:
        return systems.observation;
    case EventKind::death:
        return systems.condition;
    case EventKind::visit:
    case EventKind::device:
        break;
    }
    return "auto";
}

RecordKind record_kind(OmopTable table) noexcept {
    switch (table) {
    case OmopTable::person:
        return RecordKind::person;
    case OmopTable::observation_period:
        return RecordKind::observation_period;
    case OmopTable::link:
        return RecordKind::link;
    default:
        return RecordKind::event;
    }
}

/// trim() for fields that mostly have nothing to trim.
std::string_view trimmed(std::string_view field) noexcept {
    const auto bare = [](char c) { return static_cast<unsigned char>(c) > ' '; };
    return field.empty() || (bare(field.front()) && bare(field.back())) ? field : trim(field);
}

/// A whole number of one to nine digits without sign.
bool short_number(std::string_view text, std::uint32_t& out) noexcept {
    if (text.empty() || text.size() > 9) return false;
    std::uint32_t value = 0;
    for (const char c : text) {
        const auto digit = static_cast<std::uint32_t>(c) - '0';
        if (digit > 9) return false;
        value = 10 * value + digit;
    }
    out = value;
    return true;
}

/// True for a whole number that stands in its one form: no sign, no leading zero, 64 bits.
bool is_plain_id(std::string_view text) noexcept {
    if (text.empty() || text.size() > 18 || text.front() == '0') return text == "0";
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// True if a code, or the text that stands for one, says that something is absent or not known.
bool is_absent(const CodeEntry& entry, std::string_view written) noexcept {
    const std::string_view code = entry.code;
    const std::size_t colon = code.find(':');
    if (colon != std::string_view::npos &&
        says_absent(code.substr(0, colon), code.substr(colon + 1)))
        return true;
    // Where the standard concept stands for the event, its source code may still be one of these.
    return text_says_absent(written) || says_absent("SNOMED", written);
}

} // namespace

OmopReader::OmopReader(OmopTable table, const std::filesystem::path& path, ByteRange range,
                       const CodeSystems& systems)
    : table_(table), reader_(path, range), kind_(kind_of(table)),
      system_(system_for(kind_, systems)) {
    if (auto problems = check_omop_header(table, path); !problems.empty())
        throw DataError(std::move(problems));
    const OmopLayout& layout = layout_of(table);
    for (std::size_t role = 0; role < omop_role_count; ++role) {
        const auto found = layout.columns[role].empty()
                               ? std::nullopt
                               : reader_.header().find(layout.columns[role]);
        columns_[role] = found.value_or(absent_column);
    }
    if (table == OmopTable::person) sites_ = OmopSites::beside(path);
}

std::string_view OmopReader::field(Role role) const noexcept {
    const std::size_t column = columns_[static_cast<std::size_t>(role)];
    return column == absent_column ? std::string_view{} : trimmed(reader_[column]);
}

bool OmopReader::next() {
    if (!reader_.next()) return false;
    reject_ = reader_.defect() == RowDefect::none ? parse() : static_cast<Reject>(reader_.defect());
    return true;
}

Reject OmopReader::parse() {
    row_ = {};
    row_.kind = record_kind(table_);
    row_.event = kind_;
    bad_column_ = Role::person;
    if (const Reject bad = parse_key(); bad != Reject::none) return bad;
    row_.record = field(Role::record);
    if (table_ == OmopTable::visit_detail && !row_.record.empty()) { // not the number of a visit
        record_ = "detail ";
        row_.record = record_ += row_.record;
    }
    if (has_events(table_)) {
        if (const Reject bad = parse_start(); bad != Reject::none) return bad;
        if (const Reject bad = parse_end(); bad != Reject::none) return bad;
        return parse_event();
    }
    switch (table_) {
    case OmopTable::person:
        return parse_person();
    case OmopTable::link:
        return parse_link();
    case OmopTable::observation_period:
        if (const Reject bad = parse_start(); bad != Reject::none) return bad;
        return parse_end();
    default:
        return Reject::passed_over;
    }
}

/// The person of the row. A link may name a person of another source, whose identifiers are texts.
Reject OmopReader::parse_key() {
    row_.person = field(Role::person);
    if (is_plain_id(row_.person)) return Reject::none;
    const auto id = parse_integer(row_.person);
    if (!id) {
        const bool fine = table_ == OmopTable::link && !row_.person.empty();
        return fine ? Reject::none : Reject::bad_person_id;
    }
    if (row_.person.front() == '0' || row_.person.front() == '+') {
        person_ = text(*id);
        row_.person = person_;
    }
    return Reject::none;
}

Reject OmopReader::parse_link() {
    row_.text = field(Role::source);
    bad_column_ = Role::source;
    return row_.text.empty() || row_.text.size() > 0xFFFF ? Reject::missing_sample_id
                                                          : Reject::none;
}

Reject OmopReader::parse_person() {
    std::uint32_t gender = 0;
    if (!parse_concept(Role::concept_id, gender)) return Reject::bad_number;
    row_.sex = sex_of_concept(gender, field(Role::unit_source));
    row_.text = field(Role::source);
    if (row_.text.size() > 0xFFFF) row_.text = {};
    row_.site = sites_.of(field(Role::site), field(Role::place));
    if (const auto born = parse_date(field(Role::start_time))) {
        row_.day = row_.end = *born;
        return Reject::none;
    }
    std::array<std::int64_t, 3> ymd{
        0, 7, 1}; // a birth without month counts as 1 July, without day as the 15th
    constexpr std::array<Role, 3> roles{Role::start, Role::finish, Role::value};
    for (std::size_t i = 0; i < 3; ++i) {
        const std::string_view written = field(roles[i]);
        bad_column_ = roles[i];
        if (written.empty() && i == 0) return Reject::missing_date;
        if (written.empty()) {
            if (i == 2 && !field(Role::finish).empty()) ymd[2] = 15;
            continue;
        }
        const auto number = parse_integer(written);
        if (!number || *number < 0 || *number > 9999) return Reject::bad_date;
        ymd[i] = *number;
    }
    const auto two = [](std::int64_t n) { return text(n < 10 ? "0" : "", n); };
    const auto born = parse_date(text(ymd[0], "-", two(ymd[1]), "-", two(ymd[2])));
    if (!born) return Reject::bad_date;
    row_.day = row_.end = *born;
    return Reject::none;
}

Reject OmopReader::parse_start() {
    // A date that is required and not written is a defect even where its datetime is there.
    const bool has_date = columns_[static_cast<std::size_t>(Role::start)] != absent_column;
    bad_column_ = has_date ? Role::start : Role::start_time;
    const std::string_view written = field(bad_column_);
    if (written.empty()) return Reject::missing_date;
    const auto day = parse_date(written);
    if (!day) return Reject::bad_date;
    row_.day = row_.end = *day;
    return Reject::none;
}

Reject OmopReader::parse_end() {
    bad_column_ = Role::finish;
    std::string_view written = field(Role::finish);
    if (written.empty() && table_ != OmopTable::observation_period) {
        bad_column_ = Role::finish_time;
        written = field(Role::finish_time);
    }
    if (written.empty()) {
        if (table_ == OmopTable::observation_period) return Reject::missing_date;
        return table_ == OmopTable::drug_exposure ? parse_drug_end() : Reject::none;
    }
    const auto end = parse_date(written);
    if (!end) return Reject::bad_date;
    row_.end = *end;
    return row_.end < row_.day ? Reject::end_before_start : Reject::none;
}

/// Where there is no end: the end as prescribed, else the last day that the supply reaches.
Reject OmopReader::parse_drug_end() {
    bad_column_ = Role::verbatim_end;
    if (const std::string_view written = field(Role::verbatim_end); !written.empty()) {
        const auto end = parse_date(written);
        if (!end) return Reject::bad_date;
        row_.end = *end;
        return row_.end < row_.day ? Reject::end_before_start : Reject::none;
    }
    bad_column_ = Role::days_supply;
    const std::string_view written = field(Role::days_supply);
    if (written.empty()) return Reject::none;
    const auto days = parse_double(written);
    if (!days || !(*days >= 0 && *days <= most_days_supply)) return Reject::bad_number;
    row_.end = row_.day + std::max(0, static_cast<Day>(std::ceil(*days)) - 1);
    return Reject::none;
}

Reject OmopReader::parse_event() {
    std::uint32_t concept_number = 0, type = 0, status = 0;
    if (!parse_concept(Role::concept_id, concept_number)) return Reject::bad_number;
    if (table_ == OmopTable::measurement || table_ == OmopTable::observation)
        if (const Reject bad = parse_value(); bad != Reject::none) return bad;
    // These two say where a row comes from: what cannot be read there does not spoil it.
    parse_concept(Role::type, type);
    parse_concept(Role::status, status);
    row_.source =
        kind_ == EventKind::visit ? source_of_visit(concept_number) : source_of_type(type);
    if (row_.source == EventSource::unknown) row_.source = source_of_type(type);
    if (kind_ == EventKind::condition && is_primary(status, type)) row_.flags = primary_position;
    row_.visit = field(Role::visit);
    row_.code = code_of(field(Role::source), concept_number);
    if (absent_[row_.code]) row_.flags = static_cast<std::uint8_t>(row_.flags | negated);
    std::uint32_t unit = 0;
    if (!parse_concept(Role::unit_concept, unit)) return Reject::bad_number;
    row_.unit = unit_of(field(Role::unit_source), unit);
    return Reject::none;
}

Reject OmopReader::parse_value() {
    std::uint32_t operator_concept = 0, value_concept = 0;
    if (!parse_concept(Role::comparator, operator_concept) ||
        !parse_concept(Role::value_concept, value_concept))
        return Reject::bad_number;
    row_.comparator = comparator_of_concept(operator_concept);
    if (value_concept != 0) row_.value_code = code_of({}, value_concept);
    const std::string_view written = field(Role::value);
    if (written.empty()) return Reject::none;
    const auto number = parse_double(written);
    bad_column_ = Role::value;
    if (!number || !std::isfinite(*number)) return Reject::bad_number;
    row_.value = *number;
    return Reject::none;
}

/// A concept id; nothing written is 0.
bool OmopReader::parse_concept(Role role, std::uint32_t& out) {
    const std::string_view written = field(role);
    out = 0;
    if (written.empty() || short_number(written, out)) return true;
    bad_column_ = role;
    const auto number = parse_integer(written);
    if (!number || *number < 0 || *number > std::numeric_limits<std::uint32_t>::max()) return false;
    out = static_cast<std::uint32_t>(*number);
    return true;
}

std::uint32_t OmopReader::code_of(std::string_view written, std::uint32_t concept_number) {
    const auto found = code_index_.add(concept_number, written);
    if (found.fresh) {
        codes_.push_back({event_code(kind_, written, concept_number, system_), concept_number});
        absent_.push_back(is_absent(codes_.back(), written));
    }
    return found.index;
}

std::uint32_t OmopReader::unit_of(std::string_view written, std::uint32_t concept_number) {
    if (units_.empty()) { // unit 0 is "no unit"
        unit_index_.add(0, {});
        units_.emplace_back();
    }
    if (written.empty() && concept_number == 0) return 0;
    const auto found = unit_index_.add(concept_number, written);
    if (found.fresh) units_.push_back(event_unit(written, concept_number));
    return found.index;
}

Problem OmopReader::problem() const {
    if (reader_.defect() != RowDefect::none) return reader_.problem();
    const std::string_view column = layout_of(table_)[bad_column_];
    return {
        .what = text("bad row: ", to_string(reject_)),
        .where = reader_.where(column),
        .why = std::string(rule_of(reject_)),
        .help =
            "mend the row, or set on_bad_record = \"skip\" to leave such rows out and count them"};
}

} // namespace salus
