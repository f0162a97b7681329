#pragma once

#include "formats/delimited.hpp"
#include "stages/phenotypes/cohort.hpp"
#include "stages/phenotypes/phenotypes.hpp"
#include "stages/phenotypes/sample_rows.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace salus::phenotypes {

/// A time-to-event trait of a trait table: places in TableLayout::columns.
struct TableTime {
    std::string name;
    std::size_t event = 0, time = 0;
    std::optional<std::size_t> entry;
};

/// Which columns of a trait table are read: traits, then covariates, then events and times.
struct TableLayout {
    std::filesystem::path path;
    std::size_t id_column = 0;
    std::vector<std::size_t> columns;
    std::vector<std::string> names; // same length as columns
    std::size_t traits = 0;         // the first so many are traits
    std::size_t covariates = 0;     // the next so many are covariates
    std::vector<TableTime> times;   // time-to-event traits
    bool minus_9_missing = false;   // as PLINK writes it
};

/// Finds the sample column (sample_id, or IID and #IID as PLINK writes it) and the columns asked
/// for. Problems: no sample column, an unknown or unusable name, a column asked for as trait and as
/// covariate.
TableLayout trait_table_layout(const std::filesystem::path& path, const PhenotypesParams& params,
                               std::vector<Problem>& problems);

/// What the values of a column have been, over any rows of the table.
struct ColumnFacts {
    std::uint8_t other_than_01 = 0;    // a value that is neither 0 nor 1
    std::uint8_t other_than_plink = 0; // a value that is none of 0, 1, 2, -9
    std::uint64_t values = 0;
};

/// A value that stands for nothing: empty, NA, NaN or `.`, in any case.
bool is_missing(std::string_view text) noexcept;

/// One byte range of the table: its rows by sample, what its columns hold, and how many rows have
/// no sample in the genotypes. DataError with line and column for text that is not a number, and
/// for times at risk that are not positive or end before they begin.
void read_trait_table(const TableLayout& layout, ByteRange range, const Cohort& cohort,
                      PartWriter& part);

struct TableFacts {
    std::vector<ColumnFacts> columns;
    std::uint64_t rows = 0, unknown_samples = 0;
};
/// Facts of all ranges together; checks their seams.
TableFacts merge_trait_table(const TableLayout& layout, const Parts& parts);

enum class Coding : std::uint8_t {
    plain,
    binary_01,
    binary_12,
    plain_without_minus_9,
    ordinal,
    ordinal_without_minus_9,
};
/// How each column is coded. DataError if a column that is declared binary, or is an event, holds
/// other values.
std::vector<Coding> codings(const TableLayout& layout, const TableFacts& facts,
                            const PhenotypesParams& params);
/// The value under its coding; NaN = missing.
double decoded(double value, Coding coding) noexcept;

} // namespace salus::phenotypes
