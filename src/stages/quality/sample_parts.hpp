#pragma once

#include "parallel/communicator.hpp"
#include "stages/quality/sample_counters.hpp"
#include "store/parts.hpp"

#include <cstddef>
#include <cstdint>

namespace salus {

/// Writes the sample statistics of a unit into its part: one array of bytes that holds every column
/// in as few bytes per sample as its largest value needs (about 25 bytes per sample in all). \param
/// passed  number of variants of the unit that passed.
void write_sample_counts(PartWriter& part, SampleCounts& counts, std::uint64_t passed);

struct CohortCounts {
    SampleCounts samples;
    std::uint64_t passed = 0;
};
/// (all) Sum over all parts; integers, so the same on any number of ranks.
CohortCounts sum_sample_counts(const Communicator& comm, const Parts& parts, std::size_t samples);

} // namespace salus
