#include "health/code.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace salus {
namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_letter(char c) noexcept { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
char upper(char c) noexcept { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

std::string upper(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        c = upper(c);
    return out;
}

constexpr std::array<std::string_view, 12> known_systems{"ICD10", "ICD9",    "ICD11",  "LOINC",
                                                         "ATC",   "SNOMED",  "RXNORM", "OPCS4",
                                                         "READ",  "PHECODE", "OMOP",   "LOCAL"};

/// The system before a colon in a source value, if it is one that we know.
std::optional<std::string> named_system(std::string_view source) {
    const std::size_t colon = source.find(':');
    if (colon == std::string_view::npos || colon > 12) return std::nullopt;
    std::string system = normalise_system(source.substr(0, colon));
    if (std::find(known_systems.begin(), known_systems.end(), system) == known_systems.end())
        return std::nullopt;
    return system;
}

std::string in_system(std::string_view system, std::string_view code) {
    const std::string name = normalise_system(system);
    if (name == "ICD10")
        if (const auto icd = normalise_icd10(code)) return text(name, ":", *icd);
    return text(name, ":", name == "ATC" ? upper(trim(code)) : std::string(trim(code)));
}

std::optional<std::string> recognised(EventKind kind, std::string_view source) {
    if (kind == EventKind::drug) {
        if (is_atc(source)) return text("ATC:", upper(source));
        return std::nullopt;
    }
    if ((kind == EventKind::measurement || kind == EventKind::observation) && is_loinc(source))
        return text("LOINC:", source);
    if (kind == EventKind::measurement) return std::nullopt;
    if (const auto icd = normalise_icd10(source)) return text("ICD10:", *icd);
    return std::nullopt;
}

constexpr std::array<std::pair<std::uint32_t, std::string_view>, 6> unit_concepts{
    {{8840, "mg/dL"},
     {8753, "mmol/L"},
     {8554, "%"},
     {9579, "mmol/mol"},
     {8582, "cm"},
     {9529, "kg"}}};

bool is_hierarchy(std::string_view system) noexcept {
    return system == "ICD10" || system == "ICD9" || system == "ATC";
}

/// `code` without the dots behind its system, so that E119 and E11.9 are the same.
std::string comparable(std::string_view code) {
    std::string out(code);
    if (code.starts_with("ICD")) std::erase(out, '.');
    return out;
}

} // namespace

std::string_view to_string(EventKind kind) noexcept {
    switch (kind) {
    case EventKind::condition:
        return "condition";
    case EventKind::measurement:
        return "measurement";
    case EventKind::drug:
        return "drug";
    case EventKind::procedure:
        return "procedure";
    case EventKind::observation:
        return "observation";
    case EventKind::death:
        return "death";
    case EventKind::visit:
        return "visit";
    case EventKind::device:
        return "device";
    }
    return "unknown";
}

std::optional<std::string> normalise_icd10(std::string_view code) {
    std::string out;
    for (const char c : trim(code)) {
        if (c == '.' && out.size() == 3) continue;
        if (c == '*' || c == '+' || c == '!') continue;
        if (!is_letter(c) && !is_digit(c)) return std::nullopt;
        out += upper(c);
    }
    if (out.size() < 3 || out.size() > 7 || !is_letter(out[0]) || !is_digit(out[1]))
        return std::nullopt;
    if (!is_digit(out[2]) && out[2] != 'A' && out[2] != 'B') return std::nullopt;
    if (out.size() > 3) out.insert(3, ".");
    return out;
}

bool is_loinc(std::string_view code) noexcept {
    if (code.size() < 3 || code.size() > 8 || code[code.size() - 2] != '-' ||
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

bool is_atc(std::string_view code) noexcept {
    constexpr std::string_view form = "A00AA00";
    if (code.size() != 1 && code.size() != 3 && code.size() != 4 && code.size() != 5 &&
        code.size() != 7)
        return false;
    for (std::size_t i = 0; i < code.size(); ++i)
        if (form[i] == 'A' ? !is_letter(code[i]) : !is_digit(code[i])) return false;
    return true;
}

std::string normalise_system(std::string_view system) {
    std::string name;
    for (const char c : trim(system))
        if (is_letter(c) || is_digit(c)) name += upper(c);
    if (name == "ICD10CM" || name == "ICD10GM" || name == "ICD10WHO") return "ICD10";
    if (name == "ICD9CM") return "ICD9";
    if (name == "SNOMEDCT") return "SNOMED";
    return name;
}

std::string event_code(EventKind kind, std::string_view source_value, std::uint32_t concept_id,
                       std::string_view system) {
    const std::string_view source = trim(source_value);
    if (!source.empty()) {
        if (const auto named = named_system(source))
            return in_system(*named, source.substr(source.find(':') + 1));
        if (system != "auto") return in_system(system, source);
        if (auto code = recognised(kind, source)) return *code;
    }
    if (concept_id != 0 || source.empty()) return text("OMOP:", concept_id);
    return text("LOCAL:", source);
}

std::string event_unit(std::string_view source_value, std::uint32_t concept_id) {
    const std::string_view source = trim(source_value);
    const auto* known = std::find_if(unit_concepts.begin(), unit_concepts.end(),
                                     [&](const auto& entry) { return entry.first == concept_id; });
    if (known == unit_concepts.end()) {
        if (!source.empty() || concept_id == 0) return std::string(source);
        return text("OMOP:", concept_id);
    }
    if (source.empty() || source == known->second) return std::string(known->second);
    return text(source, "?");
}

std::optional<CodePattern> CodePattern::parse(std::string_view written) {
    const std::string_view entry = trim(written);
    const std::size_t colon = entry.find(':');
    if (colon == std::string_view::npos || colon == 0 || colon + 1 == entry.size())
        return std::nullopt;
    const std::string system = normalise_system(entry.substr(0, colon));
    std::string_view code = trim(entry.substr(colon + 1));
    CodePattern pattern;
    pattern.prefix_ = is_hierarchy(system);
    if (code.ends_with('*')) {
        pattern.prefix_ = true;
        code.remove_suffix(1);
    }
    if (system == "OMOP" && !pattern.prefix_) {
        const auto number = parse_integer(code);
        if (!number || *number <= 0 || *number > 0xFFFFFFFFLL) return std::nullopt;
        pattern.concept_ = static_cast<std::uint32_t>(*number);
        return pattern;
    }
    const std::size_t dash = is_hierarchy(system) ? code.find('-') : std::string_view::npos;
    const auto whole = [&](std::string_view part) {
        return comparable(
            text(system, ":", is_hierarchy(system) ? upper(trim(part)) : std::string(part)));
    };
    pattern.first_ = whole(code.substr(0, dash));
    pattern.last_ = dash == std::string_view::npos ? pattern.first_ : whole(code.substr(dash + 1));
    return pattern;
}

bool CodePattern::matches(std::string_view code, std::uint32_t concept_id) const {
    if (concept_ != 0) return concept_id == concept_;
    const std::string form = comparable(code);
    if (!prefix_) return form == first_;
    if (form.size() < first_.size()) return false;
    return std::string_view(form).substr(0, first_.size()) >= first_ &&
           std::string_view(form).substr(0, last_.size()) <= last_ &&
           form.compare(0, first_.find(':') + 1, first_, 0, first_.find(':') + 1) == 0;
}

bool matches_any(const std::vector<CodePattern>& patterns, std::string_view code,
                 std::uint32_t concept_id) {
    return std::any_of(patterns.begin(), patterns.end(),
                       [&](const CodePattern& p) { return p.matches(code, concept_id); });
}

} // namespace salus
