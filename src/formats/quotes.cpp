#include "formats/quotes.hpp"

#include "base/text.hpp"

namespace salus {

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

QuoteGuess read_as(std::string_view window, char before, bool inside, char separator) {
    QuoteGuess guess;
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

std::size_t first_bad_byte(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i]);
        const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
        if (!is_utf8(text.substr(i, length))) return i;
        i += length;
    }
    return text.size();
}

} // namespace salus
