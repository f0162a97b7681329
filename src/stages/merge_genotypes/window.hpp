#pragma once

#include "stages/merge_genotypes/plan.hpp"

#include <cstdint>
#include <functional>

namespace salus {

/// Whether sites that are not in every store are left out, or filled with missing calls.
enum class MergeSites : std::uint8_t { intersection, all };

/// What happened to variants; all counts can be added up.
struct MergeCounters {
    std::uint64_t variants = 0; // of the result
    std::uint64_t left_out = 0; // not in all stores
    std::uint64_t filled = 0;   // missing in some store, filled
};

using TakeVariant = std::function<void(const Variant&, const GenotypeView&)>;

/// Merges one unit: hands out its variants in the order of the result. Reads each store a block at
/// a time; memory: one block of each store and the variants of one position. DataError if stores of
/// the same samples hold the same variant.
MergeCounters merge_unit(const GenotypeStores& stores, const MergePlan& plan, const MergeUnit& unit,
                         MergeSites sites, const TakeVariant& take);

/// Writes `samples` calls of two bits behind the first `at` ones of `out`, which are zero there.
void append_calls_at(std::span<std::uint8_t> out, std::size_t at, std::span<const std::uint8_t> row,
                     std::size_t samples) noexcept;

} // namespace salus
