#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace salus {

/// What a sample sheet says of samples beside their sex; all of one length, "" = not said.
struct SampleLabels {
    std::vector<std::string> id, batch, group, father, mother;
    bool has_batch = false, has_group = false, has_parents = false; // the file has such columns
};

/// Reads the columns sample_id (required), batch, group, father and mother of a sample sheet (TSV
/// or CSV with a header, other columns ignored), or individual, father and mother of a PLINK .fam
/// file (by its extension; 0 = unknown parent). Parents are sample_ids. DataError with the line for
/// a sample without name or listed twice, and for a sample that is its own parent. Memory O(rows).
SampleLabels read_sample_labels(const std::filesystem::path& path);

/// The labels of `ids`, in their order; samples that the sheet does not know have none.
SampleLabels labels_of(const SampleLabels& sheet, const std::vector<std::string>& ids);

} // namespace salus
