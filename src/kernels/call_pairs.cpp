#include "kernels/call_pairs.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized" // false alarm of g++ 12 in this header
#include <immintrin.h>
#pragma GCC diagnostic pop
#endif

namespace salus {
namespace reference {

CallPairSums pair_sums(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b,
                       std::span<const std::uint8_t> members, HetCall het_call) {
    CallPairSums sums;
    const auto absent = [&](std::uint8_t call) {
        return call == missing || (call == het && het_call == HetCall::missing);
    };
    for (std::size_t i = 0; i < members.size(); ++i) {
        const std::uint8_t x = packed_get(a, i), y = packed_get(b, i);
        if (members[i] == 0 || absent(x) || absent(y)) continue;
        ++sums.samples;
        sums.sum_a += x, sums.sum_b += y;
        sums.squares_a += x * x, sums.squares_b += y * y;
        sums.product += x * y;
    }
    return sums;
}

} // namespace reference

namespace {

// Counts that give all sums in the coding x = g - 1 (-1, 0, 1), where x * x is the homozygous bit.
struct PlaneCounts {
    std::int64_t both_homozygous = 0, opposite = 0; // opposite: among those, x_a != x_b
    std::int64_t homozygous_a = 0, alt_a = 0;       // where b is called
    std::int64_t homozygous_b = 0, alt_b = 0;       // where a is called
    std::int64_t called = 0;                        // in both
};

enum class Need { product, product_and_called, product_and_a, product_and_b, everything };

inline std::int64_t count_bits(std::uint64_t word) noexcept { return std::popcount(word); }

// Inlined into variants that differ in the population count instruction.
template <Need need>
[[gnu::always_inline]] inline PlaneCounts count_words(const CallPlanes& a,
                                                      const CallPlanes& b) noexcept {
    constexpr bool a_too = need == Need::product_and_a || need == Need::everything;
    constexpr bool b_too = need == Need::product_and_b || need == Need::everything;
    constexpr bool both_called = need == Need::product_and_called || need == Need::everything;
    PlaneCounts counts;
    for (std::size_t w = 0; w < a.words; ++w) {
        const std::uint64_t both = a.homozygous[w] & b.homozygous[w];
        counts.both_homozygous += count_bits(both);
        counts.opposite += count_bits((a.hom_alt[w] ^ b.hom_alt[w]) & both);
        if constexpr (a_too) {
            counts.homozygous_a += count_bits(a.homozygous[w] & b.called[w]);
            counts.alt_a += count_bits(a.hom_alt[w] & b.called[w]);
        }
        if constexpr (b_too) {
            counts.homozygous_b += count_bits(b.homozygous[w] & a.called[w]);
            counts.alt_b += count_bits(b.hom_alt[w] & a.called[w]);
        }
        if constexpr (both_called) counts.called += count_bits(a.called[w] & b.called[w]);
    }
    return counts;
}

[[gnu::always_inline]] inline PlaneCounts count_words(Need need, const CallPlanes& a,
                                                      const CallPlanes& b) noexcept {
    switch (need) {
    case Need::product:
        return count_words<Need::product>(a, b);
    case Need::product_and_called:
        return count_words<Need::product_and_called>(a, b);
    case Need::product_and_a:
        return count_words<Need::product_and_a>(a, b);
    case Need::product_and_b:
        return count_words<Need::product_and_b>(a, b);
    case Need::everything:
        break;
    }
    return count_words<Need::everything>(a, b);
}

PlaneCounts count_reference(Need need, const CallPlanes& a, const CallPlanes& b) noexcept {
    return count_words(need, a, b);
}

#if defined(__x86_64__)

[[gnu::target("popcnt")]] PlaneCounts count_popcnt(Need need, const CallPlanes& a,
                                                   const CallPlanes& b) noexcept {
    return count_words(need, a, b);
}

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

template <Need need>
SALUS_POPCNT512 PlaneCounts count_avx512(const CallPlanes& a, const CallPlanes& b) noexcept {
    constexpr bool a_too = need == Need::product_and_a || need == Need::everything;
    constexpr bool b_too = need == Need::product_and_b || need == Need::everything;
    constexpr bool both_called = need == Need::product_and_called || need == Need::everything;
    __m512i both_sum = _mm512_setzero_si512(), opposite_sum = both_sum, homozygous_a = both_sum,
            alt_a = both_sum, homozygous_b = both_sum, alt_b = both_sum, called_sum = both_sum;
    for (std::size_t w = 0; w < a.words; w += 8) {
        const __m512i hom_a = _mm512_load_si512(a.homozygous + w);
        const __m512i hom_b = _mm512_load_si512(b.homozygous + w);
        const __m512i two_a = _mm512_load_si512(a.hom_alt + w);
        const __m512i two_b = _mm512_load_si512(b.hom_alt + w);
        const __m512i both = _mm512_and_si512(hom_a, hom_b);
        both_sum = add_bits(both_sum, both);
        // (two_a ^ two_b) & both in one instruction: truth table 0b00101000.
        opposite_sum = add_bits(opposite_sum, _mm512_ternarylogic_epi64(two_a, two_b, both, 0x28));
        if constexpr (a_too) {
            const __m512i called_b = _mm512_load_si512(b.called + w);
            homozygous_a = add_bits(homozygous_a, _mm512_and_si512(hom_a, called_b));
            alt_a = add_bits(alt_a, _mm512_and_si512(two_a, called_b));
        }
        if constexpr (b_too) {
            const __m512i called_a = _mm512_load_si512(a.called + w);
            homozygous_b = add_bits(homozygous_b, _mm512_and_si512(hom_b, called_a));
            alt_b = add_bits(alt_b, _mm512_and_si512(two_b, called_a));
        }
        if constexpr (both_called)
            called_sum = add_bits(called_sum, _mm512_and_si512(_mm512_load_si512(a.called + w),
                                                               _mm512_load_si512(b.called + w)));
    }
    PlaneCounts counts{.both_homozygous = add_lanes(both_sum), .opposite = add_lanes(opposite_sum)};
    if constexpr (a_too) {
        counts.homozygous_a = add_lanes(homozygous_a);
        counts.alt_a = add_lanes(alt_a);
    }
    if constexpr (b_too) {
        counts.homozygous_b = add_lanes(homozygous_b);
        counts.alt_b = add_lanes(alt_b);
    }
    if constexpr (both_called) counts.called = add_lanes(called_sum);
    return counts;
}

PlaneCounts count_avx512(Need need, const CallPlanes& a, const CallPlanes& b) noexcept {
    switch (need) {
    case Need::product:
        return count_avx512<Need::product>(a, b);
    case Need::product_and_called:
        return count_avx512<Need::product_and_called>(a, b);
    case Need::product_and_a:
        return count_avx512<Need::product_and_a>(a, b);
    case Need::product_and_b:
        return count_avx512<Need::product_and_b>(a, b);
    case Need::everything:
        break;
    }
    return count_avx512<Need::everything>(a, b);
}
#endif

PlaneCounts count_planes(Need need, const CallPlanes& a, const CallPlanes& b, Isa isa) noexcept {
#if defined(__x86_64__)
    if (isa == Isa::avx512_vnni) return count_avx512(need, a, b);
    if (isa == Isa::avx2) return count_popcnt(need, a, b);
#endif
    static_cast<void>(isa);
    return count_reference(need, a, b);
}

// Copies of a sample in planes, or `missing`.
inline std::uint8_t call_in(const CallPlanes& planes, std::size_t sample) noexcept {
    const std::size_t word = sample / 64, bit = sample % 64;
    if ((planes.called[word] >> bit & 1) == 0) return missing;
    if ((planes.homozygous[word] >> bit & 1) == 0) return het;
    return (planes.hom_alt[word] >> bit & 1) != 0 ? hom_alt : hom_ref;
}

// Adds what a pair of calls, at least one of them not hom_ref, changes against "all of a, all of
// b": `sums` starts with the sums of each variant over its own called samples.
inline void correct(CallPairSums& sums, std::uint8_t a, std::uint8_t b) noexcept {
    if (a == missing && b != missing) {
        --sums.samples;
        sums.sum_b -= b, sums.squares_b -= b * b;
    } else if (b == missing && a != missing) {
        --sums.samples;
        sums.sum_a -= a, sums.squares_a -= a * a;
    } else if (a == missing) {
        --sums.samples;
    } else {
        sums.product += a * b;
    }
}

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
    std::size_t words;
    HetCall het_call;
    std::uint64_t *homozygous, *hom_alt, *called;
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
    s.homozygous[w] = ~low & members;
    s.hom_alt[w] = ~low & high & members;
    s.called[w] = s.het_call == HetCall::one_copy ? ~(low & high) & members : ~low & members;
    counts.called += count_bits(s.called[w]);
    counts.homozygous += count_bits(s.homozygous[w]);
    counts.hom_alt += count_bits(s.hom_alt[w]);
}

CallSums split_reference(const Split& s) noexcept {
    SplitCounts counts;
    for (std::size_t w = 0; w < s.words; ++w) {
        const RowWords row = row_words(s, w);
        split_word(s, w, even_bits(row.first) | even_bits(row.second) << 32,
                   even_bits(row.first >> 1) | even_bits(row.second >> 1) << 32, counts);
    }
    return counts.sums();
}

#if defined(__x86_64__)
[[gnu::target("bmi2,popcnt")]] CallSums split_bmi2(const Split& s) noexcept {
    constexpr std::uint64_t even = 0x5555555555555555, odd = ~even;
    SplitCounts counts;
    for (std::size_t w = 0; w < s.words; ++w) {
        const RowWords row = row_words(s, w);
        split_word(s, w, _pext_u64(row.first, even) | _pext_u64(row.second, even) << 32,
                   _pext_u64(row.first, odd) | _pext_u64(row.second, odd) << 32, counts);
    }
    return counts.sums();
}
#endif

CallSums split(const Split& s, Isa isa) noexcept {
#if defined(__x86_64__)
    if (isa != Isa::reference && __builtin_cpu_supports("bmi2")) return split_bmi2(s);
#endif
    static_cast<void>(isa);
    return split_reference(s);
}

} // namespace

SampleBits::SampleBits(std::span<const std::uint8_t> members)
    : samples_(members.size()), words_((members.size() + 511) / 512 * 8),
      lines_(std::max<std::size_t>(1, words_ / 8)) {
    for (std::size_t i = 0; i < members.size(); ++i) {
        if (members[i] == 0) continue;
        lines_[i / 512].word[i / 64 % 8] |= std::uint64_t{1} << (i % 64);
        ++count_;
    }
}

CallPlaneSlots::CallPlaneSlots(std::size_t slots, std::size_t words)
    : words_(words), lines_(std::max<std::size_t>(1, slots * 3 * words / 8)), planes_(slots) {
    SALUS_ASSERT(words % 8 == 0);
    for (std::size_t slot = 0; slot < slots; ++slot) {
        const std::uint64_t* const first = lines_[0].word + 3 * words * slot;
        planes_[slot] = {.homozygous = first,
                         .hom_alt = first + words,
                         .called = first + 2 * words,
                         .words = words};
    }
}

void CallPlaneSlots::set(std::size_t slot, std::span<const std::uint8_t> row,
                         const SampleBits& members, HetCall het_call, Isa isa) {
    SALUS_ASSERT(slot < planes_.size() && members.words() == words_);
    if (words_ == 0) return;
    std::uint64_t* const first = lines_[0].word + 3 * words_ * slot;
    CallPlanes& planes = planes_[slot];
    planes.sums = split({.row = row.data(),
                         .row_bytes = (members.samples() + 255) / 256 * 64,
                         .members = members.data(),
                         .words = words_,
                         .het_call = het_call,
                         .homozygous = first,
                         .hom_alt = first + words_,
                         .called = first + 2 * words_},
                        isa);
    planes.complete = planes.sums.called == static_cast<std::int64_t>(members.count());
}

CallPairSums pair_sums(const CallPlanes& a, const CallPlanes& b, Isa isa) noexcept {
    const Need need = a.complete ? (b.complete ? Need::product : Need::product_and_a)
                                 : (b.complete ? Need::product_and_b : Need::everything);
    const PlaneCounts counts = count_planes(need, a, b, isa);
    CallPairSums sums{.samples = need == Need::everything ? counts.called
                                 : a.complete             ? b.sums.called
                                                          : a.sums.called,
                      .sum_a = a.sums.sum,
                      .sum_b = b.sums.sum,
                      .squares_a = a.sums.squares,
                      .squares_b = b.sums.squares};
    if (!b.complete) {
        const std::int64_t x = 2 * counts.alt_a - counts.homozygous_a;
        sums.sum_a = x + sums.samples;
        sums.squares_a = counts.homozygous_a + 2 * x + sums.samples;
    }
    if (!a.complete) {
        const std::int64_t x = 2 * counts.alt_b - counts.homozygous_b;
        sums.sum_b = x + sums.samples;
        sums.squares_b = counts.homozygous_b + 2 * x + sums.samples;
    }
    // g_a g_b = x_a x_b + g_a + g_b - 1.
    sums.product =
        counts.both_homozygous - 2 * counts.opposite + sums.sum_a + sums.sum_b - sums.samples;
    return sums;
}

CallPairGlance pair_glance(const CallPlanes& a, const CallPlanes& b, Isa isa) noexcept {
    const PlaneCounts counts = count_planes(Need::product_and_called, a, b, isa);
    return {.samples = counts.called, .product = counts.both_homozygous - 2 * counts.opposite};
}

CallPairSums pair_sums(std::span<const Carrier> carriers, const CallSums& sums_a,
                       const CallPlanes& b) noexcept {
    CallPairSums sums{.samples = b.sums.called,
                      .sum_a = sums_a.sum,
                      .sum_b = b.sums.sum,
                      .squares_a = sums_a.squares,
                      .squares_b = b.sums.squares};
    for (const Carrier carrier : carriers) {
        const std::uint8_t x = carrier_call(carrier), y = call_in(b, carrier_sample(carrier));
        if (x == missing && y == missing) continue; // b's count leaves it out already
        if (y == missing)
            sums.sum_a -= x, sums.squares_a -= x * x;
        else
            correct(sums, x, y);
    }
    return sums;
}

CallPairSums pair_sums(std::span<const Carrier> a, const CallSums& sums_a,
                       std::span<const Carrier> b, const CallSums& sums_b,
                       std::size_t samples) noexcept {
    CallPairSums sums{.samples = static_cast<std::int64_t>(samples),
                      .sum_a = sums_a.sum,
                      .sum_b = sums_b.sum,
                      .squares_a = sums_a.squares,
                      .squares_b = sums_b.squares};
    auto x = a.begin(), y = b.begin();
    while (x != a.end() || y != b.end()) {
        if (y == b.end() || (x != a.end() && carrier_sample(*x) < carrier_sample(*y)))
            correct(sums, carrier_call(*x++), hom_ref);
        else if (x == a.end() || carrier_sample(*y) < carrier_sample(*x))
            correct(sums, hom_ref, carrier_call(*y++));
        else
            correct(sums, carrier_call(*x++), carrier_call(*y++));
    }
    return sums;
}

CallSums call_sums(std::span<const Carrier> carriers, std::size_t samples) noexcept {
    CallSums sums{.called = static_cast<std::int64_t>(samples)};
    for (const Carrier carrier : carriers) {
        const std::uint8_t call = carrier_call(carrier);
        if (call == missing) {
            --sums.called;
        } else {
            sums.sum += call;
            sums.squares += call * call;
        }
    }
    return sums;
}

} // namespace salus
