#pragma once

#include "run/context.hpp"
#include "stages/association/phenotypes.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace salus::association {

/// The first word of each line of a file that is not empty. DataError if there is none.
std::vector<std::string> read_names(const std::filesystem::path& path);

/// (all) Makes the variants of parameter condition_on and of input condition_list covariates under
/// their names; people whose genotype is missing get the mean in each trait's samples.
/// UsageError for names that are unknown, ambiguous, given twice or those of covariates.
void add_condition(const AssociationParams& params, const RunContext& context,
                   const GenotypeSource& genotypes, Phenotypes& phenotypes);

} // namespace salus::association
