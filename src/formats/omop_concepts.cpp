#include "formats/omop_concepts.hpp"

#include "base/text.hpp"
#include "formats/delimited.hpp"
#include "formats/omop_tables.hpp"

#include <initializer_list>

namespace salus {
namespace {

bool is_no_concept(std::string_view id) noexcept { return id.empty() || id == "0"; }

using ConceptNames = std::unordered_map<std::string, std::string>;

/// The first of `columns` that is not empty, by the value of `key`.
ConceptNames read_names(const std::filesystem::path& path, std::string_view key,
                        std::initializer_list<std::string_view> columns) {
    DelimitedReader reader(path);
    const std::size_t id = reader.header().require(key);
    std::vector<std::size_t> chosen;
    for (const std::string_view column : columns)
        if (const auto found = reader.header().find(column)) chosen.push_back(*found);
    ConceptNames names;
    while (reader.next_valid()) {
        const std::string_view number = trim(reader[id]);
        std::string_view name = number;
        for (const std::size_t column : chosen)
            if (const auto written = trim(reader[column]); !written.empty()) {
                name = written;
                break;
            }
        names.try_emplace(std::string(number), name);
    }
    return names;
}

std::string_view name_of(const ConceptNames& names, std::string_view id) {
    const auto found = names.find(std::string(id));
    return found == names.end() ? id : std::string_view(found->second);
}

} // namespace

std::uint8_t comparator_of_concept(std::uint32_t operator_concept) noexcept {
    switch (operator_concept) {
    case 4171756:
        return 1; // <
    case 4171754:
        return 2; // <=
    case 4171755:
        return 3; // >=
    case 4172704:
        return 4; // >
    default:
        return 0;
    }
}

std::uint8_t sex_of_concept(std::uint32_t gender_concept, std::string_view gender) {
    constexpr std::uint8_t unknown = 0, male = 1, female = 2;
    if (gender_concept == 8507) return male;
    if (gender_concept == 8532) return female;
    const std::string written = lower(trim(gender));
    if (written == "m" || written == "male") return male;
    if (written == "f" || written == "female") return female;
    return unknown;
}

EventSource source_of_visit(std::uint32_t visit) noexcept {
    switch (visit) {
    case 9201: // inpatient visit
    case 262:  // emergency room and inpatient visit
    case 8717: // inpatient hospital
        return EventSource::inpatient;
    case 9203: // emergency room visit
    case 8870: // emergency room of a hospital
        return EventSource::emergency;
    case 9202:   // outpatient visit
    case 581477: // office visit
    case 8756:   // outpatient hospital
    case 8940:   // office
        return EventSource::outpatient;
    case 581458: // pharmacy visit
        return EventSource::pharmacy;
    default:
        return EventSource::unknown;
    }
}

EventSource source_of_type(std::uint32_t type) noexcept {
    switch (type) {
    case 32819: // admission note
    case 32823: // discharge record
    case 32824: // discharge summary
    case 32829: // inpatient note
    case 32853: // inpatient claim
    case 32854: // inpatient claim detail
    case 32855: // inpatient claim header
        return EventSource::inpatient;
    case 32834: // outpatient note
    case 32859: // outpatient claim
    case 32860: // outpatient claim detail
    case 32861: // outpatient claim header
        return EventSource::outpatient;
    case 32826: // emergency room note
        return EventSource::emergency;
    case 32825: // dispensing record
    case 32869: // pharmacy claim
        return EventSource::pharmacy;
    case 32879: // registry
        return EventSource::registry;
    case 32862: // survey that the patient filled in
    case 32865: // report by the patient
    case 32883: // survey
        return EventSource::self_report;
    case 32815: // death certificate
    case 32885: // death master file
        return EventSource::death_certificate;
    default:
        return EventSource::unknown;
    }
}

bool is_primary(std::uint32_t status, std::uint32_t type) noexcept {
    return (status >= 32901 && status <= 32903) || type == 44786627;
}

OmopSites OmopSites::beside(const std::filesystem::path& person_table) {
    OmopSites out;
    std::error_code ignored;
    const std::filesystem::path folder =
        person_table.has_parent_path() ? person_table.parent_path() : ".";
    for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
        const std::string table = omop_table_name(entry.path());
        if (table == "care_site")
            out.sites_ = read_names(entry.path(), "care_site_id",
                                    {"care_site_name", "care_site_source_value"});
        else if (table == "location")
            out.places_ =
                read_names(entry.path(), "location_id", {"location_source_value", "state"});
    }
    return out;
}

std::string_view OmopSites::of(std::string_view care_site, std::string_view location) const {
    if (!is_no_concept(care_site)) return name_of(sites_, care_site);
    if (!is_no_concept(location)) return name_of(places_, location);
    return {};
}

} // namespace salus
