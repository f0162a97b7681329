#include "kernels/byte_products.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

#include <cstring>

namespace salus::detail {

namespace {

/// sum += products of unsigned and signed bytes, in place: with the intrinsic GCC 12 copies the sum
/// before and after, and 24 sums no longer fit the registers.
[[gnu::target("avx512f,avx512vnni"), gnu::always_inline]] inline void
accumulate(__m512i& sum, __m512i unsigned_bytes, __m512i signed_bytes) noexcept {
    asm("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(unsigned_bytes), "v"(signed_bytes));
}

} // namespace

// 24 sums of 16 lanes stay in registers.
[[gnu::target("avx512f,avx512vnni")]] void byte_tile_avx512(const ByteTile& tile) noexcept {
    __m512i sums[BytePanels::right_rows][3];
#pragma GCC unroll 8
    for (std::size_t j = 0; j < BytePanels::right_rows; ++j)
#pragma GCC unroll 3
        for (std::size_t g = 0; g < 3; ++g)
            sums[j][g] = _mm512_setzero_si512();
    const std::uint8_t* left = tile.left;
    const std::uint8_t* right = tile.right;
    for (std::size_t s = 0; s < tile.steps; ++s, left += 64, right += 64) {
        const __m512i a = _mm512_load_si512(left);
        const __m512i b = _mm512_load_si512(left + tile.group_stride);
        const __m512i c = _mm512_load_si512(left + 2 * tile.group_stride);
#pragma GCC unroll 8
        for (std::size_t j = 0; j < BytePanels::right_rows; ++j) {
            int four = 0;
            std::memcpy(&four, right + 4 * j, sizeof four);
            const __m512i r = _mm512_set1_epi32(four);
            accumulate(sums[j][0], a, r);
            accumulate(sums[j][1], b, r);
            accumulate(sums[j][2], c, r);
        }
    }
#pragma GCC unroll 8
    for (std::size_t j = 0; j < BytePanels::right_rows; ++j)
#pragma GCC unroll 3
        for (std::size_t g = 0; g < 3; ++g) {
            std::int32_t* const to = tile.sums + j * tile.stride + g * BytePanels::group_rows;
            _mm512_storeu_si512(to, _mm512_add_epi32(_mm512_loadu_si512(to), sums[j][g]));
        }
}

} // namespace salus::detail
#endif
