#include "kernels/call_pairs.hpp"

#include "kernels/population_count.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <cstring>

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

// Counts that give all sums in the coding x = g' - 1 (-1, 0, 1), where x * x is the homozygous bit.
struct PlaneCounts {
    std::int64_t both_homozygous = 0, opposite = 0; // opposite: among those, x_a != x_b
    std::int64_t called = 0;                        // in both; where called in both:
    std::int64_t homozygous_a = 0, two_a = 0, homozygous_b = 0, two_b = 0;
    std::int64_t product() const noexcept { return both_homozygous - 2 * opposite; }
};

enum class Need { product, product_and_a, product_and_b, everything };

// Inlined into variants that differ in the population count instruction.
template <Need need>
[[gnu::always_inline]] inline PlaneCounts count_words(const CallPlanes& a, const CallPlanes& b,
                                                      WordRange range) noexcept {
    constexpr bool a_too = need == Need::product_and_a || need == Need::everything;
    constexpr bool b_too = need == Need::product_and_b || need == Need::everything;
    PlaneCounts counts;
    for (std::size_t w = range.begin; w < range.end; ++w) {
        const std::uint64_t both = a.homozygous[w] & b.homozygous[w];
        counts.both_homozygous += count_bits(both);
        counts.opposite += count_bits((a.two[w] ^ b.two[w]) & both);
        if constexpr (need == Need::product) continue;
        const std::uint64_t called = a.called[w] & b.called[w];
        counts.called += count_bits(called);
        if constexpr (a_too) {
            counts.homozygous_a += count_bits(a.homozygous[w] & called);
            counts.two_a += count_bits(a.two[w] & called);
        }
        if constexpr (b_too) {
            counts.homozygous_b += count_bits(b.homozygous[w] & called);
            counts.two_b += count_bits(b.two[w] & called);
        }
    }
    return counts;
}

[[gnu::always_inline]] inline PlaneCounts
count_words(Need need, const CallPlanes& a, const CallPlanes& b, WordRange range) noexcept {
    switch (need) {
    case Need::product:
        return count_words<Need::product>(a, b, range);
    case Need::product_and_a:
        return count_words<Need::product_and_a>(a, b, range);
    case Need::product_and_b:
        return count_words<Need::product_and_b>(a, b, range);
    case Need::everything:
        break;
    }
    return count_words<Need::everything>(a, b, range);
}

PlaneCounts count_reference(Need need, const CallPlanes& a, const CallPlanes& b,
                            WordRange range) noexcept {
    return count_words(need, a, b, range);
}

#if defined(__x86_64__)

[[gnu::target("popcnt")]] PlaneCounts count_popcnt(Need need, const CallPlanes& a,
                                                   const CallPlanes& b, WordRange range) noexcept {
    return count_words(need, a, b, range);
}

template <Need need>
SALUS_POPCNT512 PlaneCounts count_avx512(const CallPlanes& a, const CallPlanes& b,
                                         WordRange range) noexcept {
    constexpr bool a_too = need == Need::product_and_a || need == Need::everything;
    constexpr bool b_too = need == Need::product_and_b || need == Need::everything;
    __m512i both_sum = _mm512_setzero_si512(), opposite_sum = both_sum, homozygous_a = both_sum,
            two_a = both_sum, homozygous_b = both_sum, two_b = both_sum, called_sum = both_sum;
    for (std::size_t w = range.begin; w < range.end; w += 8) {
        const __m512i hom_a = _mm512_load_si512(a.homozygous + w);
        const __m512i hom_b = _mm512_load_si512(b.homozygous + w);
        const __m512i alt_a = _mm512_load_si512(a.two + w);
        const __m512i alt_b = _mm512_load_si512(b.two + w);
        const __m512i both = _mm512_and_si512(hom_a, hom_b);
        both_sum = add_bits(both_sum, both);
        // (alt_a ^ alt_b) & both in one instruction: truth table 0b00101000.
        opposite_sum = add_bits(opposite_sum, _mm512_ternarylogic_epi64(alt_a, alt_b, both, 0x28));
        if constexpr (need == Need::product) continue;
        const __m512i called =
            _mm512_and_si512(_mm512_load_si512(a.called + w), _mm512_load_si512(b.called + w));
        called_sum = add_bits(called_sum, called);
        if constexpr (a_too) {
            homozygous_a = add_bits(homozygous_a, _mm512_and_si512(hom_a, called));
            two_a = add_bits(two_a, _mm512_and_si512(alt_a, called));
        }
        if constexpr (b_too) {
            homozygous_b = add_bits(homozygous_b, _mm512_and_si512(hom_b, called));
            two_b = add_bits(two_b, _mm512_and_si512(alt_b, called));
        }
    }
    PlaneCounts counts{.both_homozygous = add_lanes(both_sum), .opposite = add_lanes(opposite_sum)};
    if constexpr (need == Need::product) return counts;
    counts.called = add_lanes(called_sum);
    if constexpr (a_too) {
        counts.homozygous_a = add_lanes(homozygous_a);
        counts.two_a = add_lanes(two_a);
    }
    if constexpr (b_too) {
        counts.homozygous_b = add_lanes(homozygous_b);
        counts.two_b = add_lanes(two_b);
    }
    return counts;
}

PlaneCounts count_avx512(Need need, const CallPlanes& a, const CallPlanes& b,
                         WordRange range) noexcept {
    switch (need) {
    case Need::product:
        return count_avx512<Need::product>(a, b, range);
    case Need::product_and_a:
        return count_avx512<Need::product_and_a>(a, b, range);
    case Need::product_and_b:
        return count_avx512<Need::product_and_b>(a, b, range);
    case Need::everything:
        break;
    }
    return count_avx512<Need::everything>(a, b, range);
}
#endif

PlaneCounts count_planes(Need need, const CallPlanes& a, const CallPlanes& b, WordRange range,
                         Isa isa) noexcept {
#if defined(__x86_64__)
    if (isa == Isa::avx512_vnni) return count_avx512(need, a, b, range);
    if (isa == Isa::avx2) return count_popcnt(need, a, b, range);
#endif
    static_cast<void>(isa);
    return count_reference(need, a, b, range);
}

// Copies of a sample in planes, or `missing`.
inline std::uint8_t call_in(const CallPlanes& planes, std::size_t sample) noexcept {
    const std::size_t word = sample / 64, bit = sample % 64;
    if ((planes.called[word] >> bit & 1) == 0) return missing;
    if ((planes.homozygous[word] >> bit & 1) == 0) return het;
    return ((planes.two[word] >> bit & 1) != 0) != planes.flipped ? hom_alt : hom_ref;
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

} // namespace

std::int64_t centred_product(const CallPlanes& a, const CallPlanes& b, WordRange range,
                             Isa isa) noexcept {
    return count_planes(Need::product, a, b, range, isa).product();
}

CallPairSums pair_sums(const CallPlanes& a, const CallPlanes& b, Isa isa) noexcept {
    const Need need = a.complete ? (b.complete ? Need::product : Need::product_and_a)
                                 : (b.complete ? Need::product_and_b : Need::everything);
    const PlaneCounts counts = count_planes(need, a, b, {0, a.words}, isa);
    CallPairSums sums{.samples = need == Need::product ? a.members : counts.called,
                      .sum_a = a.minor.sum,
                      .sum_b = b.minor.sum,
                      .squares_a = a.minor.squares,
                      .squares_b = b.minor.squares,
                      .product = counts.product() + a.minor.sum + b.minor.sum - a.members};
    if (!b.complete) { // with g' = x + 1
        const std::int64_t x = 2 * counts.two_a - counts.homozygous_a;
        sums.sum_a = x + sums.samples;
        sums.squares_a = counts.homozygous_a + 2 * x + sums.samples;
    }
    if (!a.complete) {
        const std::int64_t x = 2 * counts.two_b - counts.homozygous_b;
        sums.sum_b = x + sums.samples;
        sums.squares_b = counts.homozygous_b + 2 * x + sums.samples;
    }
    if (a.flipped) {
        sums.product = 2 * sums.sum_b - sums.product;
        sums.squares_a += 4 * (sums.samples - sums.sum_a);
        sums.sum_a = 2 * sums.samples - sums.sum_a;
    }
    if (b.flipped) {
        sums.product = 2 * sums.sum_a - sums.product;
        sums.squares_b += 4 * (sums.samples - sums.sum_b);
        sums.sum_b = 2 * sums.samples - sums.sum_b;
    }
    return sums;
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
