#include "kernels/transpose.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <array>
#include <cstring>

// Vectors of eight never cross a function boundary that is not inlined.
#pragma GCC diagnostic ignored "-Wpsabi"

namespace salus {
namespace reference {

void transpose_calls(std::span<const std::uint8_t* const> rows, std::size_t samples,
                     std::uint8_t* out, std::size_t stride) {
    for (std::size_t i = 0; i < samples; ++i) {
        const std::span<std::uint8_t> row(out + i * stride, stride);
        std::fill(row.begin(), row.end(), std::uint8_t{0});
        for (std::size_t v = 0; v < rows.size(); ++v)
            packed_set(row, v, static_cast<std::uint8_t>(rows[v][i / 4] >> (2 * (i % 4)) & 3));
    }
}

} // namespace reference

namespace {

#define SALUS_INLINE [[gnu::always_inline]] inline

// A square of 32 x 32 calls is 32 words; eight squares side by side are 32 vectors of eight words.
using Words = std::uint64_t __attribute__((vector_size(64)));
constexpr std::size_t side = 32, squares = 8;

// Exchanges, in pairs of words that are `distance` apart, the calls whose index has bit `distance`
// set in the first with those that have it clear in the second. Hacker's Delight, section 7-3.
template <int distance>
SALUS_INLINE void exchange(Words* w, std::uint64_t clear) noexcept {
#pragma GCC unroll 32
    for (int k = 0; k < static_cast<int>(side); ++k) {
        if ((k & distance) != 0) continue;
        const Words t = ((w[k] >> (2 * distance)) ^ w[k + distance]) & clear;
        w[k + distance] ^= t;
        w[k] ^= t << (2 * distance);
    }
}

SALUS_INLINE void transpose_squares(Words* w) noexcept {
    exchange<16>(w, 0x00000000FFFFFFFF);
    exchange<8>(w, 0x0000FFFF0000FFFF);
    exchange<4>(w, 0x00FF00FF00FF00FF);
    exchange<2>(w, 0x0F0F0F0F0F0F0F0F);
    exchange<1>(w, 0x3333333333333333);
}

struct Task {
    std::span<const std::uint8_t* const> rows;
    std::size_t samples;
    std::uint8_t* out;
    std::size_t stride;
};

// Calls of up to 32 variants and 256 samples, from byte 64 * block of the variant rows to word
// `group` of the sample rows.
SALUS_INLINE void run_block(const Task& task, std::size_t group, std::size_t block) {
    Words w[side];
    const std::size_t first = group * side;
#pragma GCC unroll 32
    for (std::size_t k = 0; k < side; ++k) {
        if (first + k < task.rows.size())
            std::memcpy(&w[k], task.rows[first + k] + 64 * block, 64);
        else
            w[k] = Words{};
    }
    transpose_squares(w);
    const std::size_t begin = block * side * squares;
    for (std::size_t square = 0; square < squares; ++square) {
        const std::size_t from = begin + square * side;
        const std::size_t count = from >= task.samples ? 0 : std::min(side, task.samples - from);
        std::uint8_t* to = task.out + from * task.stride + 8 * group;
        for (std::size_t k = 0; k < count; ++k)
            std::memcpy(to + k * task.stride,
                        reinterpret_cast<const std::uint8_t*>(&w[k]) + 8 * square, 8);
    }
}

SALUS_INLINE void run(const Task& task) {
    const std::size_t blocks = (task.samples + side * squares - 1) / (side * squares);
    for (std::size_t block = 0; block < blocks; ++block)
        for (std::size_t group = 0; group < task.stride / 8; ++group)
            run_block(task, group, block);
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] void run_avx2(const Task& task) { run(task); }
[[gnu::target("avx512f")]] void run_avx512(const Task& task) { run(task); }
#endif

} // namespace

void transpose_calls(std::span<const std::uint8_t* const> rows, std::size_t samples,
                     std::uint8_t* out, std::size_t stride, Isa isa) {
    SALUS_ASSERT(stride % 64 == 0 && stride >= packed_bytes(rows.size()) && is_supported(isa));
#if defined(__x86_64__)
    const Task task{rows, samples, out, stride};
    if (isa == Isa::avx512_vnni) return run_avx512(task);
    if (isa == Isa::avx2) return run_avx2(task);
#endif
    reference::transpose_calls(rows, samples, out, stride);
}

} // namespace salus
