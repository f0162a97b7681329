#pragma once

#include "base/date.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace salus {

/// A FHIR date or dateTime as its writer saw it: the calendar day of its own time zone, without a
/// shift to UTC.
struct FhirDate {
    Day first = 0, last = 0; // the days that a partial date spans; equal if the day was written
    std::uint8_t flags = 0;  // EventFlag: month_precision, year_precision
};
/// `YYYY`, `YYYY-MM`, `YYYY-MM-DD` or a dateTime; nothing if it is not a real calendar date.
std::optional<FhirDate> parse_fhir_date(std::string_view text) noexcept;
/// Day that stands for a date of birth: a year alone counts as 1 July, a month as its 15th, as in
/// the person table of OMOP.
Day day_of_birth(const FhirDate& date) noexcept;

/// What a reference points at.
struct FhirReference {
    enum class Form : std::uint8_t {
        typed,     // Patient/x, https://host/fhir/Patient/x/_history/2, Patient?identifier=s|x
        urn,       // urn:uuid:x, urn:oid:1.2.3
        contained, // #x
        none,      // none of these
    } form = Form::none;
    std::string_view type; // "Patient"; "" unless typed
    std::string_view id;
};
FhirReference parse_fhir_reference(std::string_view reference) noexcept;

} // namespace salus
