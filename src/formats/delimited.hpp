#pragma once

#include "base/error.hpp"
#include "formats/range_text.hpp"
#include "formats/text_marks.hpp"

#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

/// First line of a delimited text file. Names are found in any case and any order.
struct DelimitedHeader {
    std::vector<std::string> names; // as written, without quotes and byte order mark
    char separator = ',';           // tab if the line holds one outside quotes, else comma
    std::uint64_t end = 0;          // byte after the line, in the uncompressed text
    std::filesystem::path path;     // for messages

    /// Column of `name`, whatever its case.
    std::optional<std::size_t> find(std::string_view name) const;
    /// The same; DataError that names the column, and the near miss, if it is not there.
    std::size_t require(std::string_view name) const;
    /// What is wrong if the columns `names` are asked for; one problem for each that is missing.
    std::vector<Problem> missing(const std::vector<std::string>& wanted) const;
};

/// DataError if the file is empty, not UTF-8, or names a column twice.
DelimitedHeader read_delimited_header(const std::filesystem::path& path);

/// Why a row cannot be used. The row is skipped as a whole; reading goes on behind it.
enum class RowDefect : std::uint8_t { none, field_count, not_utf8, quoting };

/// What a quote at the beginning of a field means.
enum class Quotes : std::uint8_t {
    around_fields, // RFC 4180
    ordinary,      // nothing: it is a character like others
};

/// Rows of comma or tab separated text, one after the other.
///
/// Quotes as in RFC 4180: a field that begins with `"` ends at the next single `"`; `""` in it is
/// one quote; line breaks and separators in it are data. A quote inside an unquoted field is an
/// ordinary character. Lines end with LF or CRLF; empty lines are passed over; a byte order mark is
/// passed over. Text must be UTF-8. Memory: 2 MiB, or ten times the longest row.
///
/// A reader of a byte range owns the rows whose first byte lies in it, so ranges that follow each
/// other give each row once. Where the range begins inside a quoted field, the reader has to guess
/// that from the text behind; `first_byte()` of a range must therefore equal `next_byte()` of the
/// range before
/// (`check_seam`), which proves that both saw the same rows as one pass over the file would.
class DelimitedReader {
public:
    explicit DelimitedReader(const std::filesystem::path& path, ByteRange range = {});
    DelimitedReader(DelimitedHeader header, ByteRange range, Quotes quotes = Quotes::around_fields);

    const DelimitedHeader& header() const noexcept { return header_; }
    /// Goes to the next row; false at the end. The row may be defective: look at defect() first.
    bool next();
    RowDefect defect() const noexcept { return defect_; }
    /// Goes to the next row; false at the end; DataError if it is defective.
    bool next_valid();

    /// One per column; valid until the next call of next(). Columns that a defective row does not
    /// have are empty.
    std::span<const std::string_view> fields();
    std::string_view operator[](std::size_t column) const noexcept {
        if (!plain_) return fields_[column];
        const std::uint32_t* const ends = marks_.field_ends() + row_end_;
        const std::size_t begin = column == 0 ? row_begin_ : ends[column - 1] + std::size_t{1};
        const std::size_t end = column + 1 == found_fields_ ? text_end_ : ends[column];
        return {text_.buffer.data() + begin, end - begin};
    }
    /// Line of the row, counted from 1 at the beginning of the range (with the header for the first
    /// range).
    std::uint64_t line() const noexcept { return row_line_; }
    /// Lines passed so far in this range, line breaks in quoted fields included.
    std::uint64_t lines_passed() const noexcept { return lines_; }
    std::uint64_t first_byte() const noexcept { return first_byte_; }
    std::uint64_t next_byte() const noexcept { return text_.next_byte(); }
    /// Line of the current row in the whole file. Reads the file up to the row: for messages only.
    std::uint64_t line_in_file() const { return text_.line_at(row_byte_); }
    /// "measurement.csv, line 12, column value_as_number"
    std::string where(std::string_view column = {}) const;
    /// What is wrong with a defective row.
    Problem problem() const;

private:
    void start();
    void start_behind_header();
    bool refill();
    bool find_line();
    void find_marks();
    bool has_quote(std::size_t end) noexcept;
    bool take_line();
    bool split_marked_quotes();
    std::optional<std::size_t> closing_quote(std::size_t begin, std::size_t end, bool& doubled);
    bool split_quoted();
    void keep_fields(std::span<const std::string_view> found);
    void check_text(std::string_view row);

    DelimitedHeader header_;
    RangeText text_;
    Quotes quotes_ = Quotes::around_fields;
    TextMarks marks_; // of the buffer, as far as it is filled
    std::size_t next_field_ = 0, next_line_ = 0,
                next_quote_ = 0; // in marks_: the first at or behind the position
    // The row: in the buffer from row_begin_ to text_end_; its first field ends at mark row_end_.
    std::size_t row_begin_ = 0, text_end_ = 0, row_end_ = 0;
    bool plain_ = false;                   // fields stand as marked; else in fields_
    std::vector<std::string_view> fields_; // [column]
    std::vector<std::string> unescaped_;   // fields with doubled quotes
    std::uint64_t lines_ = 0, row_line_ = 0, row_byte_ = 0, first_byte_ = 0, bad_byte_ = 0;
    RowDefect defect_ = RowDefect::none;
    std::size_t found_fields_ = 0;
};

/// Cuts a file into ranges of about `bytes` of text; a function of the file alone. BGZF is cut at
/// blocks and zstd at frames, four bytes of text counted for one of the file; plain gzip, and zstd
/// of one frame, cannot be entered in the middle and are one range.
std::vector<ByteRange> delimited_ranges(const std::filesystem::path& path, std::uint64_t bytes);

/// DataError if the reader of a range began elsewhere than the reader of the range before ended: a
/// line break inside quotes lies at the seam.
void check_seam(const std::filesystem::path& path, std::uint64_t end_before,
                std::uint64_t first_byte);

} // namespace salus
