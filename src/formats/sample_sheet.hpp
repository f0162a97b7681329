#pragma once

#include "genotype/genotype_source.hpp"

#include <filesystem>

namespace salus {

/// Reads columns sample_id (required) and sex (1, male, m; 2, female, f; 0, unknown or empty) of a
/// sample sheet: TSV or CSV with a header, other columns ignored. DataError with the line for a
/// sample without name or listed twice, and for any other sex. Memory O(rows).
SampleTable read_sample_sheet(const std::filesystem::path& path);

} // namespace salus
