#pragma once

#include "health/code_form.hpp"
#include "health/code_system.hpp"

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

/// The code of an event as `SYSTEM:code`.
///
/// `system` "auto": a source value with a known system before a colon keeps it; else ICD-10 is
/// recognised in conditions, procedures, observations and deaths, LOINC in measurements and
/// observations, ATC in drugs, by form. Any other `system` is taken for every source value. Where
/// that gives nothing, the code is `OMOP:<concept_id>`, or for concept 0 `LOCAL:<source value>`.
/// The code is in the one form of its system (normalise_code); what does not look like a code of
/// its system is kept as written.
std::string event_code(EventKind kind, std::string_view source_value, std::uint32_t concept_id,
                       std::string_view system = "auto");

/// A unit as text: the source value as written, else the UCUM code of a common unit concept, else
/// `OMOP:<concept_id>`, else "". A source value that nobody can read gives way to the concept. A
/// `?` behind it says that source value and concept mean different units.
std::string event_unit(std::string_view source_value, std::uint32_t concept_id);

/// One entry of a code list in a phenotype definition.
///
/// `ICD10:E11` and `ATC:C10AA` (hierarchies) take in all codes that begin so; `ICD10:I20-I25` all
/// codes from I20 to I25.x. `ICD10:` takes in the codes of its national variants too, `ICD10CM:`
/// only those of that one; the same holds for `ICD9:` and `READ:`. Other systems match exactly,
/// unless the entry ends with `*`.
/// `OMOP:3004410` matches the standard concept of an event, whatever its source code.
class CodePattern {
public:
    /// Nothing if `text` has no `SYSTEM:code` form.
    static std::optional<CodePattern> parse(std::string_view text);
    bool matches(std::string_view code, std::uint32_t concept_id) const;

private:
    bool fits(std::string_view code) const noexcept;

    std::string system_;
    std::string first_, last_; // "E11", "E14" without dots; equal unless a range
    bool family_ = false;      // other members of the system's family count too
    bool prefix_ = false, dots_ = false;
    std::uint32_t concept_ = 0;
};

/// True if any of `patterns` matches.
bool matches_any(const std::vector<CodePattern>& patterns, std::string_view code,
                 std::uint32_t concept_id);

} // namespace salus
