#include "formats/omop_tables.hpp"

#include "base/text.hpp"
#include "formats/delimited.hpp"

#include <algorithm>
#include <initializer_list>
#include <utility>

namespace salus {
namespace {

using Role = OmopRole;

constexpr std::size_t at(Role role) noexcept { return static_cast<std::size_t>(role); }

/// Columns with a ! in front must be in the file.
constexpr OmopLayout make(std::string_view name,
                          std::initializer_list<std::pair<Role, std::string_view>> columns) {
    OmopLayout out{.name = name};
    for (auto [role, column] : columns) {
        out.required[at(role)] = column.front() == '!';
        if (column.front() == '!') column.remove_prefix(1);
        out.columns[at(role)] = column;
    }
    return out;
}

// For the person table: start = year, finish = month, value = day and start_time = instant of
// birth, concept_id and unit_source = gender.
constexpr std::array<OmopLayout, omop_table_count> layouts{{
    make("person", {{Role::person, "!person_id"},
                    {Role::start, "!year_of_birth"},
                    {Role::finish, "month_of_birth"},
                    {Role::value, "day_of_birth"},
                    {Role::start_time, "birth_datetime"},
                    {Role::concept_id, "!gender_concept_id"},
                    {Role::unit_source, "gender_source_value"},
                    {Role::source, "person_source_value"},
                    {Role::site, "care_site_id"},
                    {Role::place, "location_id"}}),
    make("observation_period", {{Role::person, "!person_id"},
                                {Role::start, "!observation_period_start_date"},
                                {Role::finish, "!observation_period_end_date"},
                                {Role::record, "observation_period_id"}}),
    make("condition_occurrence", {{Role::person, "!person_id"},
                                  {Role::start, "!condition_start_date"},
                                  {Role::start_time, "condition_start_datetime"},
                                  {Role::finish, "condition_end_date"},
                                  {Role::finish_time, "condition_end_datetime"},
                                  {Role::concept_id, "!condition_concept_id"},
                                  {Role::source, "condition_source_value"},
                                  {Role::record, "condition_occurrence_id"},
                                  {Role::visit, "visit_occurrence_id"},
                                  {Role::type, "condition_type_concept_id"},
                                  {Role::status, "condition_status_concept_id"}}),
    make("measurement", {{Role::person, "!person_id"},
                         {Role::start, "!measurement_date"},
                         {Role::start_time, "measurement_datetime"},
                         {Role::concept_id, "!measurement_concept_id"},
                         {Role::source, "measurement_source_value"},
                         {Role::value, "!value_as_number"},
                         {Role::value_concept, "value_as_concept_id"},
                         {Role::unit_concept, "unit_concept_id"},
                         {Role::unit_source, "unit_source_value"},
                         {Role::comparator, "operator_concept_id"},
                         {Role::record, "measurement_id"},
                         {Role::visit, "visit_occurrence_id"},
                         {Role::type, "measurement_type_concept_id"}}),
    make("drug_exposure", {{Role::person, "!person_id"},
                           {Role::start, "!drug_exposure_start_date"},
                           {Role::start_time, "drug_exposure_start_datetime"},
                           {Role::finish, "drug_exposure_end_date"},
                           {Role::finish_time, "drug_exposure_end_datetime"},
                           {Role::verbatim_end, "verbatim_end_date"},
                           {Role::days_supply, "days_supply"},
                           {Role::concept_id, "!drug_concept_id"},
                           {Role::source, "drug_source_value"},
                           {Role::record, "drug_exposure_id"},
                           {Role::visit, "visit_occurrence_id"},
                           {Role::type, "drug_type_concept_id"}}),
    make("procedure_occurrence", {{Role::person, "!person_id"},
                                  {Role::start, "!procedure_date"},
                                  {Role::start_time, "procedure_datetime"},
                                  {Role::finish, "procedure_end_date"},
                                  {Role::finish_time, "procedure_end_datetime"},
                                  {Role::concept_id, "!procedure_concept_id"},
                                  {Role::source, "procedure_source_value"},
                                  {Role::record, "procedure_occurrence_id"},
                                  {Role::visit, "visit_occurrence_id"},
                                  {Role::type, "procedure_type_concept_id"}}),
    make("observation", {{Role::person, "!person_id"},
                         {Role::start, "!observation_date"},
                         {Role::start_time, "observation_datetime"},
                         {Role::concept_id, "!observation_concept_id"},
                         {Role::source, "observation_source_value"},
                         {Role::value, "value_as_number"},
                         {Role::value_concept, "value_as_concept_id"},
                         {Role::unit_concept, "unit_concept_id"},
                         {Role::unit_source, "unit_source_value"},
                         {Role::record, "observation_id"},
                         {Role::visit, "visit_occurrence_id"},
                         {Role::type, "observation_type_concept_id"}}),
    make("death", {{Role::person, "!person_id"},
                   {Role::start, "!death_date"},
                   {Role::start_time, "death_datetime"},
                   {Role::concept_id, "cause_concept_id"},
                   {Role::source, "cause_source_value"},
                   {Role::type, "death_type_concept_id"}}),
    make("device_exposure", {{Role::person, "!person_id"},
                             {Role::start, "!device_exposure_start_date"},
                             {Role::start_time, "device_exposure_start_datetime"},
                             {Role::finish, "device_exposure_end_date"},
                             {Role::finish_time, "device_exposure_end_datetime"},
                             {Role::concept_id, "!device_concept_id"},
                             {Role::source, "device_source_value"},
                             {Role::record, "device_exposure_id"},
                             {Role::visit, "visit_occurrence_id"},
                             {Role::type, "device_type_concept_id"}}),
    // Source values of visits name single visits in many databases, so they are no codes.
    make("visit_occurrence", {{Role::person, "!person_id"},
                              {Role::start, "!visit_start_date"},
                              {Role::start_time, "visit_start_datetime"},
                              {Role::finish, "visit_end_date"},
                              {Role::finish_time, "visit_end_datetime"},
                              {Role::concept_id, "!visit_concept_id"},
                              {Role::record, "visit_occurrence_id"},
                              {Role::visit, "visit_occurrence_id"},
                              {Role::type, "visit_type_concept_id"}}),
    make("visit_detail", {{Role::person, "!person_id"},
                          {Role::start, "!visit_detail_start_date"},
                          {Role::start_time, "visit_detail_start_datetime"},
                          {Role::finish, "visit_detail_end_date"},
                          {Role::finish_time, "visit_detail_end_datetime"},
                          {Role::concept_id, "!visit_detail_concept_id"},
                          {Role::record, "visit_detail_id"},
                          {Role::visit, "visit_occurrence_id"},
                          {Role::type, "visit_detail_type_concept_id"}}),
    make("specimen", {{Role::person, "!person_id"}}),
    make("note", {{Role::person, "!person_id"}}),
    make("link", {{Role::person, "!person_id"}, {Role::source, "!sample_id"}}),
}};

constexpr std::array<std::string_view, 9> other_tables{
    "condition_era", "cost",     "dose_era", "drug_era",         "episode",
    "episode_event", "note_nlp", "provider", "payer_plan_period"};

/// Tables beside the records: of sites, of the source, of the vocabulary, of studies.
constexpr std::array<std::string_view, 17> side_tables{
    "care_site",       "cdm_source",       "cohort",        "cohort_definition",
    "concept",         "concept_ancestor", "concept_class", "concept_relationship",
    "concept_synonym", "domain",           "drug_strength", "fact_relationship",
    "location",        "metadata",         "relationship",  "source_to_concept_map",
    "vocabulary"};

/// A column that takes the place of a missing one.
std::string_view instead_of(const OmopLayout& layout, std::size_t role) noexcept {
    if (role == at(Role::start)) return layout[Role::start_time];
    if (role == at(Role::finish)) return layout[Role::finish_time];
    return {};
}

} // namespace

const OmopLayout& layout_of(OmopTable table) noexcept {
    return layouts[static_cast<std::size_t>(table)];
}

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
                                                               "duplicate_link",
                                                               "passed_over"};
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
        "a person has at most one sample",
        "specimens and notes are not events"};
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
    case OmopTable::device_exposure:
        return EventKind::device;
    case OmopTable::visit_occurrence:
    case OmopTable::visit_detail:
        return EventKind::visit;
    default:
        return EventKind::condition;
    }
}

std::string omop_table_name(const std::filesystem::path& path) {
    std::string name = lower(path.filename().string());
    for (const std::string_view packed : {".gz", ".zst"})
        if (name.ends_with(packed)) {
            name.resize(name.size() - packed.size());
            break;
        }
    for (const std::string_view kind : {".csv", ".tsv"})
        if (name.ends_with(kind)) return name.substr(0, name.size() - kind.size());
    return {};
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
    const auto is_one_of = [](const auto& names, std::string_view name) {
        return std::find(names.begin(), names.end(), name) != names.end();
    };
    for (const auto& entry : entries) {
        const std::string name = omop_table_name(entry.path());
        if (name.empty()) continue;
        const bool read =
            std::any_of(layouts.begin(), layouts.end() - 1,
                        [&](const OmopLayout& layout) { return layout.name == name; });
        if (is_one_of(other_tables, name))
            files.passed_over.push_back(entry.path());
        else if (!read && !is_one_of(side_tables, name))
            files.unknown.push_back(entry.path());
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
    std::sort(files.passed_over.begin(), files.passed_over.end());
    std::sort(files.unknown.begin(), files.unknown.end());
    if (!files.paths.contains(OmopTable::person) || !events)
        throw DataError(
            {.what = events ? "there is no person.csv" : "there is no table of events",
             .where = folder.string(),
             .why = "health records need person and at least one of condition_occurrence, "
                    "measurement, drug_exposure, procedure_occurrence, observation, death, "
                    "device_exposure, visit_occurrence, visit_detail (.csv, .csv.gz or .csv.zst)",
             .help = "give the folder of OMOP CDM 5.4 CSV files"});
    return files;
}

std::vector<Problem> check_omop_header(OmopTable table, const std::filesystem::path& path) {
    const DelimitedHeader header = read_delimited_header(path);
    std::vector<std::string> wanted;
    const OmopLayout& layout = layout_of(table);
    for (std::size_t role = 0; role < omop_role_count; ++role) {
        const std::string_view other = instead_of(layout, role);
        if (!layout.required[role]) continue;
        if (table != OmopTable::person && !other.empty() && header.find(other)) continue;
        wanted.emplace_back(layout.columns[role]);
    }
    return header.missing(wanted);
}

} // namespace salus
