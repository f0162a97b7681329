#pragma once

#include "genotype/genotype_source.hpp"
#include "parallel/communicator.hpp"
#include "stages/loci/loci.hpp"
#include "store/h5.hpp"
#include "store/parts.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace salus::loci {

/// A trait of the association result as its summary tells it.
struct TestedTrait {
    std::string name, kind;
    std::uint64_t n = 0;
    bool transformed = false; // by rank_inverse_normal
    std::string skipped;      // why it has no loci; empty if it is looked at
};
/// The traits that the parameters choose, all if they name none. UsageError for unknown names.
std::vector<TestedTrait> tested_traits(const H5File& association, const LociParams& params);

/// Significant variants of a trait so near to each other that their windows touch.
struct Cluster {
    std::size_t trait = 0; // of the tested ones
    std::string chromosome;
    std::uint64_t first_row = 0, last_row = 0;
    std::uint32_t first_position = 0, last_position = 0;
};

/// The half width of windows: clumps and loci of different clusters never meet.
std::uint32_t reach_of(const LociParams& params);

/// (all ranks) Reads the tests of all traits once, in units of rows; keeps what passes p_max.
/// Ordered by trait and row. Memory: 8 B x 2^20 rows and the clusters.
std::vector<Cluster> find_clusters(const H5File& association,
                                   const std::vector<TestedTrait>& traits, const LociParams& params,
                                   RunContext& context);

/// For a plan: most tested variants of a trait within reach of a cluster, which is where its loci
/// are. Reads the tests of all traits; nothing if there are more than 3 x 10^8 of them.
std::optional<std::uint64_t> largest_region(const H5File& association,
                                            const std::vector<TestedTrait>& traits,
                                            const LociParams& params);

} // namespace salus::loci
