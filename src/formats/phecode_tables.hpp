#pragma once

#include "health/phecode.hpp"

#include <filesystem>
#include <vector>

namespace salus {

/// Files of phecode tables as the PheWAS catalogue and its R package give them; none is shipped.
struct PhecodeFiles {
    /// Code, phecode and, unless the name of the code column tells it, the system of the code:
    /// `code`, `icd`, `icd9`, `icd10` or `icd10cm`; `phecode`; `vocabulary_id`, `vocabulary` or
    /// `flag` (9 = ICD-9-CM, 10 = ICD-10-CM).
    std::vector<std::filesystem::path> map;
    /// `code` and `phecode_unrolled`. Without it, codes count only for what the map says.
    std::vector<std::filesystem::path> rollup;
    /// `code` and `exclusion_criteria`.
    std::vector<std::filesystem::path> exclusions;
    /// `phecode` and any of `description`, `phecode_string`, `phenotype`; `male_only` and
    /// `female_only`; `sex` (Male, Female, Both).
    std::vector<std::filesystem::path> info;
};

/// Reads them all. DataError with file, line and column for what is missing or cannot be read.
PhecodeMap read_phecode_tables(const PhecodeFiles& files,
                               CodeWriting writing = CodeWriting::normalised);
/// Looks at the headers only.
void check_phecode_tables(const PhecodeFiles& files, std::vector<Problem>& problems);

} // namespace salus
