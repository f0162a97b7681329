#include "kernels/byte_products.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

#include <cstring>

namespace salus::detail {
namespace {

constexpr std::size_t rights = 4;

// One group with four right rows; 16 bits hold 126 * 128 * 2.
[[gnu::target("avx2")]] void group_products(const std::uint8_t* left, const std::uint8_t* right,
                                            const ByteTile& tile, std::int32_t* to) noexcept {
    __m256i sums[rights][2];
#pragma GCC unroll 4
    for (std::size_t j = 0; j < rights; ++j)
        sums[j][0] = sums[j][1] = _mm256_setzero_si256();
    const __m256i ones = _mm256_set1_epi16(1);
    for (std::size_t s = 0; s < tile.steps; ++s, left += 64, right += 64) {
        const __m256i a = _mm256_load_si256(reinterpret_cast<const __m256i*>(left));
        const __m256i b = _mm256_load_si256(reinterpret_cast<const __m256i*>(left + 32));
#pragma GCC unroll 4
        for (std::size_t j = 0; j < rights; ++j) {
            int four = 0;
            std::memcpy(&four, right + 4 * j, sizeof four);
            const __m256i r = _mm256_set1_epi32(four);
            sums[j][0] =
                _mm256_add_epi32(sums[j][0], _mm256_madd_epi16(_mm256_maddubs_epi16(a, r), ones));
            sums[j][1] =
                _mm256_add_epi32(sums[j][1], _mm256_madd_epi16(_mm256_maddubs_epi16(b, r), ones));
        }
    }
#pragma GCC unroll 4
    for (std::size_t j = 0; j < rights; ++j)
#pragma GCC unroll 2
        for (std::size_t h = 0; h < 2; ++h) {
            auto* const at = reinterpret_cast<__m256i*>(to + j * tile.stride + 8 * h);
            _mm256_storeu_si256(at, _mm256_add_epi32(_mm256_loadu_si256(at), sums[j][h]));
        }
}

} // namespace

void byte_tile_avx2(const ByteTile& tile) noexcept {
    for (std::size_t g = 0; g < 3; ++g)
        for (std::size_t j = 0; j < BytePanels::right_rows; j += rights)
            group_products(tile.left + g * tile.group_stride, tile.right + 4 * j, tile,
                           tile.sums + j * tile.stride + g * BytePanels::group_rows);
}

} // namespace salus::detail
#endif
