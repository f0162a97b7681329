#pragma once

#include "formats/sample_labels.hpp"
#include "stages/kinship/pairs.hpp"
#include "store/h5.hpp"

#include <span>
#include <string>
#include <vector>

namespace salus::relatedness {

/// Declared parents and children, full and half siblings beside what was found, and pairs of first
/// degree or closer that are declared nothing. Rows sorted by sample.
/// \param parents  [sample]; empty: no rows.
/// \param members  [sample] nonzero: was compared.
TableData check_pedigree(std::span<const DeclaredParents> parents,
                         std::span<const std::uint8_t> members, std::span<const PairFact> pairs,
                         std::span<const std::string> ids);

} // namespace salus::relatedness
