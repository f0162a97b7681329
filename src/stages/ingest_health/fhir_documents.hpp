#pragma once

#include "formats/fhir.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace salus::ingest_health {

/// Rows of many FHIR documents, one file each: the lines are the documents, counted in the order of
/// their names. File names may tell a person, so no message shows them.
class FhirDocuments final : public RecordReader {
public:
    /// Documents [first, last) of `paths`, which must outlive the reader, as must `medications`.
    FhirDocuments(const std::vector<std::filesystem::path>& paths, std::uint64_t first,
                  std::uint64_t last, FhirOptions options, const FhirMedications& medications);

    bool next() override;
    std::string_view reject() const noexcept override { return reader_->reject(); }
    bool left_out() const noexcept override { return reader_->left_out(); }
    const RecordRow& row() const noexcept override { return row_; }
    std::uint64_t line() const noexcept override { return next_ - first_; }
    Problem problem() const override;
    const std::vector<CodeEntry>& codes() const noexcept override { return codes_.entries; }
    const std::vector<std::string>& units() const noexcept override { return units_.entries; }
    std::uint64_t first_byte() const noexcept override { return first_; }
    std::uint64_t next_byte() const noexcept override { return next_; }
    std::uint64_t lines_passed() const noexcept override { return next_ - first_; }

private:
    /// Entries of all documents, and where those of the current one stand among them.
    template <class Entry>
    struct Dictionary {
        std::vector<Entry> entries;
        std::map<Entry, std::uint32_t> index;
        std::vector<std::uint32_t> place;
        std::uint32_t of(std::uint32_t entry, const std::vector<Entry>& current);
    };
    void take_row();

    const std::vector<std::filesystem::path>& paths_;
    std::uint64_t first_, last_, next_;
    FhirOptions options_;
    const FhirMedications& medications_;
    std::unique_ptr<FhirReader> reader_;
    RecordRow row_;
    Dictionary<CodeEntry> codes_;
    Dictionary<std::string> units_;
};

} // namespace salus::ingest_health
