#pragma once

#include "parallel/communicator.hpp"
#include "store/parts.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace salus::association {

/// Median of a column of non-negative doubles over all parts, NaN left out, and how many there are.
struct ColumnMedian {
    std::uint64_t count = 0;
    std::optional<double> lower, upper; // the two middle values; equal if the count is odd
};

/// Columns of the parts of a phase.
struct Columns {
    const Parts& parts;
    std::size_t count = 0;
    std::uint64_t unit_rows = 0; // of the largest unit
    std::function<std::vector<double>(const H5File& part, std::uint64_t unit, std::size_t column)>
        read;
};

/// (all ranks) Exact, in bounded memory, for up to 64 columns at once: every rank counts the values
/// of its share of the parts in 2,048 bins of 11 leading bits of the (monotone) bit pattern, the
/// counts are added, and the bin with the middle is refined: six rounds. A rank keeps its values if
/// they fit 64 MiB, else it reads them in every round: 8 x 8 M / R bytes per column. The integer
/// counts make it independent of the number of ranks.
std::vector<ColumnMedian> medians_of(const Communicator& comm, const Columns& source);
/// The same of one column, a dataset of every part.
ColumnMedian median_of(const Communicator& comm, const Parts& parts, const std::string& column);

} // namespace salus::association
