#include "formats/fhir_rules.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace salus {
namespace {

using E = FhirElement;
using R = FhirReason;

constexpr std::array<std::string_view, fhir_element_count> element_names{
    "",
    "abatementDateTime",
    "abatementPeriod",
    "authoredOn",
    "birthDate",
    "category",
    "class",
    "code",
    "component",
    "conclusionCode",
    "contained",
    "context",
    "date",
    "dateAsserted",
    "daysSupply",
    "deceasedDateTime",
    "dispenseRequest",
    "doNotPerform",
    "effectiveDateTime",
    "effectiveInstant",
    "effectivePeriod",
    "encounter",
    "entry",
    "gender",
    "id",
    "identifier",
    "intent",
    "issued",
    "managingOrganization",
    "medicationCodeableConcept",
    "medicationReference",
    "occurrenceDateTime",
    "onsetDateTime",
    "onsetPeriod",
    "patient",
    "performedDateTime",
    "performedPeriod",
    "period",
    "reasonCode",
    "recorded",
    "recordedDate",
    "resourceType",
    "status",
    "subject",
    "timestamp",
    "vaccineCode",
    "valueBoolean",
    "valueCodeableConcept",
    "valueInteger",
    "valueQuantity",
    "verificationStatus",
    "whenHandedOver",
    "whenPrepared",
};

/// The element among those with names of `Length` bytes: all comparisons have a fixed length.
template <std::size_t Length, std::size_t... I>
E match(const char* name, std::index_sequence<I...>) noexcept {
    E found = E::none;
    const auto is = [&]<std::size_t Element>() {
        if constexpr (element_names[Element].size() == Length)
            if (std::memcmp(name, element_names[Element].data(), Length) == 0)
                found = static_cast<E>(Element);
        return found != E::none;
    };
    static_cast<void>((is.template operator()<I>() || ...));
    return found;
}
template <std::size_t Length>
E of_length(const char* name) noexcept {
    if constexpr (Length == 0) return E::none;
    return match<Length>(name, std::make_index_sequence<fhir_element_count>());
}
constexpr std::size_t longest_name = 25;
constexpr auto matchers = []<std::size_t... Length>(std::index_sequence<Length...>) {
    return std::array{&of_length<Length>...};
}
(std::make_index_sequence<longest_name + 1>());
static_assert(std::max_element(element_names.begin(), element_names.end(), [](auto a, auto b) {
                  return a.size() < b.size();
              })->size() == longest_name);

// In the order of FhirType. Status and date elements: FHIR R4, https://hl7.org/fhir/R4/.
constexpr std::array<FhirRule, 11> rules{{
    {.name = "Condition",
     .kind = EventKind::condition,
     .starts = {E::onset_date_time, E::onset_period, E::recorded_date},
     .end = E::abatement_date_time},
    {.name = "Observation",
     .starts = {E::effective_date_time, E::effective_period, E::effective_instant, E::issued},
     .period_ends = true,
     .kept = "|final|amended|corrected|",
     .not_done = "|cancelled|",
     .otherwise = R::not_final},
    {.name = "MedicationRequest",
     .kind = EventKind::drug,
     .code = E::medication_codeable_concept,
     .starts = {E::authored_on},
     .end = E::dispense_request,
     .not_done = "|cancelled|draft|"},
    {.name = "MedicationStatement",
     .kind = EventKind::drug,
     .code = E::medication_codeable_concept,
     .starts = {E::effective_date_time, E::effective_period, E::date_asserted},
     .period_ends = true,
     .not_done = "|not-taken|intended|"},
    {.name = "MedicationAdministration",
     .kind = EventKind::drug,
     .code = E::medication_codeable_concept,
     .starts = {E::effective_date_time, E::effective_period},
     .period_ends = true,
     .kept = "|completed|",
     .not_done = "|not-done|",
     .otherwise = R::not_final},
    {.name = "MedicationDispense",
     .kind = EventKind::drug,
     .code = E::medication_codeable_concept,
     .starts = {E::when_handed_over, E::when_prepared},
     .end = E::days_supply,
     .kept = "|completed|",
     .not_done = "|cancelled|declined|",
     .otherwise = R::not_final},
    {.name = "Procedure",
     .kind = EventKind::procedure,
     .starts = {E::performed_date_time, E::performed_period},
     .period_ends = true,
     .kept = "|completed|",
     .not_done = "|not-done|preparation|",
     .otherwise = R::not_final},
    {.name = "Encounter",
     .kind = EventKind::visit,
     .code = E::encounter_class,
     .starts = {E::period},
     .period_ends = true,
     .not_done = "|planned|cancelled|"},
    {.name = "Immunization",
     .kind = EventKind::drug,
     .code = E::vaccine_code,
     .starts = {E::occurrence_date_time, E::recorded},
     .kept = "|completed|",
     .not_done = "|not-done|",
     .otherwise = R::not_final},
    {.name = "DiagnosticReport",
     .starts = {E::effective_date_time, E::effective_period, E::issued},
     .period_ends = true,
     .kept = "|final|amended|corrected|appended|",
     .not_done = "|cancelled|",
     .otherwise = R::not_final},
    {.name = "AllergyIntolerance",
     .starts = {E::onset_date_time, E::onset_period, E::recorded_date}},
}};
constexpr std::array<std::string_view, 4> other_types{"Patient", "Medication", "Bundle",
                                                      "Composition"};

bool listed(std::string_view list, std::string_view status) noexcept {
    for (std::size_t at = list.find(status); at != std::string_view::npos;
         at = list.find(status, at + 1))
        if (at > 0 && list[at - 1] == '|' && at + status.size() < list.size() &&
            list[at + status.size()] == '|')
            return true;
    return false;
}

} // namespace

std::string_view to_string(FhirElement element) noexcept {
    return element_names[static_cast<std::size_t>(element)];
}

FhirElement fhir_element(std::string_view name) noexcept {
    return name.size() < matchers.size() ? matchers[name.size()](name.data()) : E::none;
}

const FhirRule& rule_of(FhirType type) noexcept { return rules[static_cast<std::size_t>(type)]; }

FhirType fhir_type(std::string_view name) noexcept {
    if (name == "Observation") return FhirType::observation; // most resources are
    for (std::size_t t = 0; t < rules.size(); ++t)
        if (rules[t].name == name) return static_cast<FhirType>(t);
    for (std::size_t t = 0; t < other_types.size(); ++t)
        if (other_types[t] == name) return static_cast<FhirType>(rules.size() + t);
    return FhirType::other;
}

FhirReason judge_status(const FhirRule& rule, std::string_view status) noexcept {
    if (status == "entered-in-error") return R::entered_in_error;
    if (!status.empty() && listed(rule.not_done, status)) return R::not_done;
    if (rule.kept.empty() || (!status.empty() && listed(rule.kept, status))) return R::none;
    return rule.otherwise;
}

EventSource source_of_class(std::string_view code) noexcept {
    constexpr std::array<std::string_view, 5> inside{"IMP", "ACUTE", "NONAC", "SS", "OBSENC"};
    constexpr std::array<std::string_view, 5> outside{"AMB", "VR", "HH", "FLD", "PRENC"};
    if (std::find(inside.begin(), inside.end(), code) != inside.end())
        return EventSource::inpatient;
    if (std::find(outside.begin(), outside.end(), code) != outside.end())
        return EventSource::outpatient;
    return code == "EMER" ? EventSource::emergency : EventSource::unknown;
}

} // namespace salus
