#include "stages/health_quality/code_kind.hpp"

#include "base/text.hpp"
#include "health/code_form.hpp"
#include "health/code_system.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace salus::health_quality {
namespace {

/// Shapes of codes of no known system.
enum class CodeShape : std::uint8_t { none, digits, decimal, dashed, letters, mixed, words };
constexpr std::array<std::string_view, 7> code_shapes{
    "",     "digits", "digits with a point", "digits with dashes", "letters", "letters and digits",
    "words"};

std::string family_of(const Concept& about) {
    const std::string name = normalise_system(about.code.substr(0, about.code.find(':')));
    const CodeSystem* known = find_code_system(name);
    return known == nullptr ? name : std::string(known->family);
}

/// The place of a system in code_systems() behind the shapes.
std::uint8_t form_of_system(std::string_view name) {
    const auto systems = code_systems();
    const auto found = std::find_if(systems.begin(), systems.end(),
                                    [&](const CodeSystem& s) { return s.name == name; });
    return found == systems.end()
               ? std::uint8_t{0}
               : static_cast<std::uint8_t>(code_shapes.size() +
                                           static_cast<std::size_t>(found - systems.begin()));
}

CodeShape shape_of(std::string_view code) noexcept {
    bool digits = false, letters = false, point = false, dash = false;
    for (const char c : code) {
        if (c >= '0' && c <= '9')
            digits = true;
        else if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
            letters = true;
        else if (c == '.')
            point = true;
        else if (c == '-')
            dash = true;
        else
            return CodeShape::words;
    }
    if (letters && digits) return CodeShape::mixed;
    if (letters) return code.size() > 12 ? CodeShape::words : CodeShape::letters;
    if (!digits) return CodeShape::none;
    return dash ? CodeShape::dashed : point ? CodeShape::decimal : CodeShape::digits;
}

/// Accidents of ICD-9 are E800 to E999, and E000 to E030 later: E119 is none.
bool is_icd9(std::string_view code) {
    const auto form = normalise_icd9(code);
    if (!form) return false;
    return form->front() != 'E' || std::string_view("089").find((*form)[1]) != std::string::npos;
}

} // namespace

std::uint8_t form_of(std::string_view written, bool diagnoses) {
    const std::string_view code = trim(written);
    if (code.empty()) return 0;
    if (const std::size_t colon = code.find(':'); colon != std::string_view::npos)
        if (const std::uint8_t named = form_of_system(normalise_system(code.substr(0, colon))))
            return named;
    const bool icd9 = diagnoses && is_icd9(code), icd10 = normalise_icd10(code).has_value();
    if (icd9 && icd10) return 0;
    if (icd9) return form_of_system("ICD9CM");
    if (is_loinc(code)) return form_of_system("LOINC");
    if (code.size() > 3 && is_atc(code)) return form_of_system("ATC");
    if (is_snomed(code)) return form_of_system("SNOMED");
    if (icd10) return form_of_system("ICD10");
    return static_cast<std::uint8_t>(shape_of(code));
}

KindNames::KindNames(const std::unordered_map<std::uint32_t, Concept>& concepts) {
    for (const std::string_view shape : code_shapes)
        names_.emplace_back(shape);
    for (const CodeSystem& system : code_systems())
        names_.emplace_back(system.family);
    std::set<std::string> others;
    for (const auto& [id, about] : concepts)
        others.insert(family_of(about));
    for (const std::string& name : others)
        if (std::find(names_.begin(), names_.end(), name) == names_.end()) names_.push_back(name);
    // Systems of one family are one kind: the first of that name.
    const auto place = [&](std::string_view name) {
        return static_cast<std::uint32_t>(std::find(names_.begin(), names_.end(), name) -
                                          names_.begin());
    };
    for (const std::string& name : names_)
        of_form_.push_back(place(name));
    for (const auto& [id, about] : concepts)
        if (const std::uint32_t kind = place(family_of(about)); kind != 0) of_concept_[id] = kind;
}

std::uint32_t KindNames::kind_of(std::uint32_t source_concept, std::uint8_t form) const {
    const auto known = of_concept_.find(source_concept);
    return known != of_concept_.end() ? known->second : of_form_.at(form);
}

} // namespace salus::health_quality
