#pragma once

#include "health/pseudonym.hpp"
#include "run/context.hpp"
#include "stages/ingest_features/plan.hpp"

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace salus::ingest_features {

/// Why a row is left out; what readers refuse has names of their own.
inline constexpr std::string_view no_person = "no_person", bad_date = "bad_date",
                                  duplicate_person = "duplicate_person",
                                  unknown_person = "unknown_person";

/// Rows that were left out for one reason, and the line of the first of them.
struct Tally {
    std::uint64_t rows = 0, first_line = 0;
    void add(std::uint64_t line) {
        if (rows++ == 0 || line < first_line) first_line = line;
    }
};
using Tallies = std::map<std::string, Tally>;
void write_tallies(PartWriter& part, const Tallies& tallies);
/// Adds what a part counted; its lines are counted from behind line `lines_before`.
void add_tallies(Tallies& to, const H5File& part, std::uint64_t lines_before);

/// Throws if such rows are errors.
void refuse_row(const IngestFeaturesParams& params, std::string_view reason,
                const std::string& where);

/// Phase "rows", one piece of a table: pseudonyms, days and visits of its rows, and its cells
/// column by column, in batches of 64 MiB. Memory: two batches.
void stage_rows(const Plan& plan, std::uint64_t unit, const IngestFeaturesParams& params,
                const Pseudonyms& pseudonyms, PartWriter& part);

/// Phase "persons", one table: its rows by pseudonym, day and visit, without those of unknown
/// persons and the second of two, and where each row of the pieces goes. Memory 60 bytes for each
/// row of the table and each link.
void settle_rows(const Plan& plan, std::uint64_t table, const IngestFeaturesParams& params,
                 const Pseudonyms& pseudonyms, const Parts& rows, PartWriter& part);

/// Where the rows of the pieces of a table go.
struct Places {
    static constexpr std::uint32_t left_out = std::numeric_limits<std::uint32_t>::max();
    std::vector<std::uint32_t> place; // [row of the pieces]
    std::uint64_t rows = 0;           // that are kept
    static Places read_from(const H5File& part);
};

/// Phase "columns": features that follow each other in one table.
struct ColumnUnit {
    std::size_t table = 0;
    std::size_t first = 0, count = 0; // features
    std::size_t of_table = 0;         // place among the units of the table
};
/// About 64 MiB of cells each, and whole chunks of the result. `rows`: of each table.
std::vector<ColumnUnit> column_units(const Plan& plan, const std::vector<std::uint64_t>& rows);
/// Values and reasons of the features of a unit in the order of the rows of the result, and how
/// many cells have each reason. Memory 13 bytes for each cell of the unit.
void gather_columns(const Plan& plan, const ColumnUnit& unit, const Places& places,
                    const Parts& rows, PartWriter& part);
inline constexpr const char* counts_array = "counts"; // [feature, reason]

} // namespace salus::ingest_features
