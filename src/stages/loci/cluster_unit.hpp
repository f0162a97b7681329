#pragma once

#include "genotype/genotype_source.hpp"
#include "models/susie.hpp"
#include "stages/loci/clusters.hpp"
#include "stages/loci/region.hpp"
#include "stages/loci/signals.hpp"
#include "stages/loci/traits.hpp"
#include "store/parts.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace salus::loci {

/// What the work on all clusters reads.
struct LociInput {
    const GenotypeSource& genotypes;
    const H5File& association;
    const std::vector<TestedTrait>& traits;
    const LociParams& params;
};

/// Credible sets of a locus, or why there are none.
struct FineMapping {
    StepStatus status = StepStatus::done;
    SusieFit fit;
};
/// Quantitative traits: least squares on genotypes and trait without covariates. Binary: score
/// statistics and the correlations they have under the null model.
/// Memory: 8 B x m^2. O(N m^2 + iterations x effects x m^2).
FineMapping fine_map(const LocusVariants& variants, const Stepwise& stepwise,
                     const ConditionalTrait& trait, const LociParams& params);

/// The loci of one trait in one cluster: clumps, signals, credible sets; tables of a part.
void write_cluster(const LociInput& input, const Cluster& cluster, const LocusTrait& trait,
                   PartWriter& part);

} // namespace salus::loci
