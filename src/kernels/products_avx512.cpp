#include "kernels/products.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

#define SALUS_AVX512 [[gnu::target("avx512f,avx512bw,avx512vnni")]]

namespace salus::detail {
namespace {

constexpr std::size_t row_group = 3, plane_group = 8;  // 24 accumulators of 32 registers

struct Tile {
    const std::uint8_t* const* rows;
    const std::int8_t* digits;  // first plane of the group in the first block
    std::size_t planes;         // of all columns, for the strides
    std::size_t begin, end;     // blocks
    std::int64_t* sums;         // first row, first plane of the group
};

SALUS_AVX512 inline std::int64_t add_lanes(__m512i sum) {
    alignas(64) std::int32_t lanes[16];
    _mm512_store_si512(lanes, sum);
    std::int64_t total = 0;
    for (const std::int32_t lane : lanes) total += lane;
    return total;
}

// V rows x T planes stay in registers over the whole tile.
template <std::size_t V, std::size_t T>
SALUS_AVX512 void run_tile(const Tile& tile, __m512i table) {
    const __m512i two_bits = _mm512_set1_epi8(3);
    __m512i sums[V][T];
#pragma GCC unroll 8
    for (std::size_t v = 0; v < V; ++v) {
#pragma GCC unroll 8
        for (std::size_t t = 0; t < T; ++t) sums[v][t] = _mm512_setzero_si512();
    }
    const std::int8_t* digits = tile.digits;
    for (std::size_t block = tile.begin; block < tile.end; ++block) {
        __m512i calls[V];
#pragma GCC unroll 8
        for (std::size_t v = 0; v < V; ++v) calls[v] = _mm512_loadu_si512(tile.rows[v] + 64 * block);
#pragma GCC unroll 4
        for (int shift = 0; shift < 4; ++shift) {
            __m512i weights[V];
#pragma GCC unroll 8
            for (std::size_t v = 0; v < V; ++v) {
                weights[v] = _mm512_shuffle_epi8(table, _mm512_and_si512(calls[v], two_bits));
                calls[v] = _mm512_srli_epi16(calls[v], 2);
            }
#pragma GCC unroll 8
            for (std::size_t t = 0; t < T; ++t) {
                const __m512i digit = _mm512_load_si512(digits + 64 * t);
#pragma GCC unroll 8
                for (std::size_t v = 0; v < V; ++v) {
                    sums[v][t] = _mm512_dpbusd_epi32(sums[v][t], weights[v], digit);
                }
            }
            digits += 64 * tile.planes;
        }
    }
#pragma GCC unroll 8
    for (std::size_t v = 0; v < V; ++v) {
#pragma GCC unroll 8
        for (std::size_t t = 0; t < T; ++t) {
            tile.sums[v * tile.planes + t] += add_lanes(sums[v][t]);
        }
    }
}

template <std::size_t T>
SALUS_AVX512 void run_rows(const PlaneTask& task, std::size_t plane, __m512i table) {
    const std::size_t planes = task.columns.planes();
    const std::size_t count = task.rows.size();
    for (std::size_t r = 0; r < count; r += row_group) {
        const Tile tile{.rows = task.rows.data() + r,
                        .digits = task.columns.digits(task.begin) + 64 * plane,
                        .planes = planes,
                        .begin = task.begin,
                        .end = task.end,
                        .sums = task.sums + r * planes + plane};
        switch (count - r) {
        case 1: run_tile<1, T>(tile, table); break;
        case 2: run_tile<2, T>(tile, table); break;
        default: run_tile<3, T>(tile, table);
        }
    }
}

}  // namespace

SALUS_AVX512 void plane_products_avx512(const PlaneTask& task) {
    const auto& w = task.weights;
    const __m512i table =
        _mm512_set1_epi32(static_cast<int>(static_cast<unsigned>(w[0]) | w[1] << 8 | w[2] << 16 |
                                           static_cast<unsigned>(w[3]) << 24));
    const std::size_t planes = task.columns.planes();
    std::size_t plane = 0;
    for (; plane + plane_group <= planes; plane += plane_group) run_rows<8>(task, plane, table);
    if (plane + 4 <= planes) {
        run_rows<4>(task, plane, table);
        plane += 4;
    }
    for (; plane < planes; ++plane) run_rows<1>(task, plane, table);
}

}  // namespace salus::detail
#endif
