#pragma once

#include "parallel/communicator.hpp"
#include "store/parts.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace salus::association {

/// Median of a column of non-negative doubles over all parts, NaN left out, and how many there are.
struct ColumnMedian {
    std::uint64_t count = 0;
    std::optional<double> lower, upper; // the two middle values; equal if the count is odd
};

/// (all ranks) Exact, in bounded memory: every rank counts the values of its share of the parts in
/// 65,536 bins of 16 leading bits of the (monotone) bit pattern, the counts are added, and the bin
/// with the middle is refined: four rounds per middle value. A rank keeps its values if they fit 64
/// MiB, else it reads them in every round: 8 x 8 M / R bytes. The integer counts make it
/// independent of the number of ranks.
ColumnMedian median_of(const Communicator& comm, const Parts& parts, const std::string& column);

} // namespace salus::association
