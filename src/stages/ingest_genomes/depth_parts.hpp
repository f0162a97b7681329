#pragma once

#include "genotype/sample_depths.hpp"
#include "parallel/communicator.hpp"
#include "store/parts.hpp"

#include <cstddef>

namespace salus {

/// Writes the sums of a unit into its part: four arrays of the samples, deflated, in the group
/// `depths`.
void write_unit_depths(PartWriter& part, const SampleDepths& depths);

/// (all) Sum over all parts; integers, so the same on any number of ranks.
SampleDepths sum_unit_depths(const Communicator& comm, const Parts& parts, std::size_t samples);

} // namespace salus
