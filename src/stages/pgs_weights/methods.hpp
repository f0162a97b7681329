#pragma once

#include "stages/pgs_weights/sampling.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace salus::pgs_weights {

/// (all) LDpred2-auto: chains that estimate h2 and p themselves; those that diverge, or whose
/// fitted effects have a narrow range, are left out. Memory per rank: 32 B x variants x chains /
/// ranks.
Sampled sample_point_normal(const SamplingInput& input, RunContext& context);

/// (all) PRS-CS with one phi over all blocks: found by the chains, and for each phi of the
/// parameters. Memory per rank: 24 B x variants x chains x (1 + phis) / ranks.
Sampled sample_shrinkage(const SamplingInput& input, RunContext& context);

/// (all) SBayesR on the leading eigenvectors of the LD of each block. Memory per rank: 8 B x rank x
/// variants / ranks, and 32 B x variants x chains / ranks.
Sampled sample_mixture(const SamplingInput& input, RunContext& context);

/// A method of the parameter `methods`. Chains run on all blocks together; the others make their
/// weights block by block (columns_of).
struct Method {
    std::string_view name;
    Sampled (*sample)(const SamplingInput& input, RunContext& context) = nullptr;
};
std::span<const Method> all_methods() noexcept;
std::vector<std::string> method_names();

} // namespace salus::pgs_weights
