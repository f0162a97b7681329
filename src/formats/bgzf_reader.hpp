#pragma once

#include "base/file.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <string_view>
#include <vector>

namespace salus {

/// Place in a BGZF file: byte of a block in the file << 16 | byte inside the decompressed block.
/// In a file that is not compressed: byte << 16.
using VirtualOffset = std::uint64_t;
inline constexpr VirtualOffset end_of_file = std::numeric_limits<VirtualOffset>::max();

/// Half-open range of a file; both ends are the start of a record, or the end of the file.
struct FileRange {
    std::uint64_t begin = 0, end = end_of_file;
};

/// The content of a BGZF file, or of an uncompressed one, from one place to another. Every BGZF
/// block is checked: header, length, CRC-32, and that the file ends with the empty block that marks
/// its end (SAM specification, section 4.1). Anything else is a DataError that names file and byte.
/// Memory: the longest record, plus 1 MiB.
class RecordStream {
public:
    virtual ~RecordStream() = default;
    RecordStream(const RecordStream&) = delete;
    RecordStream& operator=(const RecordStream&) = delete;

    /// Bytes that are there and not yet consumed; 64 bytes beyond them may be read (not used).
    /// Valid until the next call of more().
    std::string_view unread() const noexcept { return {data_.data() + begin_, end_ - begin_}; }
    void consume(std::size_t bytes) noexcept { begin_ += bytes; }
    /// Makes at least one more byte available behind the unread ones; false at the end of the
    /// range.
    bool more();
    /// The next line without its end (LF or CRLF), valid until the next call; false at the end.
    /// DataError if the range ends inside a line.
    bool next_line(std::string_view& line);
    /// Consumes the line handed out last, which next_line() otherwise does at its next call.
    void finish_line() noexcept {
        begin_ += line_;
        line_ = 0;
    }
    /// Where the first unread byte (for lines: the line handed out last) comes from; call more()
    /// first if nothing is unread.
    VirtualOffset place() const noexcept;
    const std::filesystem::path& path() const noexcept { return file_.path(); }
    /// "FILE, at byte 12345"
    std::string where() const;

protected:
    explicit RecordStream(const std::filesystem::path& path) : file_(path) {}
    /// Appends decompressed bytes with reserve() and added(); false at the end.
    virtual bool fill() = 0;
    virtual VirtualOffset offset_of(std::uint64_t file_offset, std::uint64_t inside) const = 0;
    char* reserve(std::size_t bytes);
    void added(std::size_t bytes, std::uint64_t file_offset);

    InputFile file_;

private:
    struct Mark {
        std::uint64_t position, file_offset; // first decompressed byte of a block, and its block
        std::uint64_t inside;                // bytes of the block before that
    };
    void drop_consumed();

    std::vector<char> data_;
    std::size_t begin_ = 0, end_ = 0, line_ = 0;
    std::uint64_t base_ = 0; // position of data_[0] in the stream
    std::vector<Mark> marks_;

protected:
    std::uint64_t skipped_in_block_ = 0; // set before added(): bytes of the block that are left out
};

enum class Container { bgzf, gzip, plain };
/// By the first bytes of the file. DataError if it is empty.
Container container_of(const std::filesystem::path& path);

/// Opens the range of a BGZF or uncompressed file. DataError for gzip that is not BGZF, with the
/// command that converts it, and for a BGZF file without end marker.
std::unique_ptr<RecordStream> open_stream(const std::filesystem::path& path, FileRange range = {});

} // namespace salus
