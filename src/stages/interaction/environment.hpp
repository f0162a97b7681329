#pragma once

#include "stages/association/phenotypes.hpp"
#include "stages/interaction/interaction.hpp"

#include <filesystem>
#include <vector>

namespace salus::interaction {

/// UsageError unless the job names an environment in exactly one way.
void check_environment(const InteractionParams& params);

/// Traits and covariates that the parameters choose, as the stage association does it, without the
/// column that is the environment. Adds a problem for each wrong name.
association::Choice choose_with(const H5File& file, const InteractionParams& params,
                                std::vector<Problem>& problems);

/// Reads them. A column that is the environment becomes the last covariate.
association::Phenotypes read_phenotypes_with(const InteractionParams& params,
                                             const std::filesystem::path& path,
                                             const SampleTable& samples);

} // namespace salus::interaction
