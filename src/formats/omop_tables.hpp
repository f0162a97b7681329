#pragma once

#include "base/error.hpp"
#include "health/record_row.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

/// Tables of the OMOP Common Data Model 5.4 that are read, and the table that links persons to
/// samples. The rows of specimen and note are counted and left out: they hold no code of a person's
/// state.
enum class OmopTable : std::uint8_t {
    person,
    observation_period,
    condition_occurrence,
    measurement,
    drug_exposure,
    procedure_occurrence,
    observation,
    death,
    device_exposure,
    visit_occurrence,
    visit_detail,
    specimen,
    note,
    link,
};
constexpr std::size_t omop_table_count = 14;
std::string_view to_string(OmopTable table) noexcept;
/// Kind of event that the rows of `table` are; condition for tables without events.
EventKind kind_of(OmopTable table) noexcept;
constexpr bool has_events(OmopTable table) noexcept {
    return table >= OmopTable::condition_occurrence && table <= OmopTable::visit_detail;
}

/// Why a row was refused.
enum class Reject : std::uint8_t {
    none,
    field_count,
    not_utf8,
    quoting,
    bad_person_id,
    missing_date,
    bad_date,
    bad_number,
    end_before_start,
    missing_sample_id,
    duplicate_person,
    unknown_person,
    duplicate_link,
    passed_over,
};
constexpr std::size_t reject_count = 14;
std::string_view to_string(Reject reason) noexcept;
/// The rule that such a row breaks, as a sentence.
std::string_view rule_of(Reject reason) noexcept;

/// What a column means.
enum class OmopRole : std::uint8_t {
    person,
    start,
    start_time,
    finish,
    finish_time,
    concept_id,
    source,
    value,
    value_concept,
    unit_concept,
    unit_source,
    comparator,
    record,
    visit,
    type,
    status,
    verbatim_end,
    days_supply,
    site,
    place,
};
constexpr std::size_t omop_role_count = 20;

/// Columns of a table by role, "" where it has none.
struct OmopLayout {
    std::string_view name;
    std::array<std::string_view, omop_role_count> columns{};
    std::array<bool, omop_role_count> required{};

    std::string_view operator[](OmopRole role) const noexcept {
        return columns[static_cast<std::size_t>(role)];
    }
};
const OmopLayout& layout_of(OmopTable table) noexcept;

/// What an OMOP folder holds: path by table. Names are `<table>.csv` in any case, with .gz or .zst
/// behind it where compressed.
struct OmopFiles {
    std::map<OmopTable, std::filesystem::path> paths;
    /// Tables of OMOP that are not read, ascending: eras are made anew from events where they are
    /// wanted; episodes, costs and payers are no events of a person's health.
    std::vector<std::filesystem::path> passed_over;
    /// Tables of text whose names are none of OMOP, ascending: a name may be misspelt.
    std::vector<std::filesystem::path> unknown;
};
/// DataError if the folder cannot be read, has no person table or no table of events, or one table
/// twice.
OmopFiles find_omop_files(const std::filesystem::path& folder);
/// Problems that the header of a table shows: columns that are missing. A date may be missing where
/// its datetime is there.
std::vector<Problem> check_omop_header(OmopTable table, const std::filesystem::path& path);

/// Name of the table in a file name such as Measurement.CSV.gz, in lower case; "" for other files.
std::string omop_table_name(const std::filesystem::path& path);

} // namespace salus
