#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace salus {

/// Why a FHIR resource gives no rows.
enum class FhirReason : std::uint8_t {
    none,
    // faults of the file
    not_json,
    not_utf8,
    too_deep,
    line_too_long,
    not_a_resource,
    duplicate_key,
    wrong_type,
    bad_person,
    bad_date,
    bad_comparator,
    end_before_start,
    unresolved_medication,
    // sound resources that the rules leave out
    entered_in_error,
    refuted,
    not_done,
    not_final,
    not_an_order,
    without_date,
    without_code,
    not_about_a_person,
    other_resource,
};
constexpr std::size_t fhir_reason_count = 22;
std::string_view to_string(FhirReason reason) noexcept;
/// The rule behind it, as a sentence.
std::string_view rule_of(FhirReason reason) noexcept;
constexpr bool is_left_out(FhirReason reason) noexcept {
    return reason >= FhirReason::entered_in_error;
}

} // namespace salus
