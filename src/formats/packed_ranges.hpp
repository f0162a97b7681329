#pragma once

#include "base/file.hpp"

#include <cstdint>
#include <filesystem>
#include <vector>

namespace salus {

/// The first byte at or behind `from` at which a BGZF block begins; the size of the file if there
/// is none.
std::uint64_t bgzf_block_from(const InputFile& file, std::uint64_t from);

/// First bytes of all frames of a zstd file that hold content. Sizes of frames come from a seek
/// table (zstd seekable format), from the frames of pzstd that tell them, or from block to block.
/// Nothing if that would take more than `most_steps` reads, or if the file is damaged: it is then
/// read in one piece, which tells the damage.
std::vector<std::uint64_t> zstd_frames(const InputFile& file, std::uint64_t most_steps = 200000);

} // namespace salus
