#pragma once

#include "genotype/packed.hpp"
#include "kernels/fixed_columns.hpp"
#include "kernels/isa.hpp"

#include <array>
#include <cstdint>
#include <span>

namespace salus {

/// What each call (hom_ref, het, hom_alt, missing) counts in a product; at most 4.
using CallWeights = std::array<std::uint8_t, 4>;
inline constexpr CallWeights dosage_weights{0, 1, 2, 0};
inline constexpr CallWeights square_weights{0, 1, 4, 0};
inline constexpr CallWeights missing_weights{0, 0, 0, 1};

/// Exact products of 2-bit rows with fixed-point columns:
/// sums[r * columns + c] = sum over samples i of weights[call of i in row r] * integer(i, c).
///
/// `rows` point to 2-bit rows that are readable, and zero beyond the samples, up to a multiple of
/// 64 bytes. Give many rows at once (48 is plenty): columns are streamed once per call, tiled for
/// the cache. Exact for any number of samples below 2^28; the same integers on every instruction
/// set. Cost with AVX-512 VNNI: about 0.02 ns per (row x sample x column of four limbs).
void row_products(std::span<const std::uint8_t* const> rows, const FixedColumns& columns,
                  const CallWeights& weights, std::span<std::int64_t> sums, Isa isa = best_isa());

/// The same for one carrier list; `weights[hom_ref]` must be 0, the others 0, 1, 2 or 4.
/// O(carriers x columns).
void carrier_products(std::span<const Carrier> carriers, const FixedColumns& columns,
                      const CallWeights& weights, std::span<std::int64_t> sums,
                      Isa isa = best_isa());

namespace detail {
/// Products of rows with planes (single digits) for blocks [begin, end); adds to sums[r * planes +
/// plane].
struct PlaneTask {
    std::span<const std::uint8_t* const> rows;
    const FixedColumns& columns;
    const CallWeights& weights;
    std::size_t begin = 0, end = 0;
    std::int64_t* sums = nullptr;
};
void plane_products_avx2(const PlaneTask& task);
void plane_products_avx512(const PlaneTask& task);
} // namespace detail

} // namespace salus
