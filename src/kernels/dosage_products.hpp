#pragma once

#include "genotype/packed.hpp"
#include "kernels/fixed_columns.hpp"
#include "kernels/genotype_counts.hpp"
#include "kernels/isa.hpp"

#include <cstdint>
#include <span>

namespace salus {

/// Sums of dosages times fixed-point integers, which 64 bits need not hold.
__extension__ typedef __int128 WideSum;

/// `sum` * 2^exponent, correctly rounded.
double wide_real(WideSum sum, int exponent) noexcept;

/// Exact products of rows of values with fixed-point columns:
/// sums[r * columns + c] = sum over samples i of rows[r][i] * integer(i, c).
///
/// `rows` point to one value per sample, at most 32,768 (dosages with 0 where they are missing).
/// Exact for any number of samples below 2^28; the same integers on every instruction set. Cost
/// of four limbs with AVX-512, measured: 0.3 ns per (row x sample) for one column, 0.09 to 0.12 ns
/// per (row x sample x column) for 4 to 16 columns.
void value_products(std::span<const std::uint16_t* const> rows, const FixedColumns& columns,
                    std::span<WideSum> sums, Isa isa = best_isa());

/// A sample and what it counts.
struct SampleWeight {
    std::uint32_t sample;
    std::int32_t weight;
};
/// The same for a list of samples with weights of at most 2^31 - 1 in magnitude.
/// O(entries x columns).
void weight_products(std::span<const SampleWeight> list, const FixedColumns& columns,
                     std::span<WideSum> sums, Isa isa = best_isa());

/// Dosages of the samples of a mask that have one, in 1/16384 copies and their squares.
struct DosageMoments {
    std::uint64_t called = 0, sum = 0, squares = 0;
    friend bool operator==(const DosageMoments&, const DosageMoments&) = default;
};
/// `dosages`: [sample], dosage_missing where there is none. Exact below 2^33 samples.
DosageMoments dosage_moments(std::span<const Dosage> dosages, const SampleMask& mask,
                             Isa isa = best_isa()) noexcept;

namespace detail {
/// Products of centred values with planes (single digits) of blocks [begin, end), at most
/// value_tile_blocks of them; adds to sums[r * planes + plane].
struct ValueTask {
    const std::int16_t* values; // [row][block][shift][64], value - 16384
    std::size_t rows = 0;
    const FixedColumns& columns;
    std::size_t begin = 0, end = 0;
    std::int64_t* sums = nullptr;
};
/// 4,096 samples: 2 x 256 steps of 2 x 16,384 x 128 stay below 2^31 in every 32-bit lane.
inline constexpr std::size_t value_tile_blocks = 16;
void plane_values_avx2(const ValueTask& task);
void plane_values_avx512(const ValueTask& task);
} // namespace detail

} // namespace salus
