#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#if defined(__x86_64__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized" // false alarm of g++ 12 in this header
#include <immintrin.h>
#pragma GCC diagnostic pop
#endif

namespace salus {

inline std::int64_t count_bits(std::uint64_t word) noexcept { return std::popcount(word); }

#if defined(__x86_64__)
#define SALUS_POPCNT512 [[gnu::target("avx512f,avx512vpopcntdq")]]

SALUS_POPCNT512 inline __m512i add_bits(__m512i sum, __m512i bits) noexcept {
    return _mm512_add_epi64(sum, _mm512_popcnt_epi64(bits));
}

SALUS_POPCNT512 inline std::int64_t add_lanes(__m512i sum) noexcept {
    alignas(64) std::int64_t lanes[8];
    _mm512_store_si512(lanes, sum);
    std::int64_t total = 0;
    for (const std::int64_t lane : lanes)
        total += lane;
    return total;
}
#endif

} // namespace salus
