#pragma once

#include "base/file.hpp"
#include "formats/bgzf_reader.hpp"

#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <span>

namespace salus {

/// Half-open range of bytes of a text file, compressed or not: in a compressed file it stands for
/// the text of the BGZF blocks, or zstd frames, that begin in it.
struct ByteRange {
    std::uint64_t begin = 0;
    std::uint64_t end = std::numeric_limits<std::uint64_t>::max();
};

/// True if the file begins with the magic bytes of gzip (BGZF is gzip too).
bool is_gzip(const std::filesystem::path& path);
/// True if the file begins with the magic bytes of gzip or zstd.
bool is_packed(const std::filesystem::path& path);

/// Bytes of a file in order, decompressed if it is gzip, BGZF or zstd. Checksums of gzip members
/// and zstd frames are checked; a truncated or damaged file is a DataError.
class ByteStream {
public:
    explicit ByteStream(const std::filesystem::path& path);
    ~ByteStream();
    ByteStream(ByteStream&&) noexcept;
    ByteStream& operator=(ByteStream&&) = delete;

    /// Goes to byte `offset` of a plain file.
    void seek(std::uint64_t offset);
    /// Goes to the text of a range of a compressed file; reading goes on behind it to the end of
    /// the file. Plain gzip has one range.
    void seek_packed(ByteRange range);
    bool is_packed() const noexcept { return gzip_ || records_; }
    /// Bytes of text that the range of a compressed file has, once all of them are read; the
    /// largest number before. One read() never gives bytes of both sides.
    std::uint64_t range_text() const noexcept { return range_text_; }
    /// Fills as much of `buffer` as there is; 0 at the end.
    std::size_t read(std::span<char> buffer);

private:
    struct Gzip;
    std::unique_ptr<RecordStream> records(std::uint64_t begin, std::uint64_t end) const;
    std::size_t read_records(std::span<char> buffer);
    InputFile file_;
    std::uint64_t offset_ = 0;
    std::unique_ptr<Gzip> gzip_;
    std::unique_ptr<RecordStream> records_; // BGZF, zstd
    bool zstd_ = false;
    std::uint64_t range_end_ = end_of_file, given_ = 0,
                  range_text_ = std::numeric_limits<std::uint64_t>::max();
};

} // namespace salus
