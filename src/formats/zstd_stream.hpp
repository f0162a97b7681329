#pragma once

#include "formats/bgzf_reader.hpp"

#include <filesystem>
#include <memory>

namespace salus {

/// The content of a zstd file, one or several frames: all of it, or the frames between two bytes of
/// the file. A damaged or cut frame is a DataError; content checksums are checked where the frame
/// has one. There is no random access inside a frame.
std::unique_ptr<RecordStream> open_zstd_stream(const std::filesystem::path& path,
                                               FileRange range = {});

} // namespace salus
