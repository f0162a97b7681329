#include "formats/omop.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace salus {
namespace {

constexpr std::size_t npos = std::numeric_limits<std::size_t>::max();

/// What a column means; the place in OmopReader::columns_.
enum Role : std::size_t {
    person,
    start,
    finish,
    concept_id,
    source,
    value,
    unit_concept,
    unit_source,
    comparator,
    extra
};
constexpr std::size_t role_count = 10;

/// Columns of a table by role, "" where it has none. Those of `required` roles must be in the file.
struct Layout {
    std::string_view name;
    std::array<std::string_view, role_count> columns;
    std::array<bool, role_count> required;
};

// For the person table: start = year, finish = month, source = person_source_value, value = day,
// unit_source = gender_source_value, concept = gender, extra = birth_datetime.
constexpr std::array<Layout, omop_table_count> layouts{{
    {"person",
     {"person_id", "year_of_birth", "month_of_birth", "gender_concept_id", "person_source_value",
      "day_of_birth", "", "gender_source_value", "", "birth_datetime"},
     {true, true, false, true}},
    {"observation_period",
     {"person_id", "observation_period_start_date", "observation_period_end_date"},
     {true, true, true}},
    {"condition_occurrence",
     {"person_id", "condition_start_date", "condition_end_date", "condition_concept_id",
      "condition_source_value"},
     {true, true, false, true}},
    {"measurement",
     {"person_id", "measurement_date", "", "measurement_concept_id", "measurement_source_value",
      "value_as_number", "unit_concept_id", "unit_source_value", "operator_concept_id"},
     {true, true, false, true, false, true}},
    {"drug_exposure",
     {"person_id", "drug_exposure_start_date", "drug_exposure_end_date", "drug_concept_id",
      "drug_source_value"},
     {true, true, false, true}},
    {"procedure_occurrence",
     {"person_id", "procedure_date", "procedure_end_date", "procedure_concept_id",
      "procedure_source_value"},
     {true, true, false, true}},
    {"observation",
     {"person_id", "observation_date", "", "observation_concept_id", "observation_source_value",
      "value_as_number", "unit_concept_id", "unit_source_value"},
     {true, true, false, true}},
    {"death",
     {"person_id", "death_date", "", "cause_concept_id", "cause_source_value"},
     {true, true}},
    {"link", {"person_id", "", "", "", "sample_id"}, {true, false, false, false, true}},
}};

const Layout& layout_of(OmopTable table) noexcept {
    return layouts[static_cast<std::size_t>(table)];
}

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

Comparator comparator_of(std::uint32_t concept_number) noexcept {
    switch (concept_number) {
    case 4171756:
        return Comparator::less;
    case 4171754:
        return Comparator::at_most;
    case 4171755:
        return Comparator::at_least;
    case 4172704:
        return Comparator::greater;
    default:
        return Comparator::equal;
    }
}

/// As in RecordRow::sex.
std::uint8_t sex_of(std::uint32_t gender_concept, std::string_view gender) {
    constexpr std::uint8_t unknown = 0, male = 1, female = 2;
    if (gender_concept == 8507) return male;
    if (gender_concept == 8532) return female;
    const std::string written = lower(trim(gender));
    if (written == "m" || written == "male") return male;
    if (written == "f" || written == "female") return female;
    return unknown;
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

std::string table_of_file(const std::filesystem::path& path) {
    std::string name = lower(path.filename().string());
    if (name.ends_with(".gz")) name.resize(name.size() - 3);
    if (!name.ends_with(".csv")) return {};
    name.resize(name.size() - 4);
    return name;
}

} // namespace

std::string_view to_string(OmopTable table) noexcept { return layout_of(table).name; }

std::string_view to_string(Reject reason) noexcept {
    constexpr std::array<std::string_view, reject_count> names{"none",
                                                               "field_count",
                                                               "not_utf8",
                                                               "quoting",
                                                               "bad_person_id",
                                                               "missing_date",
                                                               "bad_date",
                                                               "bad_number",
                                                               "end_before_start",
                                                               "missing_sample_id",
                                                               "duplicate_person",
                                                               "unknown_person",
                                                               "duplicate_link"};
    return names[static_cast<std::size_t>(reason)];
}

std::string_view rule_of(Reject reason) noexcept {
    constexpr std::array<std::string_view, reject_count> rules{
        "",
        "every row has as many fields as the header",
        "text files are read as UTF-8",
        "quotes follow RFC 4180",
        "person_id is a whole number",
        "this date must be given",
        "dates are written YYYY-MM-DD and are days of the calendar",
        "this column holds a number or nothing",
        "nothing ends before it starts",
        "every row of the link table names a sample",
        "every person has one row in the person table",
        "every row belongs to a person of the person table",
        "a person has at most one sample"};
    return rules[static_cast<std::size_t>(reason)];
}

EventKind kind_of(OmopTable table) noexcept {
    switch (table) {
    case OmopTable::measurement:
        return EventKind::measurement;
    case OmopTable::drug_exposure:
        return EventKind::drug;
    case OmopTable::procedure_occurrence:
        return EventKind::procedure;
    case OmopTable::observation:
        return EventKind::observation;
    case OmopTable::death:
        return EventKind::death;
    default:
        return EventKind::condition;
    }
}

OmopFiles find_omop_files(const std::filesystem::path& folder) {
    std::error_code code;
    std::filesystem::directory_iterator entries(folder, code);
    if (code)
        throw DataError({.what = "cannot read the folder of OMOP tables",
                         .where = folder.string(),
                         .why = code.message(),
                         .help = "give the folder that holds person.csv"});
    OmopFiles files;
    bool events = false;
    for (const auto& entry : entries) {
        const std::string name = table_of_file(entry.path());
        for (std::size_t t = 0; t + 1 < omop_table_count; ++t) {
            if (name != layouts[t].name) continue;
            const auto table = static_cast<OmopTable>(t);
            if (!files.paths.emplace(table, entry.path()).second)
                throw DataError({.what = text("table ", name, " is there twice"),
                                 .where = folder.string(),
                                 .why = "one file holds a table",
                                 .help = "remove all but one"});
            events = events || has_events(table);
        }
    }
    if (!files.paths.contains(OmopTable::person) || !events)
        throw DataError(
            {.what = events ? "there is no person.csv" : "there is no table of events",
             .where = folder.string(),
             .why = "health records need person and at least one of condition_occurrence, "
                    "measurement, "
                    "drug_exposure, procedure_occurrence, observation, death (.csv or .csv.gz)",
             .help = "give the folder of OMOP CDM 5.4 CSV files"});
    return files;
}

std::vector<Problem> check_omop_header(OmopTable table, const std::filesystem::path& path) {
    std::vector<std::string> wanted;
    const Layout& layout = layout_of(table);
    for (std::size_t role = 0; role < role_count; ++role)
        if (layout.required[role]) wanted.emplace_back(layout.columns[role]);
    return read_delimited_header(path).missing(wanted);
}

OmopReader::OmopReader(OmopTable table, const std::filesystem::path& path, ByteRange range,
                       const CodeSystems& systems)
    : table_(table), reader_(path, range), kind_(kind_of(table)),
      system_(system_for(kind_, systems)) {
    const Layout& layout = layout_of(table);
    std::vector<std::string> wanted;
    for (std::size_t role = 0; role < role_count; ++role) {
        const auto found = layout.columns[role].empty()
                               ? std::nullopt
                               : reader_.header().find(layout.columns[role]);
        columns_[role] = found.value_or(npos);
        if (layout.required[role]) wanted.emplace_back(layout.columns[role]);
    }
    if (auto problems = reader_.header().missing(wanted); !problems.empty())
        throw DataError(std::move(problems));
}

std::string_view OmopReader::field(std::size_t role) const noexcept {
    return columns_[role] == npos ? std::string_view{} : reader_[columns_[role]];
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
    bad_column_ = person;
    if (const Reject bad = parse_key(); bad != Reject::none) return bad;
    if (table_ == OmopTable::person) return parse_person();
    if (table_ == OmopTable::link) {
        row_.text = trim(field(source));
        bad_column_ = source;
        return row_.text.empty() || row_.text.size() > 0xFFFF ? Reject::missing_sample_id
                                                              : Reject::none;
    }
    if (const Reject bad = parse_dates(); bad != Reject::none) return bad;
    return has_events(table_) ? parse_event() : Reject::none;
}

/// The person of the row. A link may name a person of another source, whose identifiers are texts.
Reject OmopReader::parse_key() {
    row_.person = trim(field(person));
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

Reject OmopReader::parse_person() {
    std::uint32_t gender = 0;
    if (!parse_concept(concept_id, gender)) return Reject::bad_number;
    row_.sex = sex_of(gender, field(unit_source));
    row_.text = trim(field(source));
    if (row_.text.size() > 0xFFFF) row_.text = {};
    if (const auto born = parse_date(trim(field(extra)))) {
        row_.day = row_.end = *born;
        return Reject::none;
    }
    std::array<std::int64_t, 3> ymd{
        0, 7, 1}; // a birth without month counts as 1 July, without day as the 15th
    constexpr std::array<std::size_t, 3> roles{start, finish, value};
    for (std::size_t i = 0; i < 3; ++i) {
        const std::string_view written = trim(field(roles[i]));
        bad_column_ = roles[i];
        if (written.empty() && i == 0) return Reject::missing_date;
        if (written.empty()) {
            if (i == 2 && !trim(field(finish)).empty()) ymd[2] = 15;
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

Reject OmopReader::parse_dates() {
    bad_column_ = start;
    const std::string_view first = trim(field(start));
    if (first.empty()) return Reject::missing_date;
    const auto day = parse_date(first);
    if (!day) return Reject::bad_date;
    row_.day = row_.end = *day;
    const std::string_view last = trim(field(finish));
    bad_column_ = finish;
    if (last.empty())
        return table_ == OmopTable::observation_period ? Reject::missing_date : Reject::none;
    const auto end = parse_date(last);
    if (!end) return Reject::bad_date;
    row_.end = *end;
    return row_.end < row_.day ? Reject::end_before_start : Reject::none;
}

Reject OmopReader::parse_event() {
    std::uint32_t concept_number = 0, unit_number = 0, operator_number = 0;
    if (!parse_concept(concept_id, concept_number) || !parse_concept(unit_concept, unit_number) ||
        !parse_concept(comparator, operator_number))
        return Reject::bad_number;
    if (const std::string_view written = trim(field(value)); !written.empty()) {
        const auto number = parse_double(written);
        bad_column_ = value;
        if (!number || !std::isfinite(*number)) return Reject::bad_number;
        row_.value = *number;
    }
    row_.comparator = static_cast<std::uint8_t>(comparator_of(operator_number));
    row_.code = code_of(field(source), concept_number);
    row_.unit = unit_of(field(unit_source), unit_number);
    return Reject::none;
}

/// A concept id; nothing written is 0.
bool OmopReader::parse_concept(std::size_t role, std::uint32_t& out) {
    const std::string_view written = trim(field(role));
    out = 0;
    if (written.empty()) return true;
    const auto number = parse_integer(written);
    bad_column_ = role;
    if (!number || *number < 0 || *number > std::numeric_limits<std::uint32_t>::max()) return false;
    out = static_cast<std::uint32_t>(*number);
    return true;
}

std::uint32_t OmopReader::code_of(std::string_view written, std::uint32_t concept_number) {
    key_.assign(reinterpret_cast<const char*>(&concept_number), sizeof concept_number);
    key_ += written;
    const auto [place, fresh] =
        code_index_.try_emplace(key_, static_cast<std::uint32_t>(codes_.size()));
    if (fresh)
        codes_.push_back({event_code(kind_, written, concept_number, system_), concept_number});
    return place->second;
}

std::uint32_t OmopReader::unit_of(std::string_view written, std::uint32_t concept_number) {
    if (written.empty() && concept_number == 0 && !units_.empty()) return 0;
    if (units_.empty()) units_.emplace_back(); // unit 0 is "no unit"
    if (written.empty() && concept_number == 0) return 0;
    key_.assign(reinterpret_cast<const char*>(&concept_number), sizeof concept_number);
    key_ += written;
    const auto [place, fresh] =
        unit_index_.try_emplace(key_, static_cast<std::uint32_t>(units_.size()));
    if (fresh) units_.push_back(event_unit(written, concept_number));
    return place->second;
}

Problem OmopReader::problem() const {
    if (reader_.defect() != RowDefect::none) return reader_.problem();
    const std::string_view column = layout_of(table_).columns[bad_column_];
    return {
        .what = text("bad row: ", to_string(reject_)),
        .where = reader_.where(column),
        .why = std::string(rule_of(reject_)),
        .help =
            "mend the row, or set on_bad_record = \"skip\" to leave such rows out and count them"};
}

} // namespace salus
