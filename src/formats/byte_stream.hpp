#pragma once

#include "base/file.hpp"

#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <span>

namespace salus {

/// Half-open range of bytes of a text.
struct ByteRange {
    std::uint64_t begin = 0;
    std::uint64_t end = std::numeric_limits<std::uint64_t>::max();
};

/// True if the file begins with the magic bytes of gzip (BGZF is gzip too).
bool is_gzip(const std::filesystem::path& path);

/// Bytes of a file in order, decompressed if it is gzip or BGZF. Checksums of gzip members are
/// checked; a truncated or damaged file is a DataError.
class ByteStream {
public:
    explicit ByteStream(const std::filesystem::path& path);
    ~ByteStream();
    ByteStream(ByteStream&&) noexcept;
    ByteStream& operator=(ByteStream&&) = delete;

    /// Goes to byte `offset` of a plain file; only 0 is possible in a compressed one.
    void seek(std::uint64_t offset);
    /// Fills as much of `buffer` as there is; 0 at the end.
    std::size_t read(std::span<char> buffer);

private:
    struct Gzip;
    InputFile file_;
    std::uint64_t offset_ = 0;
    std::unique_ptr<Gzip> gzip_;
};

} // namespace salus
