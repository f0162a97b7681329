#pragma once

#include "formats/bgzf_reader.hpp"

#include <filesystem>
#include <memory>

namespace salus {

/// The content of a zstd file from its beginning, one or several frames. A damaged or cut frame is
/// a DataError; content checksums are checked where the frame has one. There is no random access.
std::unique_ptr<RecordStream> open_zstd_stream(const std::filesystem::path& path);

} // namespace salus
