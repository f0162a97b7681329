#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

/// Of UTF-8, at the beginning of some text files.
inline constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

inline void append_text(std::string& out, std::string_view value) { out += value; }
inline void append_text(std::string& out, const char* value) { out += value; }
inline void append_text(std::string& out, char value) { out += value; }
inline void append_text(std::string& out, bool value) { out += value ? "true" : "false"; }
template <std::integral T>
void append_text(std::string& out, T value) {
    char buffer[24];
    out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
}
/// Shortest text that reads back to the same number; NaN is written `NA`.
void append_text(std::string& out, double value);

/// Concatenates strings and numbers; doubles in shortest round-trip form, independent of locale.
template <class... Args>
std::string text(const Args&... args) {
    std::string out;
    (append_text(out, args), ...);
    return out;
}

/// `value` with `digits` decimals, e.g. fixed(3.14159, 2) == "3.14"; NaN is `NA`.
std::string fixed(double value, int digits);
/// `value` in at most `digits` significant digits, e.g. 0.00123, 1.2e-08; NaN is `NA`.
std::string significant(double value, int digits);
/// 1234567 -> "1,234,567".
std::string with_thousands(std::uint64_t value);
/// 1536 -> "1.5 KiB".
std::string human_bytes(double bytes);
/// 75 -> "1 min 15 s".
std::string human_seconds(double seconds);

std::vector<std::string_view> split(std::string_view text, char separator);
/// What stands between blanks, tabs and carriage returns.
std::vector<std::string_view> words_of(std::string_view line);
std::string_view trim(std::string_view text) noexcept;
std::string join(std::span<const std::string> parts, std::string_view separator);
/// Letters of ASCII alone change.
std::string lower(std::string_view text);
std::string upper(std::string_view text);
inline char upper(char c) noexcept {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}
inline bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
inline bool is_letter(char c) noexcept { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
bool is_utf8(std::string_view text) noexcept;

/// The whole of `text` as a number, or nothing; '.' is the decimal point in every locale.
std::optional<double> parse_double(std::string_view text) noexcept;
std::optional<std::int64_t> parse_integer(std::string_view text) noexcept;

/// The candidate that a typing error in `name` most likely meant: edit distance <= max(2,
/// length/3).
std::optional<std::string> nearest(std::string_view name, std::span<const std::string> candidates);

/// `text` as a JSON string literal with its quotes.
std::string json_quote(std::string_view text);
/// `text` with & < > " ' escaped for HTML and SVG.
std::string html_escape(std::string_view text);

} // namespace salus
