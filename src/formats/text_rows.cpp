#include "formats/text_rows.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <cstring>

namespace salus {
namespace {

constexpr std::size_t first_buffer = std::size_t{1} << 20;
constexpr std::size_t longest_line = std::size_t{1} << 24;

/// Whether a line before the header is a note `#key=value`, which is then added.
bool take_note(std::string_view line, std::map<std::string, std::string>* notes) {
    const std::size_t sign = line.find('=');
    if (notes == nullptr || !line.starts_with('#') || sign == std::string_view::npos ||
        line.substr(0, sign).find('\t') != std::string_view::npos)
        return false;
    notes->emplace(trim(line.substr(1, sign - 1)), trim(line.substr(sign + 1)));
    return true;
}

char separator_of(std::string_view header) {
    if (header.find('\t') != std::string_view::npos) return '\t';
    const std::string_view words = trim(header);
    const bool commas =
        words.find(',') != std::string_view::npos && words.find(' ') == std::string_view::npos;
    return commas ? ',' : ' ';
}

} // namespace

TextRows::TextRows(const std::filesystem::path& path) : TextRows(path, nullptr) {}

TextRows::TextRows(const std::filesystem::path& path, std::map<std::string, std::string>& notes)
    : TextRows(path, &notes) {}

TextRows::TextRows(const std::filesystem::path& path, std::map<std::string, std::string>* notes)
    : path_(path), stream_(path), buffer_(first_buffer) {
    std::string_view line;
    do {
        if (!take_line(line))
            throw DataError({.what = "the file has no header line",
                             .where = path_.string(),
                             .why = "columns are found by their names in the first line",
                             .help = {}});
        if (line_ == 1 && line.starts_with("\xef\xbb\xbf")) line.remove_prefix(3);
    } while (trim(line).empty() || line.starts_with("##") || take_note(line, notes));
    separator_ = separator_of(line);
    split_line(line);
    header_.assign(cells_.begin(), cells_.end());
    if (!is_utf8(line))
        throw DataError({.what = "the header is not UTF-8 text",
                         .where = where(),
                         .why = "this is not a text file, or it is in another encoding",
                         .help = {}});
}

bool TextRows::next() {
    std::string_view line;
    do {
        if (!take_line(line)) return false;
    } while (trim(line).empty());
    split_line(line);
    if (cells_.size() == header_.size()) return true;
    throw DataError(
        {.what = text("the row has ", cells_.size(), " cells, the header ", header_.size()),
         .where = where(),
         .why = separator_ == '\t'  ? "cells are between tabs, as in the header"
                : separator_ == ',' ? "cells are between commas, as in the header"
                                    : "cells are between blanks, as in the header",
         .help = "a cut line at the end means that the file is incomplete"});
}

std::string TextRows::where(std::string_view column) const {
    std::string place = text(path_.string(), ", line ", line_);
    if (!column.empty()) place += text(", column ", column);
    return place;
}

bool TextRows::take_line(std::string_view& line) {
    std::size_t searched = begin_;
    for (;;) {
        const void* found = filled_ > searched
                                ? std::memchr(buffer_.data() + searched, '\n', filled_ - searched)
                                : nullptr;
        if (found == nullptr) {
            const std::size_t seen = filled_ - begin_;
            if (refill()) {
                searched = begin_ + seen;
                continue;
            }
            if (filled_ == begin_) return false;
        }
        const std::size_t end =
            found ? static_cast<std::size_t>(static_cast<const char*>(found) - buffer_.data())
                  : filled_;
        line = {buffer_.data() + begin_, end - begin_};
        begin_ = std::min(end + 1, filled_);
        if (line.ends_with('\r')) line.remove_suffix(1);
        ++line_;
        return true;
    }
}

/// More of the file behind what is left in the buffer; false at its end.
bool TextRows::refill() {
    if (ended_) return false;
    std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
              buffer_.begin() + static_cast<std::ptrdiff_t>(filled_), buffer_.begin());
    filled_ -= begin_;
    begin_ = 0;
    if (filled_ > longest_line) {
        ++line_;
        throw DataError({.what = "the line is longer than 16 MiB",
                         .where = where(),
                         .why = "this is not a table of rows",
                         .help = {}});
    }
    if (filled_ == buffer_.size()) buffer_.resize(2 * buffer_.size());
    const std::size_t got = stream_.read(std::span(buffer_).subspan(filled_));
    filled_ += got;
    ended_ = got == 0;
    return !ended_;
}

void TextRows::split_line(std::string_view line) {
    cells_.clear();
    if (separator_ != ' ') {
        std::size_t from = 0;
        for (;;) {
            const std::size_t tab = line.find(separator_, from);
            if (tab == std::string_view::npos) break;
            cells_.push_back(line.substr(from, tab - from));
            from = tab + 1;
        }
        cells_.push_back(line.substr(from));
        return;
    }
    for (std::size_t from = line.find_first_not_of(' '); from != std::string_view::npos;) {
        const std::size_t end = std::min(line.find(' ', from), line.size());
        cells_.push_back(line.substr(from, end - from));
        from = line.find_first_not_of(' ', end);
    }
}

} // namespace salus
