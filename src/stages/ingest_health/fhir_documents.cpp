#include "stages/ingest_health/fhir_documents.hpp"

#include "base/text.hpp"

namespace salus::ingest_health {

FhirDocuments::FhirDocuments(const std::vector<std::filesystem::path>& paths, std::uint64_t first,
                             std::uint64_t last, FhirOptions options,
                             const FhirMedications& medications)
    : paths_(paths), first_(first), last_(last), next_(first), options_(std::move(options)),
      medications_(medications) {}

template <class Entry>
std::uint32_t FhirDocuments::Dictionary<Entry>::of(std::uint32_t entry,
                                                   const std::vector<Entry>& current) {
    while (place.size() < current.size()) {
        const auto [found, fresh] =
            index.try_emplace(current[place.size()], static_cast<std::uint32_t>(entries.size()));
        if (fresh) entries.push_back(found->first);
        place.push_back(found->second);
    }
    return place.at(entry);
}

bool FhirDocuments::next() {
    while (!reader_ || !reader_->next()) {
        if (next_ == last_) return false;
        reader_ =
            std::make_unique<FhirReader>(paths_[next_++], ByteRange{}, options_, medications_);
        codes_.place.clear();
        units_.place.clear();
    }
    if (reader_->reject().empty()) take_row();
    return true;
}

void FhirDocuments::take_row() {
    row_ = reader_->row();
    if (row_.kind != RecordKind::event) return;
    row_.code = codes_.of(row_.code, reader_->codes());
    if (row_.value_code != no_code) row_.value_code = codes_.of(row_.value_code, reader_->codes());
    // Unit 0 may be no unit of a dictionary that is empty still.
    if (units_.entries.empty()) units_.index.emplace(units_.entries.emplace_back(), 0);
    row_.unit = reader_->units().empty() ? 0 : units_.of(row_.unit, reader_->units());
}

Problem FhirDocuments::problem() const {
    Problem problem = reader_->problem();
    problem.where = text(paths_[next_ - 1].parent_path().string(), ", document ", next_,
                         " in the order of their names");
    return problem;
}

} // namespace salus::ingest_health
