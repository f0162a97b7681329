#pragma once

#include "parallel/communicator.hpp"
#include "stages/quality/cohort.hpp"
#include "store/parts.hpp"

#include <cstdint>
#include <vector>

namespace salus {

/// Variants judged and in error of every trio.
struct TrioCounts {
    std::vector<std::uint32_t> judged, errors;    // [trio]
    double rate(std::size_t trio) const noexcept; // NaN if nothing could be judged
};
/// (all) Sum over all parts; integers, so the same on any number of ranks.
TrioCounts sum_trio_counts(const Communicator& comm, const Parts& parts, std::size_t trios);

TableData trios_table(const SampleTable& samples, const QualityCohort& cohort,
                      const TrioCounts& counts);
/// Means over the samples of every batch and ancestry group. `samples`: the finished table.
TableData sets_table(const QualityCohort& cohort, const TableData& samples);

} // namespace salus
