#include "formats/delimited.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cstring>

namespace salus {
namespace {

constexpr std::size_t buffer_bytes = std::size_t{1} << 20;
constexpr std::size_t longest_row = std::size_t{1} << 24;
constexpr std::size_t guess_window = std::size_t{1} << 18;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

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

/// Place of the first byte that is not UTF-8.
std::size_t first_bad_byte(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i]);
        const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
        if (!is_utf8(text.substr(i, length))) return i;
        i += length;
    }
    return text.size();
}

std::string_view without_cr(std::string_view line) noexcept {
    return !line.empty() && line.back() == '\r' ? line.substr(0, line.size() - 1) : line;
}

/// Walks over text with quotes as in RFC 4180.
struct QuoteState {
    enum Place { field_start, plain, quoted, after_quote } place = field_start;
    bool broken = false; // something else than a separator follows a closing quote

    /// True if `c` ends the row.
    bool step(char c, char separator) noexcept {
        if (place == quoted) {
            if (c == '"') place = after_quote;
            return false;
        }
        if (c == '\n') return true;
        if (place == after_quote && c == '"')
            place = quoted;
        else if (c == separator)
            place = field_start;
        else if (c == '"' && place == field_start)
            place = quoted;
        else if (place == after_quote)
            broken = broken || c != '\r';
        else
            place = plain;
        return false;
    }
};

std::string unquoted(std::string_view field) {
    std::string out;
    for (std::size_t i = 1;
         i < field.size() && !(field[i] == '"' && (i + 1 == field.size() || field[i + 1] != '"'));
         ++i) {
        if (field[i] == '"') ++i;
        out += field[i];
    }
    return out;
}

/// Fields of a row that holds quotes, quotes still around them.
std::vector<std::string_view> quoted_fields(std::string_view row, char separator) {
    std::vector<std::string_view> fields;
    QuoteState state;
    std::size_t begin = 0;
    for (std::size_t i = 0; i < row.size(); ++i) {
        const bool inside = state.place == QuoteState::quoted;
        state.step(row[i], separator);
        if (inside || row[i] != separator) continue;
        fields.push_back(row.substr(begin, i - begin));
        begin = i + 1;
    }
    fields.push_back(row.substr(begin));
    return fields;
}

/// How badly `window` reads if its first byte is, or is not, inside quotes.
struct Guess {
    std::size_t faults = 0,
                row_start = 0; // row_start: first byte of the first whole row, 0 if none
};
Guess read_as(std::string_view window, char before, bool inside, char separator) {
    Guess guess;
    auto place = inside                                  ? QuoteState::quoted
                 : before == '\n' || before == separator ? QuoteState::field_start
                                                         : QuoteState::plain;
    if (!inside && before == '\n') guess.row_start = 1;
    for (std::size_t i = 0; i < window.size(); ++i) {
        const char c = window[i];
        if (place == QuoteState::quoted) {
            if (c != '"') continue;
            const char next = i + 1 < window.size() ? window[i + 1] : '\n';
            if (next == '"')
                ++i;
            else if (next == separator || next == '\n' || next == '\r')
                place = QuoteState::plain;
            else
                ++guess.faults;
        } else if (c == '\n') {
            if (guess.row_start == 0) guess.row_start = i + 2;
            place = QuoteState::field_start;
        } else if (c == separator) {
            place = QuoteState::field_start;
        } else if (c == '"') {
            if (place == QuoteState::field_start)
                place = QuoteState::quoted;
            else
                ++guess.faults;
        } else {
            place = QuoteState::plain;
        }
    }
    return guess;
}

std::string first_line(ByteStream& stream) {
    std::string head;
    for (std::vector<char> buffer(1 << 16);
         head.find('\n') == std::string::npos && head.size() < longest_row;) {
        const std::size_t got = stream.read(buffer);
        if (got == 0) return head;
        head.append(buffer.data(), got);
    }
    const std::size_t newline = head.find('\n');
    return newline == std::string::npos ? head : head.substr(0, newline + 1);
}

void check_header_text(const std::filesystem::path& path, std::string_view line) {
    if (is_utf8(line)) return;
    const bool wide = line.starts_with("\xFF\xFE") || line.starts_with("\xFE\xFF");
    throw DataError({.what = "the text is not UTF-8",
                     .where = text(path.string(), ", line 1, byte ", first_bad_byte(line) + 1),
                     .why = wide ? "it begins with a UTF-16 byte order mark"
                                 : "names of columns are read as UTF-8",
                     .help = text("convert it, for example with iconv -f ",
                                  wide ? "UTF-16" : "LATIN1", " -t UTF-8")});
}

void check_header_names(const DelimitedHeader& header) {
    std::vector<std::string> seen;
    for (const std::string& name : header.names) {
        const std::string key = lower(name);
        if (!key.empty() && std::find(seen.begin(), seen.end(), key) != seen.end())
            throw DataError({.what = text("column ", name, " is there twice"),
                             .where = text(header.path.string(), ", line 1"),
                             .why = "columns are found by name, whatever the case",
                             .help = "remove or rename one of them"});
        seen.push_back(key);
    }
}

} // namespace

std::optional<std::size_t> DelimitedHeader::find(std::string_view name) const {
    const std::string key = lower(name);
    for (std::size_t i = 0; i < names.size(); ++i)
        if (lower(names[i]) == key) return i;
    return std::nullopt;
}

std::size_t DelimitedHeader::require(std::string_view name) const {
    if (const auto found = find(name)) return *found;
    throw DataError(missing({std::string(name)}));
}

std::vector<Problem> DelimitedHeader::missing(const std::vector<std::string>& wanted) const {
    std::vector<Problem> problems;
    std::vector<std::string> known;
    for (const std::string& name : names)
        known.push_back(lower(name));
    for (const std::string& name : wanted) {
        if (find(name)) continue;
        const auto near = nearest(lower(name), known);
        problems.push_back(
            {.what = text("there is no column ", name),
             .where = text(path.string(), ", line 1"),
             .why = text("the header has ", names.size(), " columns, separated by ",
                         separator == '\t' ? "tabs" : "commas"),
             .help = near ? text("rename the column ", *near, " if that is what it means")
                          : text("add the column ", name)});
    }
    return problems;
}

DelimitedHeader read_delimited_header(const std::filesystem::path& path) {
    ByteStream stream(path);
    const std::string line = first_line(stream);
    std::string_view row = line;
    check_header_text(path, row);
    if (row.starts_with(byte_order_mark)) row.remove_prefix(byte_order_mark.size());
    if (row.ends_with('\n')) row.remove_suffix(1);
    row = without_cr(row);
    if (trim(row).empty())
        throw DataError({.what = "the file has no header",
                         .where = text(path.string(), ", line 1"),
                         .why = "the first line names the columns",
                         .help = "write the file again with its header"});
    DelimitedHeader header{.names = {}, .separator = ',', .end = line.size(), .path = path};
    if (quoted_fields(row, '\t').size() > 1) header.separator = '\t';
    for (const std::string_view field : quoted_fields(row, header.separator))
        header.names.emplace_back(field.starts_with('"') ? unquoted(field)
                                                         : std::string(trim(field)));
    check_header_names(header);
    return header;
}

DelimitedReader::DelimitedReader(const std::filesystem::path& path, ByteRange range)
    : DelimitedReader(read_delimited_header(path), range) {}

DelimitedReader::DelimitedReader(DelimitedHeader header, ByteRange range)
    : header_(std::move(header)), stream_(header_.path), buffer_(buffer_bytes), end_(range.end),
      fields_(header_.names.size()) {
    start(range);
}

void DelimitedReader::start(ByteRange range) {
    if (range.begin <= header_.end) {
        if (range.begin == 0) lines_ = 1;
        if (!is_gzip(header_.path)) {
            stream_.seek(header_.end);
            base_ = header_.end;
        }
        while (base_ + position_ < header_.end) { // compressed: pass over the header
            if (position_ == filled_ && !refill()) break;
            position_ = std::min<std::size_t>(filled_, header_.end - base_);
        }
        first_byte_ = header_.end;
        return;
    }
    stream_.seek(range.begin - 1);
    base_ = range.begin - 1;
    while (filled_ < guess_window && refill()) {
    }
    const std::string_view window(buffer_.data(), filled_);
    const Guess outside = read_as(window.substr(1), window[0], false, header_.separator);
    const Guess inside = read_as(window.substr(1), window[0], true, header_.separator);
    const Guess& better = inside.faults < outside.faults ? inside : outside;
    if (better.row_start > 0) {
        position_ = better.row_start;
    } else { // one row fills the window
        position_ = 1;
        position_ = std::min(filled_, find_line_end(position_) + 1);
    }
    first_byte_ = next_byte();
}

/// Reads more behind what is there, moving it to the front of the buffer first; false at the end.
bool DelimitedReader::refill() {
    if (finished_) return false;
    std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(position_),
              buffer_.begin() + static_cast<std::ptrdiff_t>(filled_), buffer_.begin());
    base_ += position_;
    filled_ -= position_;
    position_ = 0;
    if (filled_ == buffer_.size()) buffer_.resize(2 * buffer_.size());
    const std::size_t got = stream_.read(std::span(buffer_).subspan(filled_));
    finished_ = got == 0;
    filled_ += got;
    return got > 0;
}

/// Index of the line break at or behind `from` (>= position_), or the end of the text.
std::size_t DelimitedReader::find_line_end(std::size_t from) {
    for (std::size_t done = from - position_;;) {
        const char* begin = buffer_.data() + position_ + done;
        if (const void* found = std::memchr(begin, '\n', filled_ - position_ - done))
            return static_cast<std::size_t>(static_cast<const char*>(found) - buffer_.data());
        done = filled_ - position_;
        if (done > longest_row)
            throw DataError({.what = "a line is longer than 16 MiB",
                             .where = text(header_.path.string(), ", from byte ", next_byte() + 1),
                             .why = "this is not a table of text, or its line breaks are lost",
                             .help = "write the file again with LF or CRLF line ends"});
        if (!refill()) return filled_;
    }
}

bool DelimitedReader::next() {
    for (;;) {
        if (position_ == filled_ && !refill()) return false;
        if (next_byte() >= end_) return false;
        std::size_t end = find_line_end(position_);
        row_byte_ = next_byte();
        row_line_ = lines_ + 1;
        defect_ = RowDefect::none;
        if (std::memchr(buffer_.data() + position_, '"', end - position_) != nullptr) {
            if (split_quoted()) return true;
            end = find_line_end(position_);
        }
        if (take_line(end)) return true;
    }
}

/// The line up to `end` as a row without quoted fields; false if it is empty.
bool DelimitedReader::take_line(std::size_t end) {
    const std::string_view row = without_cr({buffer_.data() + position_, end - position_});
    ++lines_;
    position_ = std::min(filled_, end + 1);
    if (row.empty()) return false;
    split_plain(row);
    check_text(row);
    return true;
}

void DelimitedReader::split_plain(std::string_view row) {
    const char* at = row.data();
    const char* const end = at + row.size();
    std::size_t n = 0;
    for (const std::size_t columns = fields_.size();; ++n) {
        const void* found = std::memchr(at, header_.separator, static_cast<std::size_t>(end - at));
        const char* stop = found != nullptr ? static_cast<const char*>(found) : end;
        if (n < columns) fields_[n] = {at, static_cast<std::size_t>(stop - at)};
        if (found == nullptr) break;
        at = stop + 1;
    }
    found_fields_ = n + 1;
    if (found_fields_ != fields_.size() && defect_ == RowDefect::none)
        defect_ = RowDefect::field_count;
}

/// The row at position_, which holds quotes. False, with the defect set, if a quote is never
/// closed: the line alone is then the defective row.
bool DelimitedReader::split_quoted() {
    QuoteState state;
    std::size_t length = 0;
    bool ended = false;
    for (;; ++length) {
        if (position_ + length == filled_ && (length > longest_row || !refill())) break;
        ended = state.step(buffer_[position_ + length], header_.separator);
        if (ended) break;
    }
    if (!ended && state.place == QuoteState::quoted) {
        defect_ = RowDefect::quoting;
        return false;
    }
    const std::string_view row = without_cr({buffer_.data() + position_, length});
    lines_ += 1 + static_cast<std::uint64_t>(std::count(row.begin(), row.end(), '\n'));
    position_ += length + (ended ? 1 : 0);
    const auto found = quoted_fields(row, header_.separator);
    found_fields_ = found.size();
    if (state.broken)
        defect_ = RowDefect::quoting;
    else if (found.size() != fields_.size())
        defect_ = RowDefect::field_count;
    unescaped_.resize(fields_.size());
    for (std::size_t i = 0; i < std::min(found.size(), fields_.size()); ++i) {
        fields_[i] = found[i];
        if (!found[i].starts_with('"')) continue;
        unescaped_[i] = unquoted(found[i]);
        fields_[i] = unescaped_[i];
    }
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

std::uint64_t DelimitedReader::line_in_file() const {
    ByteStream stream(header_.path);
    std::vector<char> buffer(buffer_bytes);
    std::uint64_t line = 1;
    for (std::uint64_t left = row_byte_; left > 0;) {
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(left, buffer.size()));
        const std::size_t got = stream.read(std::span(buffer).first(wanted));
        if (got == 0) break;
        line += static_cast<std::uint64_t>(std::count(buffer.data(), buffer.data() + got, '\n'));
        left -= got;
    }
    return line;
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
    if (is_gzip(path)) return {{}};
    const std::uint64_t size = InputFile(path).size();
    std::vector<ByteRange> ranges;
    for (std::uint64_t begin = 0; begin < std::max<std::uint64_t>(size, 1); begin += bytes)
        ranges.push_back({.begin = begin, .end = begin + bytes});
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
