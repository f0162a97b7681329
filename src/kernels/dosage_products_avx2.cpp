#include "kernels/dosage_products.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

#define SALUS_AVX2 [[gnu::target("avx2")]]

namespace salus::detail {
namespace {

constexpr std::size_t row_group = 2; // times at most 4 planes: 8 accumulators of 16 registers

struct Tile {
    const std::int16_t* values; // of the first row
    std::size_t length;         // values of a row
    const std::int8_t* digits;  // of the first plane in the first block
    std::size_t width;          // planes in the group
    std::int64_t* sums;         // of the first row and the first plane
    std::size_t stride;         // of sums, from row to row
};

SALUS_AVX2 inline std::int64_t add_lanes(__m256i sum) {
    alignas(32) std::int32_t lanes[8];
    _mm256_store_si256(reinterpret_cast<__m256i*>(lanes), sum);
    std::int64_t total = 0;
    for (const std::int32_t lane : lanes)
        total += lane;
    return total;
}

template <std::size_t V, std::size_t T>
SALUS_AVX2 void run_tile(const Tile& tile) {
    __m256i sums[V][T];
#pragma GCC unroll 8
    for (std::size_t v = 0; v < V; ++v) {
#pragma GCC unroll 8
        for (std::size_t t = 0; t < T; ++t)
            sums[v][t] = _mm256_setzero_si256();
    }
    for (std::size_t i = 0; i < tile.length; i += 16) {
        const std::int8_t* const digits = tile.digits + i / 64 * 64 * tile.width + i % 64;
        __m256i values[V];
#pragma GCC unroll 8
        for (std::size_t v = 0; v < V; ++v) {
            values[v] = _mm256_loadu_si256(
                reinterpret_cast<const __m256i*>(tile.values + v * tile.length + i));
        }
#pragma GCC unroll 8
        for (std::size_t t = 0; t < T; ++t) {
            const __m256i digit = _mm256_cvtepi8_epi16(
                _mm_loadu_si128(reinterpret_cast<const __m128i*>(digits + 64 * t)));
#pragma GCC unroll 8
            for (std::size_t v = 0; v < V; ++v) {
                sums[v][t] = _mm256_add_epi32(sums[v][t], _mm256_madd_epi16(values[v], digit));
            }
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
SALUS_AVX2 void run_rows(const ValueTask& task, std::size_t plane) {
    const std::size_t group = plane / FixedColumns::group_planes,
                      length = (task.end - task.begin) * FixedColumns::block_samples;
    const std::int8_t* const digits =
        task.columns.digits(group, task.begin) + 64 * (plane % FixedColumns::group_planes);
    for (std::size_t r = 0; r < task.rows; r += row_group) {
        const Tile tile{.values = task.values + r * length,
                        .length = length,
                        .digits = digits,
                        .width = task.columns.width(group),
                        .sums = task.sums + r * task.columns.planes() + plane,
                        .stride = task.columns.planes()};
        if (task.rows - r == 1)
            run_tile<1, T>(tile);
        else
            run_tile<2, T>(tile);
    }
}

} // namespace

SALUS_AVX2 void plane_values_avx2(const ValueTask& task) {
    const std::size_t planes = task.columns.planes();
    std::size_t plane = 0;
    for (; plane + 4 <= planes; plane += 4)
        run_rows<4>(task, plane);
    for (; plane < planes; ++plane)
        run_rows<1>(task, plane);
}

} // namespace salus::detail
#endif
