#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

/// A code of a Medication resource.
struct FhirMedicationCode {
    std::string id, system, code, display;
    auto operator<=>(const FhirMedicationCode&) const = default;
};

/// Codes of the Medication resources of an export, for events that only refer to them. Memory
/// about 150 bytes per code.
class FhirMedications {
public:
    FhirMedications() = default;
    explicit FhirMedications(const std::vector<FhirMedicationCode>& entries);
    /// Codes of a Medication by its id; null if there is none of that id. A Medication without
    /// codes is known and has none.
    const std::vector<FhirMedicationCode>* find(std::string_view id) const;
    void add(FhirMedicationCode entry);
    /// All codes, ascending; a Medication without codes is an entry with an empty code.
    std::vector<FhirMedicationCode> entries() const;

private:
    std::map<std::string, std::vector<FhirMedicationCode>, std::less<>> by_id_;
};

} // namespace salus
