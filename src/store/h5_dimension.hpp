#pragma once

#include "store/h5_file.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace salus::h5 {

/// An unallocated dataset that only names a dimension, as netCDF-4 does for dimensions without
/// values.
DatasetId make_dimension(const H5File::State& file, std::string_view path, std::uint64_t rows);

/// Says that the first dimension of each of the one-dimensional `columns` is `scale`, as
/// H5DSattach_scale does for one of them, once for a scale. That function writes and searches the
/// list of all columns for each column, which takes the square of their number.
void attach_dimension(const H5File::State& file, const DatasetId& scale,
                      std::span<const DatasetId> columns);

} // namespace salus::h5
