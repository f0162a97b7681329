#pragma once

#include "formats/byte_stream.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

namespace salus {

/// The text of a byte range of a plain or compressed file, as far as it is in memory: a buffer that
/// moves along, for readers of lines. A reader moves `position` on and calls refill() for more.
struct RangeText {
    static constexpr std::size_t buffer_bytes = std::size_t{1} << 18; // stays in the second-level
                                                                      // cache
    /// `padding`: bytes behind the text that may be read, not used.
    RangeText(const std::filesystem::path& path, ByteRange range, std::size_t padding = 0);

    /// Of a range behind the beginning: goes to the byte before it, which tells whether a line
    /// begins with the range. In a compressed file that byte is not there: a line that begins with
    /// a range belongs to the range before.
    void go_before_range();
    /// Reads more behind what is there, moving it to the front of the buffer first; false at the
    /// end. A buffer that is full doubles.
    bool refill();

    std::string_view text() const noexcept { return {buffer.data(), filled}; }
    /// Byte of the text (compressed: of the text of the range) at `position`.
    std::uint64_t text_byte() const noexcept { return base + position; }
    /// Whether a line that begins at `position`, where there is one, is of this range.
    bool owns_next() const noexcept {
        return stream.is_packed() ? text_byte() <= stream.range_text() : text_byte() < range.end;
    }
    /// Where the range really begins: the byte at `position`, in a compressed file counted from the
    /// first byte of the range.
    std::uint64_t first_byte() const noexcept {
        return stream.is_packed() ? range.begin + text_byte() : text_byte();
    }
    /// Where the next line begins: byte of the text, and in a compressed file the first byte of the
    /// range, or of the next one, and how much of its text is before the line.
    std::uint64_t next_byte() const noexcept {
        const std::uint64_t at = text_byte(), size = stream.range_text();
        if (!stream.is_packed()) return at;
        return at < size ? range.begin + at : range.end + (at - size);
    }
    /// Number in the whole file, from 1, of the line that begins at `byte` of the text. Reads the
    /// file up to there: for messages only.
    std::uint64_t line_at(std::uint64_t byte) const;

    std::filesystem::path path;
    ByteStream stream;
    ByteRange range;
    std::size_t padding = 0;
    std::vector<char> buffer;
    std::size_t filled = 0, position = 0; // in buffer
    std::uint64_t base = 0;               // byte of the text at buffer[0]
    bool finished = false;                // nothing more to read from the stream
};

} // namespace salus
