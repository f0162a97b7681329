#include "formats/fhir_medications.hpp"

#include <algorithm>

namespace salus {

FhirMedications::FhirMedications(const std::vector<FhirMedicationCode>& entries) {
    for (const FhirMedicationCode& entry : entries)
        add(entry);
}

const std::vector<FhirMedicationCode>* FhirMedications::find(std::string_view id) const {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : &found->second;
}

void FhirMedications::add(FhirMedicationCode entry) {
    auto& codes = by_id_[entry.id];
    if (!entry.code.empty() && std::find(codes.begin(), codes.end(), entry) == codes.end())
        codes.push_back(std::move(entry));
}

std::vector<FhirMedicationCode> FhirMedications::entries() const {
    std::vector<FhirMedicationCode> out;
    for (const auto& [id, codes] : by_id_) {
        if (codes.empty()) out.push_back({.id = id, .system = {}, .code = {}, .display = {}});
        out.insert(out.end(), codes.begin(), codes.end());
    }
    return out;
}

} // namespace salus
