#include "health/code_form.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace salus {
namespace {

bool all_digits(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(), is_digit);
}

/// `code` in upper case without blanks at its ends, dagger, asterisk and exclamation mark.
std::string without_marks(std::string_view code) {
    constexpr std::string_view dagger = "\xE2\x80\xA0";
    std::string out;
    for (std::string_view rest = trim(code); !rest.empty(); rest.remove_prefix(1)) {
        if (rest.starts_with(dagger)) {
            rest.remove_prefix(dagger.size() - 1);
            continue;
        }
        if (rest[0] != '*' && rest[0] != '+' && rest[0] != '!') out += upper(rest[0]);
    }
    return out;
}

/// The letters and digits of `code` if it has no other characters but a dot at `dot`.
std::optional<std::string> undotted(std::string_view code, std::size_t dot) {
    std::string out;
    for (const char c : code) {
        if (c == '.' && out.size() == dot) continue;
        if (!is_letter(c) && !is_digit(c)) return std::nullopt;
        out += c;
    }
    return out;
}

bool icd11_part(std::string_view part) noexcept {
    const auto fits = [](char c) { return is_digit(c) || (is_letter(c) && c != 'I' && c != 'O'); };
    if (part.size() < 4 || !is_letter(part[1])) return false;
    const std::size_t dot = part.find('.');
    const std::string_view stem = part.substr(0, dot);
    const std::string_view rest =
        dot == std::string_view::npos ? std::string_view{} : part.substr(dot + 1);
    const std::size_t longest = part[0] == 'X' ? 6 : 4;
    if (stem.size() < 4 || stem.size() > longest || rest.size() > 3) return false;
    if (dot != std::string_view::npos && rest.empty()) return false;
    return std::all_of(stem.begin(), stem.end(), fits) &&
           std::all_of(rest.begin(), rest.end(), fits) &&
           (part[0] == 'X' || is_digit(stem[2])); // extension codes have letters there
}

} // namespace

std::optional<std::string> normalise_icd10(std::string_view code) {
    const std::string marked = without_marks(code);
    std::string_view written = marked;
    if (written.ends_with('-')) written.remove_suffix(written.ends_with(".-") ? 2 : 1);
    auto out = undotted(written, 3);
    if (!out || out->size() < 3 || out->size() > 7 || !is_letter((*out)[0]) || !is_digit((*out)[1]))
        return std::nullopt;
    if (!is_digit((*out)[2]) && (*out)[2] != 'A' && (*out)[2] != 'B') return std::nullopt;
    if (out->size() > 3) out->insert(3, ".");
    return out;
}

std::optional<std::string> normalise_icd9(std::string_view code) {
    const std::string marked = without_marks(code);
    if (marked.empty()) return std::nullopt;
    const std::size_t category = marked[0] == 'E' ? 4 : 3;
    auto out = undotted(marked, category);
    if (!out || out->size() < category || out->size() > 5) return std::nullopt;
    const bool lettered = marked[0] == 'E' || marked[0] == 'V';
    if (!all_digits(std::string_view(*out).substr(lettered ? 1 : 0))) return std::nullopt;
    if (out->size() > category) out->insert(category, ".");
    return out;
}

std::optional<std::string> normalise_icd11(std::string_view code) {
    std::string out;
    for (const char c : trim(code))
        out += upper(c);
    std::string_view rest = out;
    while (true) {
        const std::size_t end = rest.find_first_of("&/");
        if (!icd11_part(rest.substr(0, end))) return std::nullopt;
        if (end == std::string_view::npos) return out;
        rest.remove_prefix(end + 1);
    }
}

std::optional<std::string> normalise_opcs4(std::string_view code) {
    std::string marked = without_marks(code);
    auto out = undotted(marked, 3);
    if (!out || out->size() < 3 || out->size() > 4 || !is_letter((*out)[0]) ||
        !all_digits(std::string_view(*out).substr(1)))
        return std::nullopt;
    if (out->size() > 3) out->insert(3, ".");
    return out;
}

std::optional<std::string> normalise_read(std::string_view code) {
    std::string_view out = trim(code);
    const auto fits = [](char c) { return is_letter(c) || is_digit(c) || c == '.'; };
    if ((out.size() != 5 && out.size() != 7 && out.find('.') != std::string_view::npos) ||
        out.size() > 7 || !std::all_of(out.begin(), out.end(), fits))
        return std::nullopt;
    if (out.size() == 7) out = out.substr(0, 5);
    while (out.ends_with('.'))
        out.remove_suffix(1);
    if (out.empty() || out.size() > 5 || out.find('.') != std::string_view::npos)
        return std::nullopt;
    return std::string(out);
}

bool is_loinc(std::string_view code) noexcept {
    if (code.size() < 3 || code.size() > 9 || code[code.size() - 2] != '-' ||
        !is_digit(code.back()))
        return false;
    unsigned sum = 0; // Luhn, from the last digit of the number
    const std::size_t digits = code.size() - 2;
    for (std::size_t i = 0; i < digits; ++i) {
        const char c = code[digits - 1 - i];
        if (!is_digit(c)) return false;
        const unsigned value = static_cast<unsigned>(c - '0') * (i % 2 == 0 ? 2 : 1);
        sum += value / 10 + value % 10;
    }
    return (10 - sum % 10) % 10 == static_cast<unsigned>(code.back() - '0');
}

int atc_level(std::string_view code) noexcept {
    constexpr std::string_view form = "A00AA00";
    constexpr std::array<int, 8> level_of_length{0, 1, 0, 2, 3, 4, 0, 5};
    if (code.size() >= level_of_length.size()) return 0;
    for (std::size_t i = 0; i < code.size(); ++i)
        if (form[i] == 'A' ? !is_letter(code[i]) : !is_digit(code[i])) return 0;
    return level_of_length[code.size()];
}

bool is_atc(std::string_view code) noexcept { return atc_level(code) > 0; }

bool verhoeff_holds(std::string_view digits) noexcept {
    // The dihedral group of order 10 and the permutation that positions go through.
    constexpr auto product = [](unsigned a, unsigned b) -> unsigned {
        if (a < 5) return b < 5 ? (a + b) % 5 : 5 + (a + b) % 5;
        return b < 5 ? 5 + (a + 5 - b) % 5 : (a + 5 - b) % 5;
    };
    constexpr std::array<unsigned, 10> permute{1, 5, 7, 6, 2, 8, 3, 0, 9, 4};
    unsigned check = 0;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        const char c = digits[digits.size() - 1 - i];
        if (!is_digit(c)) return false;
        auto digit = static_cast<unsigned>(c - '0');
        for (std::size_t k = 0; k < i % 8; ++k)
            digit = permute[digit];
        check = product(check, digit);
    }
    return !digits.empty() && check == 0;
}

bool is_snomed(std::string_view code) noexcept {
    if (code.size() < 6 || code.size() > 18 || code[0] == '0') return false;
    const char partition = code[code.size() - 3]; // 0: core, 1: extension
    if ((partition != '0' && partition != '1') || code[code.size() - 2] != '0') return false;
    return verhoeff_holds(code);
}

std::optional<KnownCode> longest_known(std::span<const std::string> known, std::string_view code,
                                       std::size_t shortest) noexcept {
    for (std::string_view part = code; part.size() >= std::max<std::size_t>(shortest, 1);
         part.remove_suffix(1)) {
        if (part.ends_with('.')) continue;
        const auto at = std::lower_bound(known.begin(), known.end(), part);
        if (at != known.end() && *at == part)
            return KnownCode{static_cast<std::size_t>(at - known.begin()),
                             part.size() == code.size()};
    }
    return std::nullopt;
}

} // namespace salus
