#pragma once

#include "store/h5.hpp"
#include "store/parts.hpp"

#include <cstdint>

namespace salus::ingest_health {

/// A table of numbers in a part that is read once more and then thrown away. Columns are not
/// compressed, which would cost more than all other work on them, but whole numbers are stored as
/// differences from the least of the column, in as few bytes as the largest difference needs; a
/// column of one value takes none.
void write_raw(PartWriter& part, const TableData& table);
/// Appends rows [begin, end) of a table that write_raw wrote to `out`.
void append_raw(const H5File& part, std::uint64_t begin, std::uint64_t end, TableData& out);

} // namespace salus::ingest_health
