#pragma once

#include "genotype/genotype_source.hpp"

#include <filesystem>

namespace salus {

/// Samples of a .psam or .fam file: with a header line (#FID IID or #IID, and SEX), or columns as
/// in a .fam file. The name of a sample is its IID. DataError with the line for a malformed file or
/// a name that comes twice.
SampleTable read_psam(const std::filesystem::path& path);

} // namespace salus
