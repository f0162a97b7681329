#include "kernels/products.hpp"

#if defined(__x86_64__)
#include <cstring>
#include <immintrin.h>

#define SALUS_AVX2 [[gnu::target("avx2")]]

namespace salus::detail {
namespace {

constexpr std::size_t row_group = 2; // times at most 4 planes: 8 accumulators of 16 registers

struct Tile {
    const std::uint8_t* const* rows;
    const std::int8_t* digits; // of the first plane in the first block
    std::size_t width;         // planes in the group
    std::size_t begin, end;    // blocks
    std::int64_t* sums;        // of the first row and the first plane
    std::size_t stride;        // of sums, from row to row
};

SALUS_AVX2 inline std::int64_t add_lanes(__m256i sum) {
    __m128i half = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
    half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4e));
    half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0xb1));
    return _mm_cvtsi128_si32(half);
}

// Weights are at most 4, so VPMADDUBSW (two products, 16 bits) cannot saturate: 2 x 4 x 128 = 1024.
template <std::size_t V, std::size_t T>
SALUS_AVX2 void run_tile(const Tile& tile, __m256i table) {
    const __m256i two_bits = _mm256_set1_epi8(3), ones = _mm256_set1_epi16(1);
    __m256i sums[V][T];
#pragma GCC unroll 8
    for (std::size_t v = 0; v < V; ++v) {
#pragma GCC unroll 8
        for (std::size_t t = 0; t < T; ++t)
            sums[v][t] = _mm256_setzero_si256();
    }
    for (std::size_t half = 2 * tile.begin; half < 2 * tile.end; ++half) {
        const std::int8_t* digits =
            tile.digits + (half / 2 - tile.begin) * 256 * tile.width + half % 2 * 32;
        __m256i calls[V];
#pragma GCC unroll 8
        for (std::size_t v = 0; v < V; ++v) {
            calls[v] =
                _mm256_loadu_si256(reinterpret_cast<const __m256i*>(tile.rows[v] + 32 * half));
        }
#pragma GCC unroll 4
        for (int shift = 0; shift < 4; ++shift) {
            __m256i weights[V];
#pragma GCC unroll 8
            for (std::size_t v = 0; v < V; ++v) {
                weights[v] = _mm256_shuffle_epi8(table, _mm256_and_si256(calls[v], two_bits));
                calls[v] = _mm256_srli_epi16(calls[v], 2);
            }
#pragma GCC unroll 8
            for (std::size_t t = 0; t < T; ++t) {
                const __m256i digit =
                    _mm256_load_si256(reinterpret_cast<const __m256i*>(digits + 64 * t));
#pragma GCC unroll 8
                for (std::size_t v = 0; v < V; ++v) {
                    const __m256i pairs = _mm256_maddubs_epi16(weights[v], digit);
                    sums[v][t] = _mm256_add_epi32(sums[v][t], _mm256_madd_epi16(pairs, ones));
                }
            }
            digits += 64 * tile.width;
        }
    }
#pragma GCC unroll 8
    for (std::size_t v = 0; v < V; ++v) {
#pragma GCC unroll 8
        for (std::size_t t = 0; t < T; ++t) {
            tile.sums[v * tile.stride + t] += add_lanes(sums[v][t]);
        }
    }
}

template <std::size_t T>
SALUS_AVX2 void run_rows(const PlaneTask& task, std::size_t plane, __m256i table) {
    const std::size_t stride = task.columns.planes();
    const std::size_t group = plane / FixedColumns::group_planes;
    const std::int8_t* const digits = task.columns.digits(group, task.begin);
    for (std::size_t r = 0; r < task.rows.size(); r += row_group) {
        const Tile tile{.rows = task.rows.data() + r,
                        .digits = digits + 64 * (plane % FixedColumns::group_planes),
                        .width = task.columns.width(group),
                        .begin = task.begin,
                        .end = task.end,
                        .sums = task.sums + r * stride + plane,
                        .stride = stride};
        if (task.rows.size() - r == 1)
            run_tile<1, T>(tile, table);
        else
            run_tile<2, T>(tile, table);
    }
}

} // namespace

SALUS_AVX2 void plane_products_avx2(const PlaneTask& task) {
    std::uint32_t weights;
    std::memcpy(&weights, task.weights.data(), 4);
    const __m256i table = _mm256_set1_epi32(static_cast<int>(weights));
    const std::size_t planes = task.columns.planes();
    std::size_t plane = 0;
    for (; plane + 4 <= planes; plane += 4)
        run_rows<4>(task, plane, table);
    for (; plane < planes; ++plane)
        run_rows<1>(task, plane, table);
}

} // namespace salus::detail
#endif
