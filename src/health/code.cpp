#include "health/code.hpp"

#include "base/text.hpp"
#include "health/unit_names.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace salus {
namespace {

/// `SYSTEM:code`; a code that does not have the form of its system stays as written.
std::string in_system(std::string_view name, std::string_view code) {
    const auto form = normalise_code(name, code);
    return text(name, ":", form ? std::string_view(*form) : trim(code));
}

/// The system before a colon in a source value, if it is one that we know.
std::optional<std::string> named_system(std::string_view source) {
    const std::size_t colon = source.find(':');
    if (colon == std::string_view::npos || colon > 16) return std::nullopt;
    std::string system = normalise_system(source.substr(0, colon));
    return find_code_system(system) != nullptr ? std::optional(std::move(system)) : std::nullopt;
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

/// Letters and digits are compared without the dots between them, so that E119 is E11.9, and
/// without the marks of dagger and asterisk codes.
std::string without_dots(std::string_view code) {
    std::string out(code);
    std::erase_if(out, [](char c) { return c == '.' || c == '+' || c == '*' || c == '!'; });
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

std::string event_code(EventKind kind, std::string_view source_value, std::uint32_t concept_id,
                       std::string_view system) {
    const std::string_view source = trim(source_value);
    if (!source.empty()) {
        if (const auto named = named_system(source))
            return in_system(*named, source.substr(source.find(':') + 1));
        if (system != "auto") return in_system(normalise_system(system), source);
        if (auto code = recognised(kind, source)) return *code;
    }
    if (concept_id != 0 || source.empty()) return text("OMOP:", concept_id);
    return text("LOCAL:", source);
}

std::string event_unit(std::string_view source_value, std::uint32_t concept_id) {
    const std::string_view source = trim(source_value), known = ucum_of_concept(concept_id);
    if (known.empty()) {
        if (!source.empty() || concept_id == 0) return std::string(source);
        return text("OMOP:", concept_id);
    }
    if (source.empty() || unit_meanings(source).empty()) return std::string(known);
    return same_unit(source, known) ? std::string(source) : text(source, "?");
}

std::optional<CodePattern> CodePattern::parse(std::string_view written) {
    const std::string_view entry = trim(written);
    const std::size_t colon = entry.find(':');
    if (colon == std::string_view::npos || colon == 0 || colon + 1 == entry.size())
        return std::nullopt;
    CodePattern pattern;
    pattern.system_ = normalise_system(entry.substr(0, colon));
    const CodeSystem* known = find_code_system(pattern.system_);
    const bool hierarchy = known != nullptr && known->hierarchy;
    pattern.prefix_ = hierarchy;
    pattern.dots_ = known != nullptr && known->dots;
    pattern.family_ = known != nullptr && known->name == known->family;
    std::string_view code = trim(entry.substr(colon + 1));
    if (code.ends_with('*')) {
        pattern.prefix_ = true;
        code.remove_suffix(1);
    }
    if (pattern.system_ == "OMOP" && !pattern.prefix_) {
        const auto number = parse_integer(code);
        if (!number || *number <= 0 || *number > 0xFFFFFFFFLL) return std::nullopt;
        pattern.concept_ = static_cast<std::uint32_t>(*number);
        return pattern;
    }
    if (hierarchy && code.ends_with('-')) code.remove_suffix(1); // "M54.-": all below M54
    const std::size_t dash = hierarchy ? code.find('-') : std::string_view::npos;
    const auto part = [&](std::string_view one) {
        if (!pattern.prefix_)
            if (auto form = normalise_code(pattern.system_, one)) return *form;
        std::string out(trim(one));
        if (known != nullptr && known->upper_case) out = upper(out);
        return pattern.dots_ ? without_dots(out) : out;
    };
    pattern.first_ = part(code.substr(0, dash));
    pattern.last_ = dash == std::string_view::npos ? pattern.first_ : part(code.substr(dash + 1));
    if (pattern.first_.empty() || pattern.last_.empty() || pattern.last_ < pattern.first_)
        return std::nullopt;
    return pattern;
}

bool CodePattern::fits(std::string_view code) const noexcept {
    if (!prefix_) return code == first_;
    return code.size() >= first_.size() && code.substr(0, first_.size()) >= first_ &&
           code.substr(0, last_.size()) <= last_;
}

bool CodePattern::matches(std::string_view code, std::uint32_t concept_id) const {
    if (concept_ != 0) return concept_id == concept_;
    const std::size_t colon = code.find(':');
    if (colon == std::string_view::npos) return false;
    const std::string_view system = code.substr(0, colon), rest = code.substr(colon + 1);
    if (system != system_) {
        if (!family_ || !system.starts_with(system_)) return false; // members begin like the family
        const CodeSystem* known = find_code_system(system);
        if (known == nullptr || known->family != system_) return false;
    }
    return dots_ ? fits(without_dots(rest)) : fits(rest);
}

bool matches_any(const std::vector<CodePattern>& patterns, std::string_view code,
                 std::uint32_t concept_id) {
    return std::any_of(patterns.begin(), patterns.end(),
                       [&](const CodePattern& p) { return p.matches(code, concept_id); });
}

} // namespace salus
