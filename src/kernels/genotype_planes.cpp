#include "kernels/genotype_planes.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace salus {
namespace {

static_assert(std::endian::native == std::endian::little);

using BitMatrix = std::array<std::uint64_t, 64>;

/// Bit j of word i becomes bit i of word j.
void transpose(BitMatrix& m) noexcept {
    std::uint64_t mask = 0x00000000FFFFFFFF;
    for (std::size_t j = 32; j != 0; j >>= 1, mask ^= mask << j)
        for (std::size_t base = 0; base < 64; base += 2 * j)
            for (std::size_t k = base; k < base + j; ++k) {
                const std::uint64_t swapped = ((m[k] >> j) ^ m[k + j]) & mask;
                m[k + j] ^= swapped;
                m[k] ^= swapped << j;
            }
}

/// 64 variants of 32 samples: word `word` of the rows.
void transpose_block(std::span<const std::uint8_t* const> rows, std::size_t word,
                     std::size_t samples, std::uint8_t* out) noexcept {
    BitMatrix m;
    m.fill(~std::uint64_t{0});
    for (std::size_t v = 0; v < rows.size(); ++v)
        std::memcpy(&m[v], rows[v] + 8 * word, 8);
    transpose(m);
    for (std::size_t i = 0; i < samples; ++i) {
        const std::uint64_t hom = ~m[2 * i], ref = ~m[2 * i + 1];
        std::memcpy(out + i * plane_chunk_bytes, &hom, 8);
        std::memcpy(out + i * plane_chunk_bytes + plane_chunk_bytes / 2, &ref, 8);
    }
}

} // namespace

void transpose_calls(std::span<const std::uint8_t* const> rows, std::size_t samples,
                     std::span<std::uint8_t> out) noexcept {
    for (std::size_t word = 0; 32 * word < samples; ++word) {
        std::uint8_t* const first = out.data() + 32 * word * plane_chunk_bytes;
        const std::size_t count = std::min<std::size_t>(32, samples - 32 * word);
        for (std::size_t begin = 0; begin < plane_variants; begin += 64) {
            const std::size_t there = begin < rows.size() ? rows.size() - begin : 0;
            transpose_block(
                rows.subspan(std::min(begin, rows.size()), std::min<std::size_t>(64, there)), word,
                count, first + begin / 8);
        }
    }
}

} // namespace salus
