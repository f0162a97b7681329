#pragma once

#include "genotype/store_writer.hpp"
#include "store/parts.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace salus {

/// Gives the finished parts of a phase that hold variants their names in the folder of a store, as
/// second names of the same files, or as copies where the file system has no hard links.
/// \param variants  [unit] how many it holds.
/// \param origin  what a unit was made of, for messages.
std::vector<StorePart>
place_store_parts(const Parts& parts, std::span<const std::uint64_t> variants,
                  const std::filesystem::path& folder,
                  const std::function<std::string(std::uint64_t unit)>& origin);

} // namespace salus
