#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

/// A line of delimited text may be as long as that.
inline constexpr std::size_t longest_row = std::size_t{1} << 24;

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

/// What stands between the quotes of a field that begins with one, doubled quotes made single.
std::string unquoted(std::string_view field);
/// Fields of a row that holds quotes, quotes still around them.
std::vector<std::string_view> quoted_fields(std::string_view row, char separator);

/// How badly `window` reads if its first byte is, or is not, inside quotes.
struct QuoteGuess {
    std::size_t faults = 0,
                row_start = 0; // row_start: first byte of the first whole row, 0 if none
};
QuoteGuess read_as(std::string_view window, char before, bool inside, char separator);

/// Place of the first byte that is not UTF-8.
std::size_t first_bad_byte(std::string_view text);
inline std::string_view without_cr(std::string_view line) noexcept {
    return !line.empty() && line.back() == '\r' ? line.substr(0, line.size() - 1) : line;
}

} // namespace salus
