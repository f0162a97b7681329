#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace salus {

/// Places of the keys in ascending order; equal keys keep theirs. Radix sort by 11 bits, passes in
/// which all keys agree left out. O(n), 24 bytes a key; below 2^32 keys.
std::vector<std::uint32_t> radix_order(std::vector<std::uint64_t> keys);

/// The same of numbers (no NaN; -0 equals 0).
std::vector<std::uint32_t> ascending_order(std::span<const double> values);

} // namespace salus
