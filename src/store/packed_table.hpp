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
/// Concatenates the packed tables of all parts, in unit order, to a table of `out`.
void assemble_packed(H5File& out, const TableSpec& spec, const Parts& parts);

} // namespace salus
