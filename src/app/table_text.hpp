#pragma once

#include "store/h5.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace salus {

/// Value of a cell as text: shortest form that reads back, NaN as NA, text as it is.
std::string cell_text(const ColumnData& column, std::size_t row);

/// Rows as a data frame: right-aligned numbers, left-aligned text, several blocks of columns where
/// they do not fit into `width` characters; `first` is the index of the first row.
std::string data_frame(const TableData& rows, std::uint64_t first, std::size_t width);

} // namespace salus
