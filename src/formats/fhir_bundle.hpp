#pragma once

#include "formats/fhir_json.hpp"
#include "formats/fhir_values.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace salus::fhir {

/// One entry of a Bundle.
struct BundleEntry {
    std::optional<Json> resource;
    std::string_view method, url; // request of a transaction, "" = none
    std::string_view id;          // of the resource, or what its fullUrl ends with
};

/// Entries of a Bundle by what refers to them. Views live as long as the parsed document.
class BundleIndex {
public:
    /// False if the entries are not what a Bundle has.
    bool read(const Json& bundle);

    const std::vector<BundleEntry>& entries() const noexcept { return entries_; }
    /// The entry that a reference means: by fullUrl, else by type and id; null if it is elsewhere.
    const BundleEntry* find(std::string_view reference) const;
    /// Date of a document: when what stands in it was known at the latest.
    const std::optional<FhirDate>& date() const noexcept { return date_; }
    /// Reference to the person whose document it is, "" = none.
    std::string_view subject() const noexcept { return subject_; }

private:
    bool read_entry(const Json& entry);

    std::vector<BundleEntry> entries_;
    std::map<std::string, std::size_t, std::less<>> by_name_;
    std::optional<FhirDate> date_;
    std::string_view subject_;
};

} // namespace salus::fhir
