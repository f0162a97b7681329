#include "kernels/pair_counts.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

#define SALUS_AVX512 [[gnu::target("avx512f,avx512vpopcntdq")]]

namespace salus::detail {
namespace {

struct Planes {
    __m512i hom, ref;
};

SALUS_AVX512 inline Planes load(const std::uint8_t* planes, std::size_t chunk) {
    const std::uint8_t* const at = planes + chunk * plane_chunk_bytes;
    return {_mm512_loadu_si512(at), _mm512_loadu_si512(at + plane_chunk_bytes / 2)};
}

SALUS_AVX512 inline std::uint32_t add_lanes(__m512i sum) {
    alignas(64) std::uint64_t lanes[8];
    _mm512_store_si512(lanes, sum);
    std::uint64_t total = 0;
    for (const std::uint64_t lane : lanes)
        total += lane;
    return static_cast<std::uint32_t>(total);
}

// The immediate of a ternary function is its truth table over (a, b, c) = (0xF0, 0xCC, 0xAA).
constexpr int select_b_or_c = 0xCA; // a ? b : c
constexpr int a_and_xor = 0x60;     // a & (b ^ c)
constexpr int a_and_b_not_c = 0x40; // a & b & ~c

} // namespace

SALUS_AVX512 void add_distances_avx512(const PairGroup& group, std::uint32_t* sums) noexcept {
    __m512i steps[group_pairs], opposite[group_pairs]; // differences of one and of two copies
#pragma GCC unroll 8
    for (std::size_t p = 0; p < group_pairs; ++p)
        steps[p] = opposite[p] = _mm512_setzero_si512();
    for (std::size_t chunk = 0; chunk < group.chunks; ++chunk) {
        Planes a[group_first];
#pragma GCC unroll 2
        for (std::size_t i = 0; i < group_first; ++i)
            a[i] = load(group.first[i], chunk);
#pragma GCC unroll 4
        for (std::size_t j = 0; j < group_second; ++j) {
            const Planes b = load(group.second[j], chunk);
#pragma GCC unroll 2
            for (std::size_t i = 0; i < group_first; ++i) {
                const std::size_t p = i * group_second + j;
                // One homozygous, and the other, which is not, holds REF: it is heterozygous.
                const __m512i other =
                    _mm512_ternarylogic_epi64(a[i].hom, b.ref, a[i].ref, select_b_or_c);
                const __m512i one = _mm512_ternarylogic_epi64(other, a[i].hom, b.hom, a_and_xor);
                const __m512i differs =
                    _mm512_ternarylogic_epi64(a[i].hom, a[i].ref, b.ref, a_and_xor);
                const __m512i two = _mm512_and_si512(differs, b.hom);
                steps[p] = _mm512_add_epi64(steps[p], _mm512_popcnt_epi64(one));
                opposite[p] = _mm512_add_epi64(opposite[p], _mm512_popcnt_epi64(two));
            }
        }
    }
#pragma GCC unroll 8
    for (std::size_t p = 0; p < group_pairs; ++p)
        sums[p] += add_lanes(steps[p]) + 4 * add_lanes(opposite[p]);
}

namespace {

constexpr std::size_t half = 2; // 2 x 2 pairs with four counts each fill the registers

SALUS_AVX512 void count_half(const PairGroup& group, std::size_t j0, PairCounts* sums) noexcept {
    __m512i both[half * half], het_hom[half * half], hom_het[half * half], ibs0[half * half];
#pragma GCC unroll 4
    for (std::size_t p = 0; p < half * half; ++p)
        both[p] = het_hom[p] = hom_het[p] = ibs0[p] = _mm512_setzero_si512();
    for (std::size_t chunk = 0; chunk < group.chunks; ++chunk) {
        const Planes a[half] = {load(group.first[0], chunk), load(group.first[1], chunk)};
        const Planes b[half] = {load(group.second[j0], chunk), load(group.second[j0 + 1], chunk)};
#pragma GCC unroll 4
        for (std::size_t p = 0; p < half * half; ++p) {
            const Planes& x = a[p / half];
            const Planes& y = b[p % half];
            const __m512i het_x = _mm512_ternarylogic_epi64(x.ref, x.ref, x.hom, a_and_b_not_c);
            const __m512i het_het = _mm512_ternarylogic_epi64(het_x, y.ref, y.hom, a_and_b_not_c);
            const __m512i only_x = _mm512_and_si512(het_x, y.hom);
            const __m512i only_y = _mm512_ternarylogic_epi64(x.hom, y.ref, y.hom, a_and_b_not_c);
            const __m512i differs = _mm512_ternarylogic_epi64(x.hom, x.ref, y.ref, a_and_xor);
            const __m512i opposite = _mm512_and_si512(differs, y.hom);
            both[p] = _mm512_add_epi64(both[p], _mm512_popcnt_epi64(het_het));
            het_hom[p] = _mm512_add_epi64(het_hom[p], _mm512_popcnt_epi64(only_x));
            hom_het[p] = _mm512_add_epi64(hom_het[p], _mm512_popcnt_epi64(only_y));
            ibs0[p] = _mm512_add_epi64(ibs0[p], _mm512_popcnt_epi64(opposite));
        }
    }
#pragma GCC unroll 4
    for (std::size_t p = 0; p < half * half; ++p) {
        PairCounts& sum = sums[p / half * group_second + j0 + p % half];
        sum.het_het += add_lanes(both[p]);
        sum.het_hom += add_lanes(het_hom[p]);
        sum.hom_het += add_lanes(hom_het[p]);
        sum.ibs0 += add_lanes(ibs0[p]);
    }
}

} // namespace

SALUS_AVX512 void add_pair_counts_avx512(const PairGroup& group, PairCounts* sums) noexcept {
    static_assert(group_first == half && group_second == 2 * half);
    count_half(group, 0, sums);
    count_half(group, half, sums);
}

} // namespace salus::detail
#endif
