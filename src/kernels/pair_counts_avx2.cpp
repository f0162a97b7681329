#include "kernels/pair_counts.hpp"

#if defined(__x86_64__)
#include <algorithm>
#include <immintrin.h>

#define SALUS_AVX2 [[gnu::target("avx2")]]

namespace salus::detail {
namespace {

struct Planes {
    __m256i hom, ref;
};

SALUS_AVX2 inline Planes load(const std::uint8_t* planes, std::size_t half_chunk) {
    const std::uint8_t* const at =
        planes + half_chunk / 2 * plane_chunk_bytes + half_chunk % 2 * 32;
    return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)),
            _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at + plane_chunk_bytes / 2))};
}

/// Ones of every byte, by table look-up of its halves.
SALUS_AVX2 inline __m256i ones(__m256i bits) {
    const __m256i table = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1,
                                           2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
    const __m256i four = _mm256_set1_epi8(15);
    return _mm256_add_epi8(
        _mm256_shuffle_epi8(table, _mm256_and_si256(bits, four)),
        _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(bits, 4), four)));
}

SALUS_AVX2 inline std::uint32_t add_bytes(__m256i bytes) {
    const __m256i sums = _mm256_sad_epu8(bytes, _mm256_setzero_si256());
    alignas(32) std::uint64_t lanes[4];
    _mm256_store_si256(reinterpret_cast<__m256i*>(lanes), sums);
    return static_cast<std::uint32_t>(lanes[0] + lanes[1] + lanes[2] + lanes[3]);
}

constexpr std::size_t halves_per_sum = 31; // each adds at most 8 to a byte

SALUS_AVX2 PairCounts count_pair(const std::uint8_t* first, const std::uint8_t* second,
                                 std::size_t begin, std::size_t end) noexcept {
    __m256i both = _mm256_setzero_si256(), het_hom = both, hom_het = both, ibs0 = both;
    for (std::size_t h = begin; h < end; ++h) {
        const Planes a = load(first, h), b = load(second, h);
        const __m256i het_a = _mm256_andnot_si256(a.hom, a.ref);
        const __m256i het_b = _mm256_andnot_si256(b.hom, b.ref);
        const __m256i hom = _mm256_and_si256(a.hom, b.hom);
        both = _mm256_add_epi8(both, ones(_mm256_and_si256(het_a, het_b)));
        het_hom = _mm256_add_epi8(het_hom, ones(_mm256_and_si256(het_a, b.hom)));
        hom_het = _mm256_add_epi8(hom_het, ones(_mm256_and_si256(a.hom, het_b)));
        ibs0 = _mm256_add_epi8(ibs0, ones(_mm256_and_si256(hom, _mm256_xor_si256(a.ref, b.ref))));
    }
    return {.het_het = add_bytes(both),
            .het_hom = add_bytes(het_hom),
            .hom_het = add_bytes(hom_het),
            .ibs0 = add_bytes(ibs0)};
}

template <MissingCall missing_call>
SALUS_AVX2 std::uint32_t pair_distance(const std::uint8_t* first, const std::uint8_t* second,
                                       std::size_t begin, std::size_t end) noexcept {
    __m256i steps = _mm256_setzero_si256(), opposite = steps;
    for (std::size_t h = begin; h < end; ++h) {
        const Planes a = load(first, h), b = load(second, h);
        __m256i one = _mm256_xor_si256(a.hom, b.hom);
        if constexpr (missing_call == MissingCall::skipped)
            one = _mm256_or_si256(_mm256_and_si256(_mm256_andnot_si256(a.hom, a.ref), b.hom),
                                  _mm256_and_si256(_mm256_andnot_si256(b.hom, b.ref), a.hom));
        const __m256i two =
            _mm256_and_si256(_mm256_and_si256(a.hom, b.hom), _mm256_xor_si256(a.ref, b.ref));
        steps = _mm256_add_epi8(steps, ones(one));
        opposite = _mm256_add_epi8(opposite, ones(two));
    }
    return add_bytes(steps) + 4 * add_bytes(opposite);
}

template <MissingCall missing_call>
SALUS_AVX2 void add_group(const PairGroup& group, std::uint32_t* sums) noexcept {
    for (std::size_t p = 0; p < group_pairs; ++p)
        for (std::size_t h = 0; h < 2 * group.chunks; h += halves_per_sum)
            sums[p] += pair_distance<missing_call>(group.first[p / group_second],
                                                   group.second[p % group_second], h,
                                                   std::min(2 * group.chunks, h + halves_per_sum));
}

} // namespace

void add_distances_avx2(const PairGroup& group, MissingCall missing_call,
                        std::uint32_t* sums) noexcept {
    if (missing_call == MissingCall::het)
        add_group<MissingCall::het>(group, sums);
    else
        add_group<MissingCall::skipped>(group, sums);
}

SALUS_AVX2 void add_pair_counts_avx2(const PairGroup& group, PairCounts* sums) noexcept {
    for (std::size_t p = 0; p < group_pairs; ++p)
        for (std::size_t h = 0; h < 2 * group.chunks; h += halves_per_sum) {
            const PairCounts more =
                count_pair(group.first[p / group_second], group.second[p % group_second], h,
                           std::min(2 * group.chunks, h + halves_per_sum));
            sums[p].het_het += more.het_het;
            sums[p].het_hom += more.het_hom;
            sums[p].hom_het += more.hom_het;
            sums[p].ibs0 += more.ibs0;
        }
}

} // namespace salus::detail
#endif
