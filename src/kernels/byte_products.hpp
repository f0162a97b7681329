#pragma once

#include "base/cache_lines.hpp"
#include "kernels/isa.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace salus {

/// Rows of 8-bit numbers over a tile of samples, ready for products: groups of 16 rows, each as
/// [step of 4 samples][row of the group][4 samples]. What lies beyond the rows (up to a multiple of
/// 48) and beyond the samples is zero.
class BytePanels {
public:
    static constexpr std::size_t group_rows = 16, left_rows = 48, right_rows = 8, step_samples = 4;

    BytePanels() = default;
    BytePanels(std::size_t rows, std::size_t samples) { reset(rows, samples); }
    /// All zero.
    void reset(std::size_t rows, std::size_t samples);
    /// One number per sample. Rows may be set from several threads, each row by one.
    void set_row(std::size_t row, std::span<const std::uint8_t> values) noexcept;

    std::size_t rows() const noexcept { return rows_; }
    std::size_t padded_rows() const noexcept {
        return (rows_ + left_rows - 1) / left_rows * left_rows;
    }
    std::size_t samples() const noexcept { return samples_; }
    std::size_t steps() const noexcept { return (samples_ + step_samples - 1) / step_samples; }
    /// [step][16][4]; groups follow each other.
    const std::uint8_t* group(std::size_t g) const noexcept {
        return panels_.data() + g * steps() * 64;
    }

private:
    std::size_t rows_ = 0, samples_ = 0;
    CacheLines<std::uint8_t> panels_;
};

/// Which products are made.
enum class Triangle { all, lower /* at least those with row of left >= row of right */ };

/// Largest number on the left: copies of an allele are stored in units of 1/63, so that sums of two
/// products fit 16 bits.
inline constexpr std::uint8_t byte_max = 126;
/// Samples that sums of 32 bits hold.
inline constexpr std::size_t byte_products_samples = 131'072;

/// sums[j * stride + i] += sum over samples of left(i) * right(j), for the rows [begin, end) of
/// right; begin is a multiple of 8. Left numbers are unsigned, at most byte_max; right ones are
/// signed. `stride` is at least left.padded_rows(), and sums of padding rows are written as well.
/// Exact integers as long as a sum is over at most byte_products_samples. With AVX-512 VNNI about
/// 0.012 ns per (left row x right row x sample).
struct ByteProducts {
    const BytePanels& left;
    const BytePanels& right;
    std::size_t begin = 0, end = 0; // rows of right
    Triangle triangle = Triangle::all;
    std::int32_t* sums = nullptr;
    std::size_t stride = 0;
};
void add_byte_products(const ByteProducts& task, Isa isa = best_isa());

namespace detail {
/// Products of 48 rows (three groups) with 8 rows (half a group).
struct ByteTile {
    const std::uint8_t* left = nullptr;
    std::size_t group_stride = 0; // bytes from one left group to the next
    const std::uint8_t* right = nullptr;
    std::size_t steps = 0;
    std::int32_t* sums = nullptr;
    std::size_t stride = 0;
};
void byte_tile_avx2(const ByteTile& tile) noexcept;
void byte_tile_avx512(const ByteTile& tile) noexcept;
} // namespace detail

} // namespace salus
