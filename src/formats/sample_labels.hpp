#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace salus {

/// What a sample sheet says of samples beside their sex; all of one length, "" = not said.
struct SampleLabels {
    std::vector<std::string> id, batch, group, father, mother;
    bool has_batch = false, has_group = false, has_parents = false; // the file has such columns
};

/// Reads the columns sample_id (required), batch, group, father_id and mother_id (or father and
/// mother) of a sample sheet (TSV or CSV with a header, other columns ignored), or individual,
/// father and mother of a PLINK .fam file (by its extension). Parents are sample_ids; empty, 0, .
/// and NA are unknown ones. DataError with the line for
/// a sample without name or listed twice, and for a sample that is its own parent. Memory O(rows).
SampleLabels read_sample_labels(const std::filesystem::path& path);

/// The labels of `ids`, in their order; samples that the sheet does not know have none.
SampleLabels labels_of(const SampleLabels& sheet, const std::vector<std::string>& ids);

/// Parents that are declared for a sample, by index; no_parent where none is, or one without a
/// genome.
inline constexpr std::uint32_t no_parent = 0xFFFFFFFF;
struct DeclaredParents {
    std::uint32_t father = no_parent, mother = no_parent;
    friend bool operator==(const DeclaredParents&, const DeclaredParents&) = default;
};
/// \param labels  of all samples that have a genome, as labels_of gives them.
/// \return [row of labels]; empty if the sheet had no column of parents. O(rows).
std::vector<DeclaredParents> declared_parents(const SampleLabels& labels);

} // namespace salus
