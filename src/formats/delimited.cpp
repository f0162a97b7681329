#include "formats/delimited.hpp"

#include "base/text.hpp"
#include "formats/packed_ranges.hpp"
#include "formats/quotes.hpp"

#include <algorithm>
#include <cstring>

namespace salus {
namespace {

constexpr std::size_t guess_window = std::size_t{1} << 18;
constexpr std::uint64_t text_per_packed_byte = 4;

bool is_ascii(std::string_view text) noexcept {
    std::uint64_t high = 0, word = 0;
    std::size_t i = 0;
    for (; i + 8 <= text.size(); i += 8) {
        std::memcpy(&word, text.data() + i, 8);
        high |= word;
    }
    for (; i < text.size(); ++i)
        high |= static_cast<unsigned char>(text[i]);
    return (high & 0x8080808080808080ULL) == 0;
}

} // namespace

DelimitedReader::DelimitedReader(const std::filesystem::path& path, ByteRange range)
    : DelimitedReader(read_delimited_header(path), range) {}

DelimitedReader::DelimitedReader(DelimitedHeader header, ByteRange range, Quotes quotes)
    : header_(std::move(header)), text_(header_.path, range), quotes_(quotes),
      fields_(header_.names.size()) {
    start();
}

void DelimitedReader::start_behind_header() {
    if (text_.range.begin == 0) lines_ = 1;
    if (!text_.stream.is_packed()) {
        text_.stream.seek(header_.end);
        text_.base = header_.end;
    }
    while (text_.text_byte() < header_.end) { // compressed: pass over the header
        if (text_.position == text_.filled && !refill()) break;
        text_.position = std::min<std::size_t>(text_.filled, header_.end - text_.base);
    }
    find_marks();
    first_byte_ = header_.end;
}

void DelimitedReader::start() {
    const bool packed = text_.stream.is_packed();
    if (text_.range.begin == 0 || (!packed && text_.range.begin <= header_.end))
        return start_behind_header();
    text_.go_before_range();
    while (text_.filled < guess_window && refill()) {
    }
    const std::size_t before = packed ? 0 : 1; // bytes of the text that are not of the range
    const std::string_view window = text_.text().substr(before);
    const char first = packed ? 'x' : text_.buffer[0];
    const QuoteGuess outside = read_as(window, first, false, header_.separator);
    const QuoteGuess inside = read_as(window, first, true, header_.separator);
    const bool within = quotes_ == Quotes::around_fields && inside.faults < outside.faults;
    const QuoteGuess& better = within ? inside : outside;
    if (better.row_start > 0) {
        text_.position = better.row_start - 1 + before;
    } else { // one row fills the window
        text_.position = before;
        text_.position = find_line()
                             ? marks_.field_ends()[marks_.lines()[next_line_]] + std::size_t{1}
                             : text_.filled;
        text_.position = std::min(text_.position, text_.filled);
    }
    find_marks();
    first_byte_ = text_.first_byte();
}

/// Reads and marks more; false at the end.
bool DelimitedReader::refill() {
    if (text_.finished) return false;
    const bool more = text_.refill();
    marks_.mark(text_.text(), header_.separator);
    if (text_.finished && text_.filled > 0 && text_.buffer[text_.filled - 1] != '\n')
        marks_.end_line(text_.filled);
    next_field_ = next_line_ = next_quote_ = 0;
    return more;
}

/// Goes to the marks at or behind the position after a jump.
void DelimitedReader::find_marks() {
    const std::uint32_t* const ends = marks_.field_ends();
    const auto at = static_cast<std::uint32_t>(text_.position);
    next_field_ =
        static_cast<std::size_t>(std::lower_bound(ends, ends + marks_.fields(), at) - ends);
    const auto index = [](const auto& list, std::size_t value) {
        return static_cast<std::size_t>(std::lower_bound(list.begin(), list.end(), value) -
                                        list.begin());
    };
    next_line_ = index(marks_.lines(), next_field_);
    next_quote_ = index(marks_.quotes(), text_.position);
}

/// Makes mark next_line_ the end of the line at the position; false if nothing is left.
bool DelimitedReader::find_line() {
    for (;;) {
        find_marks();
        if (next_line_ < marks_.lines().size()) return text_.position < text_.filled;
        if (text_.filled - text_.position > longest_row)
            throw DataError(
                {.what = "a line is longer than 16 MiB",
                 .where = text(header_.path.string(), ", from byte ", text_.text_byte() + 1),
                 .why = "this is not a table of text, or its line breaks are lost",
                 .help = "write the file again with LF or CRLF line ends"});
        if (text_.finished) return false;
        refill();
    }
}

bool DelimitedReader::has_quote(std::size_t end) noexcept {
    const auto& quotes = marks_.quotes();
    while (quotes[next_quote_] < text_.position)
        ++next_quote_;
    return quotes[next_quote_] < end;
}

bool DelimitedReader::next() {
    for (;;) {
        if ((text_.position == text_.filled || next_line_ >= marks_.lines().size()) && !find_line())
            return false;
        if (!text_.owns_next()) return false;
        row_byte_ = text_.text_byte();
        row_line_ = lines_ + 1;
        defect_ = RowDefect::none;
        if (quotes_ == Quotes::around_fields &&
            has_quote(marks_.field_ends()[marks_.lines()[next_line_]])) {
            if (split_marked_quotes() || split_quoted()) return true;
            find_line();
        }
        if (take_line()) return true;
    }
}

/// The line at the position as a row without quoted fields; false if it is empty.
bool DelimitedReader::take_line() {
    const std::size_t last = marks_.lines()[next_line_], end = marks_.field_ends()[last];
    const std::string_view row =
        without_cr({text_.buffer.data() + text_.position, end - text_.position});
    row_begin_ = text_.position;
    text_end_ = text_.position + row.size();
    row_end_ = next_field_;
    found_fields_ = last + 1 - next_field_;
    plain_ = true;
    ++lines_;
    text_.position = std::min(text_.filled, end + 1);
    next_field_ = last + 1;
    ++next_line_;
    if (row.empty()) return false;
    if (found_fields_ != fields_.size()) {
        std::vector<std::string_view> found(std::min(found_fields_, fields_.size()));
        for (std::size_t i = 0; i < found.size(); ++i)
            found[i] = (*this)[i];
        keep_fields(found);
        if (defect_ == RowDefect::none) defect_ = RowDefect::field_count;
    }
    if (!marks_.is_ascii()) check_text(row);
    return true;
}

std::span<const std::string_view> DelimitedReader::fields() {
    if (plain_)
        for (std::size_t i = 0; i < fields_.size(); ++i)
            fields_[i] = (*this)[i];
    return fields_;
}

void DelimitedReader::keep_fields(std::span<const std::string_view> found) {
    plain_ = false;
    for (std::size_t i = 0; i < fields_.size(); ++i)
        fields_[i] = i < found.size() ? found[i] : std::string_view{};
}

/// The quote that closes the field whose first quote stands before `begin`, if it does so before
/// `end`; passes over the quotes up to it.
std::optional<std::size_t> DelimitedReader::closing_quote(std::size_t begin, std::size_t end,
                                                          bool& doubled) {
    const auto& quotes = marks_.quotes();
    while (quotes[next_quote_] < begin)
        ++next_quote_;
    for (;; next_quote_ += 2) {
        const std::size_t quote = quotes[next_quote_];
        if (quote >= end) return std::nullopt;
        if (quotes[next_quote_ + 1] != quote + 1) return quote;
        doubled = true;
    }
}

/// The row at the position if it ends where its line does and its quotes are in order; false, with
/// nothing changed, if that has to be looked at closer.
bool DelimitedReader::split_marked_quotes() {
    const std::size_t last = marks_.lines()[next_line_], end = marks_.field_ends()[last];
    const std::string_view row =
        without_cr({text_.buffer.data() + text_.position, end - text_.position});
    const std::size_t text_end = text_.position + row.size();
    const std::uint32_t* const ends = marks_.field_ends();
    unescaped_.resize(fields_.size());
    std::size_t column = 0, mark = next_field_;
    for (std::size_t begin = text_.position;; ++column, ++mark) {
        if (column == fields_.size()) return false;
        std::size_t field_end = mark == last ? text_end : ends[mark];
        if (begin < text_end && text_.buffer[begin] == '"') {
            bool doubled = false;
            const auto closing = closing_quote(begin + 1, text_end, doubled);
            if (!closing) return false;
            while (mark < last && ends[mark] < *closing)
                ++mark;
            field_end = mark == last ? text_end : ends[mark];
            if (field_end != *closing + 1) return false;
            fields_[column] = {text_.buffer.data() + begin + 1, *closing - begin - 1};
            if (doubled) {
                unescaped_[column] = unquoted({text_.buffer.data() + begin, field_end - begin});
                fields_[column] = unescaped_[column];
            }
        } else {
            fields_[column] = {text_.buffer.data() + begin, field_end - begin};
        }
        if (mark == last) break;
        begin = ends[mark] + std::size_t{1};
    }
    if (column + 1 != fields_.size()) return false;
    found_fields_ = column + 1;
    plain_ = false;
    ++lines_;
    text_.position = std::min(text_.filled, end + 1);
    next_field_ = last + 1;
    ++next_line_;
    if (!marks_.is_ascii()) check_text(row);
    return true;
}

/// The row at the position, which holds quotes. False, with the defect set, if a quote is never
/// closed: the line alone is then the defective row.
bool DelimitedReader::split_quoted() {
    QuoteState state;
    std::size_t length = 0;
    bool ended = false;
    for (;; ++length) {
        if (text_.position + length == text_.filled && (length > longest_row || !refill())) break;
        ended = state.step(text_.buffer[text_.position + length], header_.separator);
        if (ended) break;
    }
    if (!ended && state.place == QuoteState::quoted) {
        defect_ = RowDefect::quoting;
        return false;
    }
    const std::string_view row = without_cr({text_.buffer.data() + text_.position, length});
    lines_ += 1 + static_cast<std::uint64_t>(std::count(row.begin(), row.end(), '\n'));
    text_.position += length + (ended ? 1 : 0);
    find_marks();
    auto found = quoted_fields(row, header_.separator);
    found_fields_ = found.size();
    if (state.broken)
        defect_ = RowDefect::quoting;
    else if (found.size() != fields_.size())
        defect_ = RowDefect::field_count;
    unescaped_.resize(fields_.size());
    for (std::size_t i = 0; i < std::min(found.size(), fields_.size()); ++i) {
        if (!found[i].starts_with('"')) continue;
        unescaped_[i] = unquoted(found[i]);
        found[i] = unescaped_[i];
    }
    keep_fields(found);
    check_text(row);
    return true;
}

void DelimitedReader::check_text(std::string_view row) {
    if (is_ascii(row) || is_utf8(row)) return;
    defect_ = RowDefect::not_utf8;
    bad_byte_ = first_bad_byte(row);
}

bool DelimitedReader::next_valid() {
    if (!next()) return false;
    if (defect_ != RowDefect::none) throw DataError(problem());
    return true;
}

std::string DelimitedReader::where(std::string_view column) const {
    return text(header_.path.string(), ", line ", line_in_file(), column.empty() ? "" : ", column ",
                column);
}

Problem DelimitedReader::problem() const {
    switch (defect_) {
    case RowDefect::not_utf8:
        return {.what = "the text is not UTF-8",
                .where = text(where(), ", byte ", bad_byte_ + 1, " of the line"),
                .why = "text files are read as UTF-8",
                .help = "convert it, for example with iconv -f LATIN1 -t UTF-8"};
    case RowDefect::quoting:
        return {
            .what = "quotes are not in order",
            .where = where(),
            .why =
                "a field that begins with a quote ends with a quote, and quotes in it are doubled",
            .help = "write the file again with RFC 4180 quoting"};
    case RowDefect::field_count:
        return {.what = text("the row has ", found_fields_, " fields instead of ", fields_.size()),
                .where = where(),
                .why = "every row has as many fields as the header",
                .help = "quote fields that hold the separator, and look for a cut line"};
    case RowDefect::none:
        break;
    }
    return {};
}

std::vector<ByteRange> delimited_ranges(const std::filesystem::path& path, std::uint64_t bytes) {
    SALUS_ASSERT(bytes > 0);
    const InputFile file(path);
    std::vector<std::uint64_t> begins{0};
    if (is_packed(path)) {
        const std::uint64_t packed = std::max<std::uint64_t>(1, bytes / text_per_packed_byte);
        if (!is_gzip(path)) {
            for (const std::uint64_t frame : zstd_frames(file))
                if (frame - begins.back() >= packed) begins.push_back(frame);
        } else if (container_of(path) == Container::bgzf) {
            for (std::uint64_t begin = packed; begin < file.size(); begin += packed)
                begins.push_back(begin);
        }
    } else {
        for (std::uint64_t begin = bytes; begin < file.size(); begin += bytes)
            begins.push_back(begin);
    }
    std::vector<ByteRange> ranges;
    for (std::size_t i = 0; i < begins.size(); ++i) {
        const bool last = i + 1 == begins.size();
        ranges.push_back({.begin = begins[i], .end = last ? ByteRange{}.end : begins[i + 1]});
    }
    return ranges;
}

void check_seam(const std::filesystem::path& path, std::uint64_t end_before,
                std::uint64_t first_byte) {
    if (end_before == first_byte) return;
    throw DataError(
        {.what = "the file cannot be cut into pieces safely",
         .where = text(path.string(), ", near byte ", first_byte),
         .why = "quotes are ambiguous there: a line break inside quotes, or a stray quote",
         .help = "set cut_files = false to read every file in one piece"});
}

} // namespace salus
