#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

/// What an event records; the value is stored in event stores.
enum class EventKind : std::uint8_t {
    condition = 1,
    measurement = 2,
    drug = 3,
    procedure = 4,
    observation = 5,
    death = 6,
    visit = 7,
    device = 8
};
std::string_view to_string(EventKind kind) noexcept;

/// ICD-10 in one form: upper case, a dot behind the third character, dagger, asterisk and blanks
/// removed: " e119 " -> "E11.9". Nothing if it does not look like an ICD-10 code (WHO or a national
/// extension).
std::optional<std::string> normalise_icd10(std::string_view code);
/// True for one to five digits, a dash and the right check digit.
bool is_loinc(std::string_view code) noexcept;
/// True for ATC codes of level 1 to 5 in upper or lower case.
bool is_atc(std::string_view code) noexcept;

/// "icd-10-cm" -> "ICD10", "RxNorm" -> "RXNORM": the name of a code system as it stands before the
/// colon.
std::string normalise_system(std::string_view system);

/// The code of an event as `SYSTEM:code`.
///
/// `system` "auto": a source value with a known system before a colon keeps it; else ICD-10 is
/// recognised in conditions, procedures, observations and deaths, LOINC in measurements and
/// observations, ATC in drugs, by form. Any other `system` is taken for every source value. Where
/// that gives nothing, the code is `OMOP:<concept_id>`, or for concept 0 `LOCAL:<source value>`.
std::string event_code(EventKind kind, std::string_view source_value, std::uint32_t concept_id,
                       std::string_view system = "auto");

/// A unit as text: the source value as written, else the UCUM code of a common unit concept, else
/// `OMOP:<concept_id>`, else "". A `?` behind it says that source value and concept contradict each
/// other.
std::string event_unit(std::string_view source_value, std::uint32_t concept_id);

/// One entry of a code list in a phenotype definition.
///
/// `ICD10:E11` and `ATC:C10AA` (hierarchies) take in all codes that begin so; `ICD10:I20-I25` all
/// codes from I20 to I25.x. Other systems match exactly, unless the entry ends with `*`.
/// `OMOP:3004410` matches the standard concept of an event, whatever its source code.
class CodePattern {
public:
    /// Nothing if `text` has no `SYSTEM:code` form.
    static std::optional<CodePattern> parse(std::string_view text);
    bool matches(std::string_view code, std::uint32_t concept_id) const;

private:
    std::string first_, last_; // "ICD10:E11", "ICD10:E14"; equal unless a range
    bool prefix_ = false;
    std::uint32_t concept_ = 0;
};

/// True if any of `patterns` matches.
bool matches_any(const std::vector<CodePattern>& patterns, std::string_view code,
                 std::uint32_t concept_id);

} // namespace salus
