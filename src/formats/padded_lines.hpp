#pragma once

#include "formats/range_text.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace salus {

/// What one text of a PaddedLines is.
enum class TextCut { lines, whole_file };

/// Lines of a plain or compressed file with room behind each, for parsers that read ahead of its
/// end. Lines end with LF or CRLF; empty lines and a byte order mark are passed over.
///
/// A reader of a byte range owns the lines whose first byte lies in it, so ranges that follow each
/// other give each line once: in JSON a line break never stands inside a string, so that every line
/// break is the end of a line. In a compressed file, where the byte before a range is not there, a
/// line that begins with a range belongs to the range before. Memory: 256 KiB, or twice the longest
/// line that is allowed.
class PaddedLines {
public:
    static constexpr std::size_t padding = 64; // bytes behind a line that may be read, not used

    /// `longest`: bytes of a line (or of the whole file) beyond which it is passed over.
    PaddedLines(const std::filesystem::path& path, ByteRange range, std::size_t longest,
                TextCut cut = TextCut::lines);

    /// Goes to the next line; false at the end. Look at too_long() before line().
    bool next();
    bool too_long() const noexcept { return too_long_; }
    /// Valid until the next call of next().
    std::string_view line() const noexcept { return {text_.buffer.data() + begin_, size_}; }
    /// Number of the line, counted from 1 at the beginning of the range.
    std::uint64_t number() const noexcept { return number_; }
    /// Lines passed so far in this range.
    std::uint64_t lines_passed() const noexcept { return lines_; }
    std::uint64_t first_byte() const noexcept { return first_byte_; }
    std::uint64_t next_byte() const noexcept { return text_.next_byte(); }
    /// "Observation.ndjson, line 12", counted in the whole file, which is read up to there: for
    /// messages only.
    std::string where() const;

private:
    void start();
    bool find_end(std::size_t& end);
    void pass_over_mark();

    RangeText text_;
    TextCut cut_;
    std::size_t longest_;
    std::size_t begin_ = 0, size_ = 0; // of the line, in the buffer
    std::uint64_t lines_ = 0, number_ = 0, first_byte_ = 0, line_byte_ = 0;
    bool too_long_ = false;
};

} // namespace salus
