#pragma once

#include "models/screened_path.hpp"
#include "stages/pgs_regression/genotypes.hpp"

#include <span>
#include <vector>

namespace salus::pgs_regression {

/// A path that wants to look at all variants.
struct LookRequest {
    const ScreenedPath* path = nullptr;
    const TraitData* trait = nullptr;
};

/// (all) One pass over the genotypes for all pending residuals of all paths:
/// [request][pending residual], with at most `most` variants each. Memory 12 bytes x samples x
/// residuals, and 8 bytes x variants of a batch x residuals.
std::vector<std::vector<ScreenedPath::Look>> look_at_variants(const RunContext& context,
                                                              const ChosenGenotypes& genotypes,
                                                              std::span<const LookRequest> requests,
                                                              std::size_t most);

} // namespace salus::pgs_regression
