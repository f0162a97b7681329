#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace salus {

/// Bytes that go into one BGZF block; pieces cut at multiples of it give the same file whoever
/// compresses them.
inline constexpr std::size_t bgzf_block_input = 0xFF00;

/// `bytes` as BGZF blocks, without the end-of-file block. Blocks made apart are joined by
/// concatenation. \param level 1 (fast) to 12 (small).
std::vector<std::uint8_t> bgzf_blocks(std::string_view bytes, int level);

/// The empty block that ends every BGZF file.
std::string_view bgzf_end_of_file() noexcept;

} // namespace salus
