#pragma once

#include "store/h5.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

/// Families of a kinship result: pairs up to its family_degree, 0 without relatives. DataError if
/// its samples are others than `ids`.
std::vector<std::uint32_t> read_families(const H5File& kinship, std::span<const std::string> ids);

/// The same name for all members of a family, the smallest of their identifiers: what divides
/// people by their names then keeps relatives together. Views of `ids`.
/// \param family  [sample] 0: none; empty: nobody has one.
std::vector<std::string_view> family_names(std::span<const std::string> ids,
                                           std::span<const std::uint32_t> family);

} // namespace salus
