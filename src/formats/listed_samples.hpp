#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace salus {

/// Names of a list as marks, one per sample; DataError if none is among the samples.
std::vector<std::uint8_t> listed_samples(const std::filesystem::path& list,
                                         std::span<const std::string> samples);

} // namespace salus
