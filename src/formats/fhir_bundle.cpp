#include "formats/fhir_bundle.hpp"

#include "base/text.hpp"

namespace salus::fhir {

bool BundleIndex::read(const Json& bundle) {
    *this = {};
    date_ = parse_fhir_date(text_member(bundle, "timestamp"));
    const auto entries = member(bundle, "entry");
    if (!entries) return true;
    JsonArray array;
    if (!take(*entries, array)) return false;
    for (const Json entry : array)
        if (!read_entry(entry)) return false;
    return true;
}

bool BundleIndex::read_entry(const Json& entry) {
    if (!entry.is_object()) return false;
    BundleEntry out;
    if (const auto request = member(entry, "request")) {
        out.method = text_member(*request, "method");
        out.url = text_member(*request, "url");
    }
    const std::string_view full_url = text_member(entry, "fullUrl");
    if ((out.resource = member(entry, "resource"))) {
        const std::string_view type = text_member(*out.resource, "resourceType");
        out.id = text_member(*out.resource, "id");
        if (!full_url.empty()) by_name_.try_emplace(std::string(full_url), entries_.size());
        if (!out.id.empty()) by_name_.try_emplace(text(type, "/", out.id), entries_.size());
        if (out.id.empty()) out.id = parse_fhir_reference(full_url).id;
        if (type == "Composition") {
            if (const auto date = parse_fhir_date(text_member(*out.resource, "date"))) date_ = date;
            if (const auto subject = member(*out.resource, "subject"))
                subject_ = text_member(*subject, "reference");
        }
    }
    entries_.push_back(out);
    return true;
}

const BundleEntry* BundleIndex::find(std::string_view reference) const {
    auto found = by_name_.find(reference);
    if (found == by_name_.end()) {
        const FhirReference parts = parse_fhir_reference(reference);
        if (parts.form != FhirReference::Form::typed) return nullptr;
        found = by_name_.find(text(parts.type, "/", parts.id));
    }
    return found == by_name_.end() ? nullptr : &entries_[found->second];
}

} // namespace salus::fhir
