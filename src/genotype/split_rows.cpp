#include "genotype/split_rows.hpp"

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
namespace {

constexpr std::uint64_t low_bits = 0x5555555555555555, high_bits = ~low_bits;

std::uint64_t load(std::span<const std::uint8_t> bytes, std::size_t at) noexcept {
    std::uint64_t word = 0;
    if (at < bytes.size())
        std::memcpy(&word, bytes.data() + at, std::min<std::size_t>(8, bytes.size() - at));
    return word;
}

std::uint64_t load_bits(std::span<const std::uint8_t> bytes, std::size_t bit) noexcept {
    const std::size_t byte = bit / 8, shift = bit % 8;
    const std::uint64_t word = load(bytes, byte) >> shift;
    return shift == 0 || byte + 8 >= bytes.size()
               ? word
               : word | static_cast<std::uint64_t>(bytes[byte + 8]) << (64 - shift);
}

/// The even bits of a word, next to each other.
std::uint64_t gather_even(std::uint64_t x) noexcept {
    x &= low_bits;
    x = (x | x >> 1) & 0x3333333333333333;
    x = (x | x >> 2) & 0x0F0F0F0F0F0F0F0F;
    x = (x | x >> 4) & 0x00FF00FF00FF00FF;
    x = (x | x >> 8) & 0x0000FFFF0000FFFF;
    return (x | x >> 16) & 0x00000000FFFFFFFF;
}

/// The 32 lowest bits of a word at its even places.
std::uint64_t spread_even(std::uint64_t x) noexcept {
    x &= 0x00000000FFFFFFFF;
    x = (x | x << 16) & 0x0000FFFF0000FFFF;
    x = (x | x << 8) & 0x00FF00FF00FF00FF;
    x = (x | x << 4) & 0x0F0F0F0F0F0F0F0F;
    x = (x | x << 2) & 0x3333333333333333;
    return (x | x << 1) & low_bits;
}

std::uint64_t low_mask(std::size_t bits) noexcept {
    return bits >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
}

void store_word(std::uint8_t* row, std::uint64_t first, std::uint64_t second) noexcept {
    std::memcpy(row, &first, 8);
    std::memcpy(row + 8, &second, 8);
}

void append_bytes(std::vector<std::uint8_t>& out, std::size_t& bit, std::uint64_t value,
                  std::size_t bits, std::size_t begin) {
    for (std::size_t done = 0; done < bits;) {
        const std::size_t byte = begin + bit / 8, shift = bit % 8,
                          take = std::min(8 - shift, bits - done);
        const auto piece = static_cast<unsigned>(value >> done & low_mask(take));
        out[byte] = static_cast<std::uint8_t>(out[byte] | piece << shift);
        done += take;
        bit += take;
    }
}

} // namespace

void split_row(std::span<const std::uint8_t> row, std::size_t samples, Commonest commonest,
               std::vector<std::uint8_t>& out) {
    const std::size_t begin = out.size(), plane = (samples + 7) / 8;
    out.resize(begin + plane);
    std::size_t bit = 0;
    for (std::size_t i = 0; i < samples; i += 64) {
        const std::uint64_t a = load(row, i / 4), b = load(row, i / 4 + 8);
        const std::uint64_t members = low_mask(samples - i);
        const std::uint64_t low = gather_even(a) | gather_even(b) << 32;
        std::uint64_t high = gather_even(a >> 1) | gather_even(b >> 1) << 32;
        if (commonest == Commonest::hom_alt) high ^= ~low & members; // 0 and 2 change places
        const std::uint64_t others = low | high;
        std::uint64_t kinds = 0;
        for (std::uint64_t rest = high & ~low; rest != 0; rest &= rest - 1)
            kinds |= std::uint64_t{1} << std::popcount(others & ((rest & -rest) - 1));
        const std::size_t bytes = std::min<std::size_t>(8, plane - i / 8);
        std::memcpy(out.data() + begin + i / 8, &others, bytes);
        const auto count = static_cast<std::size_t>(std::popcount(others));
        out.resize(begin + plane + (bit + count + 7) / 8);
        append_bytes(out, bit, kinds, count, begin + plane);
    }
}

namespace reference {

bool join_row(std::span<const std::uint8_t> planes, std::size_t samples, std::size_t others,
              Commonest commonest, std::uint8_t* row) noexcept {
    if (planes.size() != split_bytes(samples, others)) return false;
    const auto marks = planes.first((samples + 7) / 8), kinds = planes.subspan(marks.size());
    std::size_t bit = 0;
    for (std::size_t i = 0; i < samples; i += 64) {
        const std::uint64_t mark = load(marks, i / 8), members = low_mask(samples - i);
        if ((mark & ~members) != 0) return false;
        std::uint64_t kind = load_bits(kinds, bit), homozygous = 0;
        for (std::uint64_t rest = mark; rest != 0; rest &= rest - 1, kind >>= 1)
            if (kind & 1) homozygous |= rest & -rest;
        bit += static_cast<std::size_t>(std::popcount(mark));
        const std::uint64_t low = mark & ~homozygous;
        const std::uint64_t high = commonest == Commonest::hom_ref ? homozygous : ~mark & members;
        store_word(row + i / 4, spread_even(low) | spread_even(high) << 1,
                   spread_even(low >> 32) | spread_even(high >> 32) << 1);
    }
    return bit == others;
}

} // namespace reference

namespace {

#if defined(__x86_64__)
[[gnu::target("bmi2,popcnt")]] bool join_bmi2(std::span<const std::uint8_t> planes,
                                              std::size_t samples, std::size_t others,
                                              Commonest commonest, std::uint8_t* row) noexcept {
    if (planes.size() != split_bytes(samples, others)) return false;
    const auto marks = planes.first((samples + 7) / 8), kinds = planes.subspan(marks.size());
    std::size_t bit = 0;
    for (std::size_t i = 0; i < samples; i += 64) {
        const std::uint64_t mark = load(marks, i / 8), members = low_mask(samples - i);
        if ((mark & ~members) != 0) return false;
        const std::uint64_t homozygous = _pdep_u64(load_bits(kinds, bit), mark);
        bit += static_cast<std::size_t>(__builtin_popcountll(mark));
        const std::uint64_t low = mark & ~homozygous;
        const std::uint64_t high = commonest == Commonest::hom_ref ? homozygous : ~mark & members;
        store_word(row + i / 4, _pdep_u64(low, low_bits) | _pdep_u64(high, high_bits),
                   _pdep_u64(low >> 32, low_bits) | _pdep_u64(high >> 32, high_bits));
    }
    return bit == others;
}
#endif

bool has_bmi2() noexcept {
#if defined(__x86_64__)
    static const bool has = __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
    return has;
#else
    return false;
#endif
}

} // namespace

bool join_row(std::span<const std::uint8_t> planes, std::size_t samples, std::size_t others,
              Commonest commonest, std::uint8_t* row) noexcept {
#if defined(__x86_64__)
    if (has_bmi2()) return join_bmi2(planes, samples, others, commonest, row);
#endif
    return reference::join_row(planes, samples, others, commonest, row);
}

} // namespace salus
