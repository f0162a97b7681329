#pragma once

#include "formats/fhir_reasons.hpp"
#include "health/record_row.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace salus {

/// Elements of FHIR resources that are read.
enum class FhirElement : std::uint8_t {
    none,
    abatement_date_time,
    abatement_period,
    authored_on,
    birth_date,
    category,
    encounter_class,
    code,
    component,
    conclusion_code,
    contained,
    context,
    date,
    date_asserted,
    days_supply,
    deceased_date_time,
    dispense_request,
    do_not_perform,
    effective_date_time,
    effective_instant,
    effective_period,
    encounter,
    entry,
    gender,
    id,
    identifier,
    intent,
    issued,
    managing_organization,
    medication_codeable_concept,
    medication_reference,
    occurrence_date_time,
    onset_date_time,
    onset_period,
    patient,
    performed_date_time,
    performed_period,
    period,
    reason_code,
    recorded,
    recorded_date,
    resource_type,
    status,
    subject,
    timestamp,
    vaccine_code,
    value_boolean,
    value_codeable_concept,
    value_integer,
    value_quantity,
    verification_status,
    when_handed_over,
    when_prepared,
};
constexpr std::size_t fhir_element_count = 53;
std::string_view to_string(FhirElement element) noexcept;
/// The element with that name; none if it is not read.
FhirElement fhir_element(std::string_view name) noexcept;

enum class FhirType : std::uint8_t {
    condition,
    observation,
    medication_request,
    medication_statement,
    medication_administration,
    medication_dispense,
    procedure,
    encounter,
    immunization,
    diagnostic_report,
    allergy_intolerance,
    patient,
    medication,
    bundle,
    composition,
    other,
};

/// How a type of resource becomes events.
struct FhirRule {
    std::string_view name;
    EventKind kind = EventKind::observation;
    FhirElement code = FhirElement::code;
    std::array<FhirElement, 4> starts{}; // the first that is there counts; dates or periods
    FhirElement end = FhirElement::none; // date or period beside the start
    bool period_ends = false;            // the end of the period of the start is the end
    std::string_view kept = {};          // status "|a|b|" that are read; "" = all others
    std::string_view not_done = {};      // status that mean that nothing happened
    FhirReason otherwise = FhirReason::none;
};
/// Rule of a type with events.
const FhirRule& rule_of(FhirType type) noexcept;
FhirType fhir_type(std::string_view name) noexcept;
/// What `status` means for a resource of this type.
FhirReason judge_status(const FhirRule& rule, std::string_view status) noexcept;
/// Place of care of an encounter class (HL7 v3 ActEncounterCode).
EventSource source_of_class(std::string_view code) noexcept;

} // namespace salus
