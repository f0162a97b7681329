#pragma once

#include "genotype/genotype_source.hpp"

#include <filesystem>
#include <optional>

namespace salus {

/// The .sample file that belongs to a BGEN file: the same name with .sample instead of .bgen, or
/// behind it.
std::optional<std::filesystem::path> find_sample_file(const std::filesystem::path& bgen);

/// Reads an Oxford .sample file: a line of column names, a line of column types, one line a sample.
/// The name of a sample is ID_2 where there is such a column (as plink2 and regenie take it), else
/// the first column; a column `sex` holds 1 for males and 2 for females. DataError with file and
/// line if it is malformed.
SampleTable read_sample_file(const std::filesystem::path& path);

} // namespace salus
