#pragma once

#include "store/parts.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace salus {

/// A table as one uncompressed array of bytes, `packed/<name>`, in a part file that only this
/// program reads: a tenth of the time that a dataset per column takes.
/// Layout: rows, then per column the width of its widest text (0: numbers), as u64; then column by
/// column the values, texts as a u16 length each and all their bytes.
void write_packed(PartWriter& part, const TableData& table);
/// DataError if the array is not one that `write_packed` made from a table of this spec.
TableData read_packed(const H5File& part, const TableSpec& spec);

/// Writes the table of a unit: packed, or from a chunk of rows on as a table, whose compressed
/// chunks the assembly only copies.
void write_unit_table(PartWriter& part, const TableData& table);
/// Rows of a table in one chunk, as of every column.
inline constexpr std::uint64_t table_chunk_rows = 65536;
/// What write_unit_table wrote of a table.
struct UnitTableSize {
    std::uint64_t rows = 0;
    std::vector<std::uint64_t> widths; // [column] of its widest text; 0: numbers
};
UnitTableSize unit_table_size(const H5File& part, const TableSpec& spec);
/// Appends rows [from, to) of a table that write_unit_table wrote to `out`, of the same spec.
void append_unit_rows(const H5File& part, std::uint64_t from, std::uint64_t to, TableData& out);
/// Concatenates the tables that write_unit_table wrote, in unit order, to a table of `out`.
void assemble_unit_tables(H5File& out, const TableSpec& spec, const Parts& parts);

} // namespace salus
