#include "kernels/call_pairs.hpp"

#include "base/error.hpp"
#include "kernels/population_count.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace salus {
namespace {

// The even bits of a word, packed into its low half.
constexpr std::uint64_t even_bits(std::uint64_t x) noexcept {
    x &= 0x5555555555555555;
    x = (x | x >> 1) & 0x3333333333333333;
    x = (x | x >> 2) & 0x0F0F0F0F0F0F0F0F;
    x = (x | x >> 4) & 0x00FF00FF00FF00FF;
    x = (x | x >> 8) & 0x0000FFFF0000FFFF;
    return (x | x >> 16) & 0x00000000FFFFFFFF;
}

struct Split {
    const std::uint8_t* row;
    std::size_t row_bytes; // readable
    const std::uint64_t* members;
    std::size_t words; // of a plane
    HetCall het_call;
    std::uint64_t *homozygous, *two, *called;
};

struct SplitCounts {
    std::int64_t called = 0, homozygous = 0, hom_alt = 0;
    // g = x + 1 over the called: x sums to hom_alt - (homozygous - hom_alt), x * x to homozygous.
    CallSums sums() const noexcept {
        const std::int64_t x = 2 * hom_alt - homozygous;
        return {.called = called, .sum = x + called, .squares = homozygous + 2 * x + called};
    }
};

struct RowWords {
    std::uint64_t first = 0, second = 0; // 32 samples each
};

[[gnu::always_inline]] inline RowWords row_words(const Split& s, std::size_t w) noexcept {
    RowWords words;
    if (16 * w + 16 <= s.row_bytes) std::memcpy(&words, s.row + 16 * w, 16);
    return words;
}

// `low`, `high`: the bits of 64 calls.
[[gnu::always_inline]] inline void split_word(const Split& s, std::size_t w, std::uint64_t low,
                                              std::uint64_t high, SplitCounts& counts) noexcept {
    const std::uint64_t members = s.members[w];
    const bool one_copy = s.het_call == HetCall::one_copy;
    s.homozygous[w] = one_copy ? (~low | high) & members : members;
    s.two[w] = ~low & high & members;
    s.called[w] = one_copy ? ~(low & high) & members : ~low & members;
    counts.called += count_bits(s.called[w]);
    counts.homozygous += count_bits(~low & members);
    counts.hom_alt += count_bits(s.two[w]);
}

CallSums split_reference(const Split& s, WordRange range) noexcept {
    SplitCounts counts;
    for (std::size_t w = range.begin; w < range.end; ++w) {
        const RowWords row = row_words(s, w);
        split_word(s, w, even_bits(row.first) | even_bits(row.second) << 32,
                   even_bits(row.first >> 1) | even_bits(row.second >> 1) << 32, counts);
    }
    return counts.sums();
}

#if defined(__x86_64__)
[[gnu::target("bmi2,popcnt")]] CallSums split_bmi2(const Split& s, WordRange range) noexcept {
    constexpr std::uint64_t even = 0x5555555555555555, odd = ~even;
    SplitCounts counts;
    for (std::size_t w = range.begin; w < range.end; ++w) {
        const RowWords row = row_words(s, w);
        split_word(s, w, _pext_u64(row.first, even) | _pext_u64(row.second, even) << 32,
                   _pext_u64(row.first, odd) | _pext_u64(row.second, odd) << 32, counts);
    }
    return counts.sums();
}
#endif

#if defined(__x86_64__)
template <int shift>
SALUS_POPCNT512 inline __m512i fold(__m512i x, std::int64_t mask) noexcept {
    return _mm512_and_si512(_mm512_or_si512(x, _mm512_srli_epi64(x, shift)),
                            _mm512_set1_epi64(mask));
}

// The even bits of two vectors, next to each other.
SALUS_POPCNT512 inline __m512i even_bits(__m512i first, __m512i second) noexcept {
    const __m512i even = _mm512_set1_epi64(0x5555555555555555);
    first = _mm512_and_si512(first, even);
    second = _mm512_and_si512(second, even);
    first = fold<1>(first, 0x3333333333333333);
    second = fold<1>(second, 0x3333333333333333);
    first = fold<2>(first, 0x0F0F0F0F0F0F0F0F);
    second = fold<2>(second, 0x0F0F0F0F0F0F0F0F);
    first = fold<4>(first, 0x00FF00FF00FF00FF);
    second = fold<4>(second, 0x00FF00FF00FF00FF);
    first = fold<8>(first, 0x0000FFFF0000FFFF);
    second = fold<8>(second, 0x0000FFFF0000FFFF);
    first = _mm512_or_si512(first, _mm512_srli_epi64(first, 16));
    second = _mm512_or_si512(second, _mm512_srli_epi64(second, 16));
    const __m512i low = _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
    return _mm512_permutex2var_epi32(first, low, second);
}

// Eight words at a time; what a row does not fill is read as zeros.
SALUS_POPCNT512 CallSums split_avx512(const Split& s, WordRange range) noexcept {
    const __m512i zero = _mm512_setzero_si512();
    const bool one_copy = s.het_call == HetCall::one_copy;
    __m512i called_sum = zero, homozygous_sum = zero, alt_sum = zero;
    for (std::size_t w = range.begin; w < range.end; w += 8) {
        const std::size_t byte = 16 * w;
        const __m512i first = byte + 64 <= s.row_bytes ? _mm512_loadu_si512(s.row + byte) : zero;
        const __m512i second =
            byte + 128 <= s.row_bytes ? _mm512_loadu_si512(s.row + byte + 64) : zero;
        const __m512i low = even_bits(first, second);
        const __m512i high = even_bits(_mm512_srli_epi64(first, 1), _mm512_srli_epi64(second, 1));
        const __m512i members = _mm512_load_si512(s.members + w);
        const __m512i homozygous = _mm512_andnot_si512(low, members);
        const __m512i two = _mm512_and_si512(homozygous, high);
        const __m512i missing = _mm512_and_si512(_mm512_and_si512(low, high), members);
        const __m512i called = one_copy ? _mm512_andnot_si512(missing, members) : homozygous;
        _mm512_store_si512(s.homozygous + w,
                           one_copy ? _mm512_or_si512(homozygous, missing) : members);
        _mm512_store_si512(s.two + w, two);
        _mm512_store_si512(s.called + w, called);
        called_sum = add_bits(called_sum, called);
        homozygous_sum = add_bits(homozygous_sum, homozygous);
        alt_sum = add_bits(alt_sum, two);
    }
    const SplitCounts counts{.called = add_lanes(called_sum),
                             .homozygous = add_lanes(homozygous_sum),
                             .hom_alt = add_lanes(alt_sum)};
    return counts.sums();
}
#endif

CallSums split(const Split& s, WordRange range, Isa isa) noexcept {
#if defined(__x86_64__)
    if (isa == Isa::avx512_vnni) return split_avx512(s, range);
    if (isa != Isa::reference && __builtin_cpu_supports("bmi2")) return split_bmi2(s, range);
#endif
    static_cast<void>(isa);
    return split_reference(s, range);
}

// Makes g' = 2 - g of g.
void flip(const Split& s) noexcept {
    for (std::size_t w = 0; w < s.words; ++w)
        s.two[w] = s.homozygous[w] & s.called[w] & ~s.two[w];
}

CallSums flipped(const CallSums& s) noexcept {
    return {.called = s.called,
            .sum = 2 * s.called - s.sum,
            .squares = 4 * (s.called - s.sum) + s.squares};
}

} // namespace

SampleBits::SampleBits(std::span<const std::uint8_t> members)
    : samples_(members.size()), words_((members.size() + 511) / 512 * 8),
      bits_(std::max<std::size_t>(1, words_)), after_(words_ / 8 + 1) {
    for (std::size_t i = members.size(); i-- > 0;) {
        if (members[i] != 0) {
            bits_.data()[i / 64] |= std::uint64_t{1} << (i % 64);
            ++count_;
        }
        after_[i / 512] = count_;
    }
}

Moments moments_of(const CallSums& sums) noexcept {
    if (sums.called == 0) return {};
    const auto n = static_cast<double>(sums.called);
    const std::int64_t scaled = sums.called * sums.squares - sums.sum * sums.sum;
    return {.mean = static_cast<double>(sums.sum) / std::sqrt(n),
            .spread = std::sqrt(static_cast<double>(scaled) / n)};
}

CallPlaneSlots::CallPlaneSlots(std::size_t slots, std::size_t words, double head_share)
    : words_(words),
      head_(std::min(
          words, static_cast<std::size_t>(static_cast<double>(words) * head_share / 8 + 0.5) * 8)),
      bits_(std::max<std::size_t>(1, slots * 3 * words)), planes_(slots) {
    SALUS_ASSERT(words % 8 == 0 && head_share > 0 && head_share <= 1);
    for (std::size_t slot = 0; slot < slots; ++slot) {
        const std::uint64_t* const first = words_of(slot);
        planes_[slot] = {.homozygous = first,
                         .two = first + words,
                         .called = first + 2 * words,
                         .words = words,
                         .head = head_};
    }
}

void CallPlaneSlots::set(std::size_t slot, std::span<const std::uint8_t> row,
                         const SampleBits& members, HetCall het_call, Isa isa) {
    SALUS_ASSERT(slot < planes_.size() && members.words() == words_);
    if (words_ == 0) return;
    std::uint64_t* const first = words_of(slot);
    const Split parts{.row = row.data(),
                      .row_bytes = (members.samples() + 255) / 256 * 64,
                      .members = members.data(),
                      .words = words_,
                      .het_call = het_call,
                      .homozygous = first,
                      .two = first + words_,
                      .called = first + 2 * words_};
    const CallSums head = split(parts, {0, head_}, isa), rest = split(parts, {head_, words_}, isa);
    CallPlanes& planes = planes_[slot];
    planes.sums = {.called = head.called + rest.called,
                   .sum = head.sum + rest.sum,
                   .squares = head.squares + rest.squares};
    planes.flipped = planes.sums.sum > planes.sums.called;
    if (planes.flipped) flip(parts);
    planes.minor = planes.flipped ? flipped(planes.sums) : planes.sums;
    planes.rest = planes.flipped ? flipped(rest) : rest;
    planes.rest.called = static_cast<std::int64_t>(members.count_from(head_));
    planes.rest_moments = moments_of(planes.rest);
    planes.members = static_cast<std::int64_t>(members.count());
    planes.complete = planes.sums.called == planes.members;
}

} // namespace salus
