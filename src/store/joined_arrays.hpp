#pragma once

#include "store/parts.hpp"

#include <string_view>

namespace salus {

/// Writes the arrays `from` of all parts, of one type and row length, one behind the other to `out`
/// as one array; chunks are copied as they are stored. Every part but the last holds whole chunks
/// of the joined array: 65,536 / (length of a row) rows, at least one.
void join_arrays(H5File& out, std::string_view name, const Parts& parts, std::string_view from);

} // namespace salus
