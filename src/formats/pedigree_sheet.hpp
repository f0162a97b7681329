#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace salus {

/// Parents that a sample sheet declares for a sample, by index; no_parent where it names none or
/// one without a genome.
inline constexpr std::uint32_t no_parent = 0xFFFFFFFF;
struct DeclaredParents {
    std::uint32_t father = no_parent, mother = no_parent;
    friend bool operator==(const DeclaredParents&, const DeclaredParents&) = default;
};

/// Reads columns sample_id, father_id and mother_id (empty, 0 or NA: unknown) of a sample sheet.
/// \param samples  identifiers of the genotypes; lines of other samples are passed over.
/// \return [sample]; empty if the sheet has neither column. DataError with the line for a sample
/// that is its own parent. Memory O(samples).
std::vector<DeclaredParents> read_pedigree(const std::filesystem::path& path,
                                           std::span<const std::string> samples);

} // namespace salus
