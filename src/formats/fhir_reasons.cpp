#include "formats/fhir_reasons.hpp"

#include <array>

namespace salus {
namespace {

struct Text {
    std::string_view name, rule;
};

constexpr std::array<Text, fhir_reason_count> reason_texts{{
    {"none", ""},
    {"not_json", "every line is one JSON object"},
    {"not_utf8", "JSON is written in UTF-8"},
    {"too_deep", "objects and arrays are nested at most 256 deep"},
    {"line_too_long", "a resource has at most as many bytes as the parameter line_bytes says"},
    {"not_a_resource", "every resource is an object that names its resourceType"},
    {"duplicate_key", "a resource has each element once"},
    {"wrong_type", "elements have the JSON type that FHIR R4 gives them"},
    {"bad_person", "Patient has an id, and subject or patient a reference that names one"},
    {"bad_date", "dates are real calendar dates: YYYY, YYYY-MM, YYYY-MM-DD or a dateTime"},
    {"bad_comparator", "the comparator of a quantity is <, <=, >= or >"},
    {"end_before_start", "the end of a period is not before its start"},
    {"unresolved_medication", "medicationReference names a Medication of the export"},
    {"entered_in_error", "resources that were entered in error never happened"},
    {"refuted", "refuted conditions and allergies are not had"},
    {"not_done", "what was planned, cancelled or not done did not happen"},
    {"not_final", "only final, amended or corrected results and completed acts are read"},
    {"not_an_order", "only medication requests that are orders are read"},
    {"no_date", "an event needs a date"},
    {"no_code", "an event needs a code; text alone is not read"},
    {"not_about_a_person", "only resources about a Patient are read"},
    {"other_resource", "this type of resource is not read"},
}};

} // namespace

std::string_view to_string(FhirReason reason) noexcept {
    return reason_texts[static_cast<std::size_t>(reason)].name;
}
std::string_view rule_of(FhirReason reason) noexcept {
    return reason_texts[static_cast<std::size_t>(reason)].rule;
}

} // namespace salus
