#pragma once

#include "stages/score/matching.hpp"

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace salus::score {

/// ALT frequencies of the used variants from a table of text: of plink2 --freq (ID, REF, ALT,
/// ALT_FREQS), or with columns of these meanings. Variants are found as entries of scores are.
/// \return [used variant]. DataError if the table has not all of them.
std::vector<double> read_frequencies(const std::filesystem::path& path, std::span<const Site> sites,
                                     std::span<const UsedRow> used);

} // namespace salus::score
