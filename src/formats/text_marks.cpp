#include "formats/text_marks.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define SALUS_X86_TEXT
#endif

namespace salus {
namespace {

constexpr std::size_t block = 64,
                      batch = 32; // bytes of a block; blocks between two looks at memory

void plain_bits(std::string_view text, char separator, CharacterBits* bits) noexcept {
    for (std::size_t i = 0; i + block <= text.size(); i += block) {
        CharacterBits found;
        for (std::size_t k = 0; k < block; ++k) {
            const char c = text[i + k];
            const std::uint64_t bit = std::uint64_t{1} << k;
            if (c == separator) found.separators |= bit;
            if (c == '\n') found.breaks |= bit;
            if (c == '"') found.quotes |= bit;
            if (static_cast<unsigned char>(c) >= 0x80) found.high |= bit;
        }
        *bits++ = found;
    }
}

#ifdef SALUS_X86_TEXT
[[gnu::target("avx2")]] void avx2_bits(std::string_view text, char separator,
                                       CharacterBits* bits) noexcept {
    const __m256i separators = _mm256_set1_epi8(separator), breaks = _mm256_set1_epi8('\n'),
                  quotes = _mm256_set1_epi8('"');
    for (std::size_t i = 0; i + block <= text.size(); i += block) {
        std::uint64_t found[4] = {};
        for (int half = 0; half < 2; ++half) {
            const __m256i bytes = _mm256_loadu_si256(
                reinterpret_cast<const __m256i*>(text.data() + i + 32 * static_cast<size_t>(half)));
            const __m256i sets[4] = {_mm256_cmpeq_epi8(bytes, separators),
                                     _mm256_cmpeq_epi8(bytes, breaks),
                                     _mm256_cmpeq_epi8(bytes, quotes), bytes};
            for (int k = 0; k < 4; ++k)
                found[k] |= std::uint64_t{static_cast<std::uint32_t>(_mm256_movemask_epi8(sets[k]))}
                            << 32 * half;
        }
        *bits++ = {found[0], found[1], found[2], found[3]};
    }
}

void sse2_bits(std::string_view text, char separator, CharacterBits* bits) noexcept {
    const __m128i separators = _mm_set1_epi8(separator), breaks = _mm_set1_epi8('\n'),
                  quotes = _mm_set1_epi8('"');
    for (std::size_t i = 0; i + block <= text.size(); i += block) {
        std::uint64_t found[4] = {};
        for (int quarter = 0; quarter < 4; ++quarter) {
            const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(
                text.data() + i + 16 * static_cast<size_t>(quarter)));
            const __m128i sets[4] = {_mm_cmpeq_epi8(bytes, separators),
                                     _mm_cmpeq_epi8(bytes, breaks), _mm_cmpeq_epi8(bytes, quotes),
                                     bytes};
            for (int k = 0; k < 4; ++k)
                found[k] |= std::uint64_t{static_cast<std::uint32_t>(_mm_movemask_epi8(sets[k]))}
                            << 16 * quarter;
        }
        *bits++ = {found[0], found[1], found[2], found[3]};
    }
}
#endif

/// What the marks of one batch of blocks are appended to.
struct Lists {
    std::uint32_t* ends; // room for all marks of the batch, and 8 more
    std::vector<std::uint32_t>&lines, &quotes;
};

/// Turns bits into places; `base` is the place of the first block. Returns the number of ends.
[[gnu::always_inline]] inline std::size_t
put_places(std::span<const CharacterBits> bits, std::uint32_t base, std::size_t used, Lists lists) {
    std::uint32_t* out = lists.ends;
    for (const CharacterBits& block_bits : bits) {
        std::uint64_t ends = block_bits.separators | block_bits.breaks;
        const auto before =
            static_cast<std::uint32_t>(used) + static_cast<std::uint32_t>(out - lists.ends);
        for (std::uint64_t left = block_bits.breaks; left != 0; left &= left - 1)
            lists.lines.push_back(before + static_cast<std::uint32_t>(
                                               __builtin_popcountll(ends & ((left & -left) - 1))));
        for (std::uint64_t left = block_bits.quotes; left != 0; left &= left - 1)
            lists.quotes.push_back(base + static_cast<std::uint32_t>(__builtin_ctzll(left)));
        const int count = __builtin_popcountll(ends);
        for (int done = 0; done < count; done += 8)
            for (int k = 0; k < 8; ++k) { // the last ones are written over again
                out[done + k] = base + static_cast<std::uint32_t>(std::countr_zero(ends));
                ends &= ends - 1; // stays 0
            }
        out += count;
        base += block;
    }
    return static_cast<std::size_t>(out - lists.ends);
}

using PutPlaces = std::size_t (*)(std::span<const CharacterBits>, std::uint32_t, std::size_t,
                                  Lists);
std::size_t put_plainly(std::span<const CharacterBits> bits, std::uint32_t base, std::size_t used,
                        Lists lists) {
    return put_places(bits, base, used, lists);
}
#ifdef SALUS_X86_TEXT
[[gnu::target("avx2,bmi,popcnt")]] std::size_t
put_fast(std::span<const CharacterBits> bits, std::uint32_t base, std::size_t used, Lists lists) {
    return put_places(bits, base, used, lists);
}
#endif
PutPlaces best_put() noexcept {
#ifdef SALUS_X86_TEXT
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
        __builtin_cpu_supports("popcnt"))
        return put_fast;
#endif
    return put_plainly;
}

} // namespace

std::span<const CharacterBitsOf> character_bits_forms() noexcept {
#ifdef SALUS_X86_TEXT
    static constexpr CharacterBitsOf forms[] = {plain_bits, sse2_bits, avx2_bits};
    static const std::size_t count = __builtin_cpu_supports("avx2") ? 3 : 2;
    return std::span(forms).first(count);
#else
    static constexpr CharacterBitsOf forms[] = {plain_bits};
    return forms;
#endif
}

void TextMarks::mark(std::string_view text, char separator) {
    SALUS_ASSERT(text.size() < std::numeric_limits<std::uint32_t>::max());
    static const PutPlaces put = best_put();
    const CharacterBitsOf bits_of = character_bits_forms().back();
    lines_.clear();
    quotes_.clear();
    std::uint64_t high = 0;
    std::size_t used = 0;
    CharacterBits bits[batch];
    char tail[block];
    for (std::size_t at = 0; at < text.size();) {
        std::string_view piece = text.substr(at, block * batch);
        if (piece.size() < block) { // padded with what is no mark
            std::memset(tail, 0, block);
            std::memcpy(tail, piece.data(), piece.size());
            piece = {tail, block};
        }
        const std::size_t blocks = piece.size() / block;
        bits_of(piece.substr(0, blocks * block), separator, bits);
        if (used + blocks * block + 8 > ends_.size())
            ends_.resize(std::max(2 * ends_.size(), used + (batch + 1) * block));
        const std::span<const CharacterBits> found(bits, blocks);
        used += put(found, static_cast<std::uint32_t>(at), used,
                    {ends_.data() + used, lines_, quotes_});
        for (const CharacterBits& block_bits : found)
            high |= block_bits.high;
        at += blocks * block;
    }
    fields_ = used;
    ascii_ = high == 0;
    quotes_.push_back(std::numeric_limits<std::uint32_t>::max());
}

void TextMarks::end_line(std::size_t place) {
    if (fields_ == ends_.size()) ends_.resize(fields_ + 1);
    lines_.push_back(static_cast<std::uint32_t>(fields_));
    ends_[fields_++] = static_cast<std::uint32_t>(place);
}

} // namespace salus
