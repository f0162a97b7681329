#include "formats/fhir_values.hpp"

#include "health/record_row.hpp"

namespace salus {
namespace {

constexpr std::size_t not_found = std::string_view::npos;

bool number_of(std::string_view digits, int& out) noexcept {
    out = 0;
    for (const char c : digits) {
        if (c < '0' || c > '9') return false;
        out = out * 10 + (c - '0');
    }
    return true;
}

/// Days from 1970-01-01 to the first of a month; months beyond 12 are months of the next year.
Day first_of(int year, int month) noexcept {
    return day_from_civil(year + (month - 1) / 12, (month - 1) % 12 + 1, 1);
}

/// `Type/id` without anything else, which most references are.
std::optional<FhirReference> plain_reference(std::string_view text) noexcept {
    std::size_t slash = 0;
    while (slash < text.size() && text[slash] != '/') {
        const char c = text[slash++];
        if ((c < 'A' || c > 'Z') && (c < 'a' || c > 'z')) return std::nullopt;
    }
    if (slash == 0 || slash + 1 >= text.size()) return std::nullopt;
    const std::string_view id = text.substr(slash + 1);
    if (id.find('/') != not_found || id.find('?') != not_found) return std::nullopt;
    return FhirReference{FhirReference::Form::typed, text.substr(0, slash), id};
}

} // namespace

std::optional<FhirDate> parse_fhir_date(std::string_view text) noexcept {
    int year = 0, month = 0, day = 0;
    if (text.size() < 4 || !number_of(text.substr(0, 4), year)) return std::nullopt;
    if (text.size() == 4)
        return FhirDate{first_of(year, 1), first_of(year, 13) - 1, year_precision};
    if (text.size() < 7 || text[4] != '-' || !number_of(text.substr(5, 2), month) || month < 1 ||
        month > 12)
        return std::nullopt;
    const Day first = first_of(year, month);
    if (text.size() == 7) return FhirDate{first, first_of(year, month + 1) - 1, month_precision};
    if (text.size() < 10 || text[7] != '-' || !number_of(text.substr(8, 2), day) || day < 1)
        return std::nullopt;
    if (text.size() > 10 && text[10] != 'T') return std::nullopt;
    if (day > 28 && first + day - 1 >= first_of(year, month + 1)) return std::nullopt;
    return FhirDate{first + day - 1, first + day - 1, 0};
}

Day day_of_birth(const FhirDate& date) noexcept {
    if ((date.flags & month_precision) != 0) return date.first + 14;
    if ((date.flags & year_precision) != 0) return first_of(year_of(date.first), 7);
    return date.first;
}

FhirReference parse_fhir_reference(std::string_view text) noexcept {
    using Form = FhirReference::Form;
    if (const auto plain = plain_reference(text)) return *plain;
    if (text.starts_with('#')) return {Form::contained, {}, text.substr(1)};
    if (text.starts_with("urn:")) {
        const std::size_t colon = text.find(':', 4);
        if (colon == not_found || colon + 1 == text.size()) return {};
        return {Form::urn, {}, text.substr(colon + 1)};
    }
    if (const std::size_t history = text.find("/_history/"); history != not_found)
        text = text.substr(0, history);
    std::string_view id;
    if (const std::size_t query = text.find("?identifier="); query != not_found) {
        id = text.substr(query + 12);
        if (const std::size_t bar = id.rfind('|'); bar != not_found) id.remove_prefix(bar + 1);
        text = text.substr(0, query);
    } else {
        const std::size_t slash = text.rfind('/');
        if (slash == not_found) return {};
        id = text.substr(slash + 1);
        text = text.substr(0, slash);
    }
    if (const std::size_t slash = text.rfind('/'); slash != not_found)
        text.remove_prefix(slash + 1);
    if (text.empty() || id.empty()) return {};
    return {Form::typed, text, id};
}

} // namespace salus
