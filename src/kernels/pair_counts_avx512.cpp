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

/// Sums of the lanes of eight vectors, in their order. The masked forms name no undefined register.
SALUS_AVX512 inline __m512i add_lanes(const __m512i* sums) {
    constexpr __mmask8 all = 0xFF;
    __m512i pairs[4];
#pragma GCC unroll 4
    for (std::size_t k = 0; k < 4; ++k)
        pairs[k] = _mm512_add_epi64(_mm512_maskz_unpacklo_epi64(all, sums[2 * k], sums[2 * k + 1]),
                                    _mm512_maskz_unpackhi_epi64(all, sums[2 * k], sums[2 * k + 1]));
    __m512i fours[2];
#pragma GCC unroll 2
    for (std::size_t k = 0; k < 2; ++k) // 128-bit lanes 0 2 0 2 and 1 3 1 3
        fours[k] =
            _mm512_add_epi64(_mm512_maskz_shuffle_i64x2(all, pairs[2 * k], pairs[2 * k + 1], 0x88),
                             _mm512_maskz_shuffle_i64x2(all, pairs[2 * k], pairs[2 * k + 1], 0xDD));
    return _mm512_add_epi64(_mm512_maskz_shuffle_i64x2(all, fours[0], fours[1], 0x88),
                            _mm512_maskz_shuffle_i64x2(all, fours[0], fours[1], 0xDD));
}

// The immediate of a ternary function is its truth table over (a, b, c) = (0xF0, 0xCC, 0xAA).
constexpr int select_b_or_c = 0xCA; // a ? b : c
constexpr int a_and_xor = 0x60;     // a & (b ^ c)
constexpr int a_and_b_not_c = 0x40; // a & b & ~c

template <MissingCall missing_call>
SALUS_AVX512 void add_group(const PairGroup& group, std::uint32_t* sums) noexcept {
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
                __m512i one;
                if constexpr (missing_call == MissingCall::het) {
                    one = _mm512_xor_si512(a[i].hom, b.hom);
                } else { // one homozygous, and the other, which is not, holds REF
                    const __m512i other =
                        _mm512_ternarylogic_epi64(a[i].hom, b.ref, a[i].ref, select_b_or_c);
                    one = _mm512_ternarylogic_epi64(other, a[i].hom, b.hom, a_and_xor);
                }
                const __m512i differs =
                    _mm512_ternarylogic_epi64(a[i].hom, a[i].ref, b.ref, a_and_xor);
                const __m512i two = _mm512_and_si512(differs, b.hom);
                steps[p] = _mm512_add_epi64(steps[p], _mm512_popcnt_epi64(one));
                opposite[p] = _mm512_add_epi64(opposite[p], _mm512_popcnt_epi64(two));
            }
        }
    }
#pragma GCC unroll 8
    for (std::size_t p = 0; p < group_pairs; ++p) {
        const __m512i twice = _mm512_add_epi64(opposite[p], opposite[p]);
        steps[p] = _mm512_add_epi64(steps[p], _mm512_add_epi64(twice, twice));
    }
    alignas(64) std::uint64_t total[8];
    _mm512_store_si512(total, add_lanes(steps));
    for (std::size_t p = 0; p < group_pairs; ++p)
        sums[p] += static_cast<std::uint32_t>(total[p]);
}

constexpr std::size_t half = 2; // 2 x 2 pairs with four counts each fill the registers

SALUS_AVX512 void count_half(const PairGroup& group, std::size_t j0, PairCounts* sums) noexcept {
    __m512i sum_of[4 * half * half]; // het_het, het_hom, hom_het, ibs0, each of four pairs
#pragma GCC unroll 16
    for (std::size_t p = 0; p < 4 * half * half; ++p)
        sum_of[p] = _mm512_setzero_si512();
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
            sum_of[0 + p] = _mm512_add_epi64(sum_of[0 + p], _mm512_popcnt_epi64(het_het));
            sum_of[4 + p] = _mm512_add_epi64(sum_of[4 + p], _mm512_popcnt_epi64(only_x));
            sum_of[8 + p] = _mm512_add_epi64(sum_of[8 + p], _mm512_popcnt_epi64(only_y));
            sum_of[12 + p] = _mm512_add_epi64(sum_of[12 + p], _mm512_popcnt_epi64(opposite));
        }
    }
    alignas(64) std::uint64_t total[16];
    _mm512_store_si512(total, add_lanes(sum_of));
    _mm512_store_si512(total + 8, add_lanes(sum_of + 8));
    for (std::size_t p = 0; p < half * half; ++p) {
        PairCounts& sum = sums[p / half * group_second + j0 + p % half];
        sum.het_het += static_cast<std::uint32_t>(total[p]);
        sum.het_hom += static_cast<std::uint32_t>(total[4 + p]);
        sum.hom_het += static_cast<std::uint32_t>(total[8 + p]);
        sum.ibs0 += static_cast<std::uint32_t>(total[12 + p]);
    }
}

} // namespace

void add_distances_avx512(const PairGroup& group, MissingCall missing_call,
                          std::uint32_t* sums) noexcept {
    if (missing_call == MissingCall::het)
        add_group<MissingCall::het>(group, sums);
    else
        add_group<MissingCall::skipped>(group, sums);
}

SALUS_AVX512 void add_pair_counts_avx512(const PairGroup& group, PairCounts* sums) noexcept {
    static_assert(group_first == half && group_second == 2 * half);
    count_half(group, 0, sums);
    count_half(group, half, sums);
}

} // namespace salus::detail
#endif
