#pragma once

#include "health/record_row.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>

namespace salus {

/// Comparison operator of a measurement, as in RecordRow::comparator; 0 for all other concepts.
std::uint8_t comparator_of_concept(std::uint32_t operator_concept) noexcept;
/// As in RecordRow::sex: by gender concept, else by M, F, male, female as written.
std::uint8_t sex_of_concept(std::uint32_t gender_concept, std::string_view gender);
/// Kind of visit (9201 inpatient, 262 emergency and inpatient, 9203 emergency, 9202 outpatient
/// ...).
EventSource source_of_visit(std::uint32_t visit_concept) noexcept;
/// By the type concept of an event, where that names a place: notes and claims of inpatients and
/// outpatients, dispensing, registry, survey, death certificate.
EventSource source_of_type(std::uint32_t type_concept) noexcept;
/// True for the status (primary diagnosis, also at admission or discharge) or type concept of a
/// main diagnosis.
bool is_primary(std::uint32_t status_concept, std::uint32_t type_concept) noexcept;

/// What stands for care_site_id and location_id of persons.
class OmopSites {
public:
    /// Reads care_site and location from the folder of `person_table`, where they are there. Sites
    /// are known by their name, else their source value, else their id; locations by their source
    /// value, else state, else id.
    static OmopSites beside(const std::filesystem::path& person_table);
    /// The site of a person: its care site, else its location, else "".
    std::string_view of(std::string_view care_site, std::string_view location) const;

private:
    std::unordered_map<std::string, std::string> sites_, places_;
};

} // namespace salus
