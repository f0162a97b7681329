#pragma once

#include "base/table_spec.hpp"
#include "genotype/genotype_source.hpp"
#include "store/h5.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

/// Layout of a genotype store, shared by its writer and its reader; docs/formats.md describes it.
inline constexpr std::int64_t genotype_store_version = 2;
/// Text of a variant that is longer than this is kept in the table `long_text`.
inline constexpr std::size_t long_text_bytes = 64;

/// Variants per block: a power of two in [64, 512], so that a block of 2-bit rows stays near 512
/// KiB.
std::uint64_t store_block_variants(std::uint64_t samples) noexcept;

/// `variants` as it stands in the index (`prefix` "") or in a segment of a part.
TableSpec variants_table_spec(std::string_view prefix, std::span<const std::string> info);
/// Texts that do not fit into `variants`, in pieces of at most long_text_bytes, in order.
TableSpec long_text_table_spec(std::string_view prefix);
/// Columns of `call_counts` of a segment: het, hom_alt, missing. Parts of older stores lack it.
inline constexpr std::size_t stored_counts = 3;
/// "segments/000003/"
std::string segment_prefix(std::uint64_t segment);

/// `value` as it stands in a text column: itself, or its first 60 bytes and "..." if it is longer
/// than 64 bytes. Fixed-width text columns of other results use the same rule for alleles.
std::string shown_text(std::string_view value);
/// The longest head of `value` of at most `most` bytes that does not cut a UTF-8 character.
std::string_view text_head(std::string_view value, std::size_t most) noexcept;

/// Ties the block index of a segment to the store.
std::uint32_t block_index_crc32(std::span<const std::uint64_t> offset,
                                std::span<const std::uint32_t> crc) noexcept;

} // namespace salus
