#include "kernels/genotype_counts.hpp"

#include <bit>
#include <cstring>

#if defined(__x86_64__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized" // false alarm of g++ 12 in this header
#include <immintrin.h>
#pragma GCC diagnostic pop
#endif

namespace salus {
namespace {

constexpr std::uint64_t low_bits = 0x5555555555555555;

// Sums over samples of the mask: low bit set, high bit set, both set.
struct PlaneCounts {
    std::uint64_t low = 0, high = 0, both = 0;
};

inline std::uint64_t load_word(const std::uint8_t* row, std::size_t word) noexcept {
    std::uint64_t value;
    std::memcpy(&value, row + 8 * word, 8);
    return value;
}

// `mask` null = everybody. Inlined into variants that differ in the population count instruction.
[[gnu::always_inline]] inline PlaneCounts count_words(const std::uint8_t* row,
                                                      const std::uint64_t* mask, std::size_t begin,
                                                      std::size_t end) noexcept {
    PlaneCounts sum;
    for (std::size_t w = begin; w < end; ++w) {
        const std::uint64_t members = mask != nullptr ? mask[w] : low_bits;
        const std::uint64_t value = load_word(row, w);
        const std::uint64_t low = value & members, high = value >> 1 & members;
        sum.low += static_cast<std::uint64_t>(std::popcount(low));
        sum.high += static_cast<std::uint64_t>(std::popcount(high));
        sum.both += static_cast<std::uint64_t>(std::popcount(low & high));
    }
    return sum;
}

PlaneCounts count_reference(const std::uint8_t* row, const std::uint64_t* mask,
                            std::size_t words) noexcept {
    return count_words(row, mask, 0, words);
}

#if defined(__x86_64__)
[[gnu::target("popcnt")]] PlaneCounts
count_popcnt(const std::uint8_t* row, const std::uint64_t* mask, std::size_t words) noexcept {
    return count_words(row, mask, 0, words);
}

[[gnu::target("avx512f,avx512vpopcntdq,popcnt")]] PlaneCounts
count_avx512(const std::uint8_t* row, const std::uint64_t* mask, std::size_t words) noexcept {
    const __m512i everybody = _mm512_set1_epi64(static_cast<long long>(low_bits));
    __m512i low_sum = _mm512_setzero_si512(), high_sum = low_sum, both_sum = low_sum;
    for (std::size_t w = 0; w + 8 <= words; w += 8) {
        const __m512i value = _mm512_loadu_si512(row + 8 * w);
        const __m512i members = mask != nullptr ? _mm512_loadu_si512(mask + w) : everybody;
        const __m512i low = _mm512_and_si512(value, members);
        const __m512i high = _mm512_and_si512(_mm512_srli_epi64(value, 1), members);
        low_sum = _mm512_add_epi64(low_sum, _mm512_popcnt_epi64(low));
        high_sum = _mm512_add_epi64(high_sum, _mm512_popcnt_epi64(high));
        both_sum = _mm512_add_epi64(both_sum, _mm512_popcnt_epi64(_mm512_and_si512(low, high)));
    }
    PlaneCounts sum = count_words(row, mask, words - words % 8, words);
    alignas(64) std::uint64_t lanes[3][8];
    _mm512_store_si512(lanes[0], low_sum);
    _mm512_store_si512(lanes[1], high_sum);
    _mm512_store_si512(lanes[2], both_sum);
    for (int lane = 0; lane < 8; ++lane) {
        sum.low += lanes[0][lane];
        sum.high += lanes[1][lane];
        sum.both += lanes[2][lane];
    }
    return sum;
}
#endif

PlaneCounts count_planes(const std::uint8_t* row, const std::uint64_t* mask, std::size_t words,
                         Isa isa) noexcept {
#if defined(__x86_64__)
    if (isa == Isa::avx512_vnni) return count_avx512(row, mask, words);
    if (isa == Isa::avx2) return count_popcnt(row, mask, words);
#endif
    static_cast<void>(isa);
    return count_reference(row, mask, words);
}

GenotypeCounts to_counts(const PlaneCounts& planes, std::size_t samples) noexcept {
    GenotypeCounts counts{.het = planes.low - planes.both,
                          .hom_alt = planes.high - planes.both,
                          .missing = planes.both};
    counts.hom_ref = samples - counts.het - counts.hom_alt - counts.missing;
    return counts;
}

} // namespace

SampleMask::SampleMask(std::span<const std::uint8_t> members)
    : samples_(members.size()), words_((members.size() + 255) / 256 * 8) {
    for (std::size_t i = 0; i < members.size(); ++i) {
        if (members[i] == 0) continue;
        words_[i / 32] |= std::uint64_t{1} << (2 * (i % 32));
        ++count_;
    }
}

GenotypeCounts count_genotypes(std::span<const std::uint8_t> row, std::size_t samples,
                               Isa isa) noexcept {
    return to_counts(count_planes(row.data(), nullptr, (samples + 255) / 256 * 8, isa), samples);
}

GenotypeCounts count_genotypes(std::span<const std::uint8_t> row, const SampleMask& mask,
                               Isa isa) noexcept {
    const auto words = mask.words();
    return to_counts(count_planes(row.data(), words.data(), words.size(), isa), mask.count());
}

GenotypeCounts count_genotypes(std::span<const Carrier> carriers, std::size_t samples) noexcept {
    std::uint64_t by_call[4] = {};
    for (const Carrier carrier : carriers)
        ++by_call[carrier_call(carrier)];
    return {.hom_ref = samples - by_call[het] - by_call[hom_alt] - by_call[missing],
            .het = by_call[het],
            .hom_alt = by_call[hom_alt],
            .missing = by_call[missing]};
}

GenotypeCounts count_genotypes(std::span<const Carrier> carriers, const SampleMask& mask) noexcept {
    std::uint64_t by_call[4] = {};
    for (const Carrier carrier : carriers) {
        by_call[carrier_call(carrier)] += mask.contains(carrier_sample(carrier)) ? 1U : 0U;
    }
    return {.hom_ref = mask.count() - by_call[het] - by_call[hom_alt] - by_call[missing],
            .het = by_call[het],
            .hom_alt = by_call[hom_alt],
            .missing = by_call[missing]};
}

void list_missing(std::span<const std::uint8_t> row, std::size_t samples,
                  std::vector<Carrier>& out) {
    for (std::size_t w = 0; w < (samples + 31) / 32; ++w) {
        const std::uint64_t value = load_word(row.data(), w);
        for (std::uint64_t bits = value & value >> 1 & low_bits; bits != 0; bits &= bits - 1) {
            const auto bit = static_cast<std::size_t>(std::countr_zero(bits));
            out.push_back(make_carrier(32 * w + bit / 2, missing));
        }
    }
}

} // namespace salus
