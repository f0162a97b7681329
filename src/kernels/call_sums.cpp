#include "kernels/call_sums.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace salus {
namespace {

constexpr std::size_t planes_max = 16;
constexpr std::size_t rows_a_time = 32;
constexpr std::size_t rows_max = 65535; // what 16 planes can count
constexpr std::size_t tile_lines = CallCounter::tile_bytes / 64 * planes_max;

using Lanes16 = std::uint64_t __attribute__((vector_size(16)));
using Lanes32 = std::uint64_t __attribute__((vector_size(32)));
using Lanes64 = std::uint64_t __attribute__((vector_size(64)));

#define SALUS_INLINE [[gnu::always_inline]] inline

/// Full adder: `sum` + a + b -> `sum` and a carry of twice the weight.
template <class Lanes>
SALUS_INLINE void add(Lanes& carry, Lanes& sum, const Lanes& a, const Lanes& b) noexcept {
    const Lanes u = sum ^ a;
    carry = (sum & a) | (u & b);
    sum = u ^ b;
}

/// Counts 16 inputs in the planes of one lane.
template <class Lanes>
SALUS_INLINE void add_sixteen(Lanes* plane, std::size_t planes, const Lanes* in) noexcept {
    Lanes ones = plane[0], twos = plane[1], fours = plane[2], eights = plane[3];
    Lanes two_a, two_b, four_a, four_b, eight_a, eight_b, sixteen;
    for (std::size_t half = 0; half < 2; ++half) {
        const Lanes* x = in + 8 * half;
        add(two_a, ones, x[0], x[1]);
        add(two_b, ones, x[2], x[3]);
        add(four_a, twos, two_a, two_b);
        add(two_a, ones, x[4], x[5]);
        add(two_b, ones, x[6], x[7]);
        add(four_b, twos, two_a, two_b);
        add(half == 0 ? eight_a : eight_b, fours, four_a, four_b);
    }
    add(sixteen, eights, eight_a, eight_b);
    plane[0] = ones;
    plane[1] = twos;
    plane[2] = fours;
    plane[3] = eights;
    for (std::size_t p = 4; p < planes; ++p) {
        const Lanes both = plane[p] & sixteen;
        plane[p] ^= sixteen;
        sixteen = both;
    }
}

struct TileRows {
    std::span<const std::uint8_t* const> rows;
    std::size_t first = 0, bytes = 0; // of each row
    std::size_t planes = 0;           // that the counts may need
};

alignas(64) constexpr std::uint8_t no_row[CallCounter::tile_bytes] = {};

template <class Lanes>
SALUS_INLINE void count_rows(const TileRows& in, void* call_planes, void* missing_planes) noexcept {
    auto* const calls = static_cast<Lanes*>(call_planes);
    auto* const missing = static_cast<Lanes*>(missing_planes);
    const std::uint64_t low_bits = 0x5555555555555555;
    for (std::size_t r = 0; r < in.rows.size(); r += rows_a_time) {
        const std::uint8_t* at[rows_a_time];
        const std::uint8_t* next[rows_a_time]; // 32 streams are too many for the prefetcher
        for (std::size_t j = 0; j < rows_a_time; ++j) {
            const std::size_t later = r + j + rows_a_time;
            at[j] = r + j < in.rows.size() ? in.rows[r + j] + in.first : no_row;
            next[j] = later < in.rows.size() ? in.rows[later] + in.first : at[j];
        }
        for (std::size_t k = 0; k < in.bytes / sizeof(Lanes); ++k) {
            Lanes row[rows_a_time], pair[rows_a_time / 2];
            for (std::size_t j = 0; j < rows_a_time; ++j) {
                std::memcpy(&row[j], at[j] + k * sizeof(Lanes), sizeof(Lanes));
                if (k * sizeof(Lanes) % 64 == 0) __builtin_prefetch(next[j] + k * sizeof(Lanes));
            }
            for (std::size_t j = 0; j < rows_a_time / 2; ++j) {
                const Lanes even = row[2 * j] & (row[2 * j] >> 1) & low_bits;
                const Lanes odd = row[2 * j + 1] & (row[2 * j + 1] << 1) & ~low_bits;
                pair[j] = even | odd;
            }
            add_sixteen(calls + k * planes_max, in.planes, row);
            add_sixteen(calls + k * planes_max, in.planes, row + 16);
            add_sixteen(missing + k * planes_max, in.planes, pair);
        }
    }
}

void count_portable(const TileRows& in, void* calls, void* missing) noexcept {
    count_rows<Lanes16>(in, calls, missing);
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] void count_avx2(const TileRows& in, void* calls, void* missing) noexcept {
    count_rows<Lanes32>(in, calls, missing);
}

[[gnu::target("avx512f,avx512bw")]] void count_avx512(const TileRows& in, void* calls,
                                                      void* missing) noexcept {
    count_rows<Lanes64>(in, calls, missing);
}
#endif

std::size_t lane_size(Isa isa) noexcept {
    return isa == Isa::avx512_vnni ? 64 : isa == Isa::avx2 ? 32 : 16;
}

/// Byte -> its bits as eight bytes of 0 or 1, the lowest first.
constexpr std::array<std::uint64_t, 256> spread_table() noexcept {
    std::array<std::uint64_t, 256> table{};
    for (std::size_t byte = 0; byte < 256; ++byte)
        for (unsigned bit = 0; bit < 8; ++bit)
            table[byte] |= std::uint64_t{byte >> bit & 1} << (8 * bit);
    return table;
}
constexpr std::array<std::uint64_t, 256> spread = spread_table();

/// The counts of the eight positions of one byte of the tile, as low and high bytes.
struct EightCounts {
    std::uint64_t low = 0, high = 0;
    std::uint32_t operator[](std::size_t i) const noexcept {
        return static_cast<std::uint32_t>((low >> (8 * i) & 0xff) | (high >> (8 * i) & 0xff) << 8);
    }
};

EightCounts counts_of(const void* planes_begin, std::size_t lane, std::size_t byte,
                      std::size_t planes) noexcept {
    EightCounts counts;
    const auto* at = static_cast<const std::uint8_t*>(planes_begin) +
                     byte / lane * lane * planes_max + byte % lane;
    for (std::size_t p = 0; p < planes; ++p)
        (p < 8 ? counts.low : counts.high) |= spread[at[p * lane]] << (p % 8);
    return counts;
}

} // namespace

CallCounter::CallCounter(std::size_t samples, Isa isa)
    : samples_(samples), isa_(isa), rows_((samples + tile_samples - 1) / tile_samples),
      planes_(rows_.size() * 2 * tile_lines) {}

CallCounter::Line* CallCounter::planes_of(std::size_t tile, bool missing) noexcept {
    return planes_.data() + (2 * tile + (missing ? 1 : 0)) * tile_lines;
}

void CallCounter::add(std::size_t tile, std::span<const std::uint8_t* const> rows,
                      const SampleCallCounts& sums) {
    const std::size_t first = tile * tile_bytes;
    const std::size_t row_bytes = (packed_bytes(samples_) + 63) / 64 * 64;
    for (std::size_t begin = 0; begin < rows.size();) {
        if (rows_[tile] == rows_max) spill(tile, sums);
        const std::size_t count = std::min(rows_max - rows_[tile], rows.size() - begin);
        rows_[tile] += count;
        const TileRows in{.rows = rows.subspan(begin, count),
                          .first = first,
                          .bytes = std::min(tile_bytes, row_bytes - first),
                          .planes = static_cast<std::size_t>(std::bit_width(rows_[tile]))};
        void* const calls = planes_of(tile, false);
        void* const missing = planes_of(tile, true);
#if defined(__x86_64__)
        if (isa_ == Isa::avx512_vnni)
            count_avx512(in, calls, missing);
        else if (isa_ == Isa::avx2)
            count_avx2(in, calls, missing);
        else
#endif
            count_portable(in, calls, missing);
        begin += count;
    }
}

void CallCounter::spill(std::size_t tile, const SampleCallCounts& sums) {
    const auto planes = static_cast<std::size_t>(std::bit_width(rows_[tile]));
    if (planes == 0) return;
    Line* const calls = planes_of(tile, false);
    Line* const lost = planes_of(tile, true);
    const std::size_t first = tile * tile_samples, end = std::min(samples_, first + tile_samples);
    for (std::size_t i = first; i < end; i += 4) {
        const std::size_t byte = (i - first) / 4;
        const EightCounts bits = counts_of(calls, lane_size(isa_), byte, planes);
        const EightCounts both = counts_of(lost, lane_size(isa_), byte, planes);
        for (std::size_t s = 0; s < std::min<std::size_t>(4, end - i); ++s) {
            const std::uint32_t missing = both[2 * s] + both[2 * s + 1];
            sums.het[i + s] += bits[2 * s] - missing;
            sums.hom_alt[i + s] += bits[2 * s + 1] - missing;
            sums.missing[i + s] += missing;
        }
    }
    std::fill_n(calls, tile_lines, Line{});
    std::fill_n(lost, tile_lines, Line{});
    rows_[tile] = 0;
}

namespace reference {

void add_call_sums(std::span<const std::uint8_t* const> rows,
                   const SampleCallCounts& sums) noexcept {
    for (const std::uint8_t* const row : rows) {
        for (std::size_t i = 0; i < sums.het.size(); ++i) {
            const int call = row[i / 4] >> (2 * (i % 4)) & 3;
            sums.het[i] += call == het;
            sums.hom_alt[i] += call == hom_alt;
            sums.missing[i] += call == missing;
        }
    }
}

} // namespace reference
} // namespace salus
