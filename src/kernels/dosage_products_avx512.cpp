#include "kernels/dosage_products.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

#define SALUS_AVX512 [[gnu::target("avx512f,avx512bw,avx512vnni")]]

namespace salus::detail {
namespace {

constexpr std::size_t row_group = 2; // times 8 planes: 16 accumulators of 32 registers

struct Tile {
    const std::int16_t* values; // of the first row
    std::size_t length;         // values of a row
    const std::int8_t* digits;  // of the first plane in the first block
    std::size_t width;          // planes in the group
    std::int64_t* sums;         // of the first row and the first plane
    std::size_t stride;         // of sums, from row to row
};

SALUS_AVX512 inline std::int64_t add_lanes(__m512i sum) {
    alignas(64) std::int32_t lanes[16];
    _mm512_store_si512(reinterpret_cast<__m512i*>(lanes), sum);
    std::int64_t total = 0;
    for (const std::int32_t lane : lanes)
        total += lane;
    return total;
}

template <std::size_t V, std::size_t T>
SALUS_AVX512 void run_tile(const Tile& tile) {
    __m512i sums[V][T];
#pragma GCC unroll 8
    for (std::size_t v = 0; v < V; ++v) {
#pragma GCC unroll 8
        for (std::size_t t = 0; t < T; ++t)
            sums[v][t] = _mm512_setzero_si512();
    }
    for (std::size_t i = 0; i < tile.length; i += 32) {
        const std::int8_t* const digits = tile.digits + i / 64 * 64 * tile.width + i % 64;
        __m512i values[V];
#pragma GCC unroll 8
        for (std::size_t v = 0; v < V; ++v) {
            values[v] = _mm512_loadu_si512(
                reinterpret_cast<const __m512i*>(tile.values + v * tile.length + i));
        }
#pragma GCC unroll 8
        for (std::size_t t = 0; t < T; ++t) {
            const __m512i digit = _mm512_cvtepi8_epi16(
                _mm256_loadu_si256(reinterpret_cast<const __m256i*>(digits + 64 * t)));
#pragma GCC unroll 8
            for (std::size_t v = 0; v < V; ++v) {
                sums[v][t] = _mm512_dpwssd_epi32(sums[v][t], values[v], digit);
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
SALUS_AVX512 void run_rows(const ValueTask& task, std::size_t plane) {
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

SALUS_AVX512 void plane_values_avx512(const ValueTask& task) {
    const std::size_t planes = task.columns.planes();
    std::size_t plane = 0;
    for (; plane + 8 <= planes; plane += 8)
        run_rows<8>(task, plane);
    for (; plane + 4 <= planes; plane += 4)
        run_rows<4>(task, plane);
    for (; plane < planes; ++plane)
        run_rows<1>(task, plane);
}

} // namespace salus::detail
#endif
