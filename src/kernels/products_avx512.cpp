#include "kernels/products.hpp"

#if defined(__x86_64__)
#include <cstring>
#include <immintrin.h>

#define SALUS_AVX512 [[gnu::target("avx512f,avx512bw,avx512vnni")]]

namespace salus::detail {
namespace {

constexpr std::size_t row_group = 3; // times 8 planes: 24 accumulators of 32 registers

struct Tile {
    const std::uint8_t* const* rows;
    const std::int8_t* digits; // of the group in the first block
    std::size_t begin, end;    // blocks
    std::int64_t* sums;        // of the first row and the first plane of the group
    std::size_t stride;        // of sums, from row to row
};

SALUS_AVX512 inline std::int64_t add_lanes(__m512i sum) {
    alignas(64) std::int32_t lanes[16];
    _mm512_store_si512(lanes, sum);
    std::int64_t total = 0;
    for (const std::int32_t lane : lanes)
        total += lane;
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
        for (std::size_t t = 0; t < T; ++t)
            sums[v][t] = _mm512_setzero_si512();
    }
    const std::int8_t* digits = tile.digits;
    for (std::size_t block = tile.begin; block < tile.end; ++block) {
        __m512i calls[V];
#pragma GCC unroll 8
        for (std::size_t v = 0; v < V; ++v)
            calls[v] = _mm512_loadu_si512(tile.rows[v] + 64 * block);
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
            digits += 64 * T;
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
SALUS_AVX512 void run_rows(const PlaneTask& task, std::size_t group, __m512i table) {
    const std::size_t count = task.rows.size(), stride = task.columns.planes();
    for (std::size_t r = 0; r < count; r += row_group) {
        const Tile tile{.rows = task.rows.data() + r,
                        .digits = task.columns.digits(group, task.begin),
                        .begin = task.begin,
                        .end = task.end,
                        .sums = task.sums + r * stride + group * FixedColumns::group_planes,
                        .stride = stride};
        switch (count - r) {
        case 1:
            run_tile<1, T>(tile, table);
            break;
        case 2:
            run_tile<2, T>(tile, table);
            break;
        default:
            run_tile<3, T>(tile, table);
        }
    }
}

using RunRows = void (*)(const PlaneTask&, std::size_t, __m512i);
constexpr RunRows run_rows_of_width[] = {nullptr,     run_rows<1>, run_rows<2>,
                                         run_rows<3>, run_rows<4>, run_rows<5>,
                                         run_rows<6>, run_rows<7>, run_rows<8>};

} // namespace

SALUS_AVX512 void plane_products_avx512(const PlaneTask& task) {
    std::uint32_t weights;
    std::memcpy(&weights, task.weights.data(), 4);
    const __m512i table = _mm512_set1_epi32(static_cast<int>(weights));
    for (std::size_t group = 0; group < task.columns.groups(); ++group) {
        run_rows_of_width[task.columns.width(group)](task, group, table);
    }
}

} // namespace salus::detail
#endif
