#pragma once

#include "genotype/packed.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace salus {

/// Sample-major form of hard calls for comparing samples: per sample a run of chunks, each of 512
/// variants in two bit planes of 64 bytes, variant v of the chunk at bit v % 8 of byte v / 8.
///
/// Plane `hom`: the call is homozygous. Plane `ref`: the call holds a REF allele. So hom_ref is 1
/// 1, het 0 1, hom_alt 1 0, and missing (or no variant there) 0 0. Two bits a call, as in a 2-bit
/// row.
inline constexpr std::size_t plane_variants = 512;
inline constexpr std::size_t plane_chunk_bytes = 2 * plane_variants / 8;

/// Turns 2-bit rows of at most 512 variants into one chunk per sample.
/// \param rows     readable up to a multiple of 64 bytes; fewer than 512 leave the rest missing.
/// \param samples  number of samples in a row.
/// \param out      [sample][plane_chunk_bytes].
/// Throws nothing. About 0.2 ns per call.
void transpose_calls(std::span<const std::uint8_t* const> rows, std::size_t samples,
                     std::span<std::uint8_t> out) noexcept;

/// Call of a variant in a run of chunks.
constexpr std::uint8_t plane_call(const std::uint8_t* planes, std::size_t variant) noexcept {
    const std::uint8_t* const at =
        planes + variant / plane_variants * plane_chunk_bytes + variant % plane_variants / 8;
    const unsigned hom = at[0] >> (variant % 8) & 1u;
    const unsigned ref = at[plane_chunk_bytes / 2] >> (variant % 8) & 1u;
    return static_cast<std::uint8_t>((hom == 0 ? 1u : 0u) | (ref == 0 ? 2u : 0u));
}

} // namespace salus
