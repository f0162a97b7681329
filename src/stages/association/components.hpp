#pragma once

#include "stages/association/phenotypes.hpp"

#include <cstddef>
#include <filesystem>

namespace salus::association {

/// Adds the leading components of a component result to the covariates, as pc1, pc2 ...; at most
/// those that there are. DataError if its samples are not those of the genotypes in the same order,
/// UsageError if a covariate has such a name already.
void add_components(const std::filesystem::path& path, const SampleTable& samples,
                    std::size_t count, Phenotypes& phenotypes);

} // namespace salus::association
