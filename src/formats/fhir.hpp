#pragma once

#include "formats/byte_stream.hpp"
#include "formats/fhir_medications.hpp"
#include "health/code_system.hpp"
#include "health/record_row.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace salus {

struct FhirOptions {
    std::string sample_system; // identifier system of the samples of persons; "" = none
    std::uint64_t line_bytes = std::uint64_t{64} << 20; // longest resource or document
    CodeSystemAliases aliases; // names of code systems beside the built-in ones
};

/// Rows of one FHIR R4 file, or of a byte range of an NDJSON file: lines that are resources or
/// Bundles, or one JSON document (a name that ends with .json, .json.gz or .json.zst).
///
/// Each line is parsed as a whole before anything of it is read, so a fault never reaches beyond
/// its line. What becomes of each resource is told in docs/fhir.md. A row stands for one
/// coding; rows of a resource share `record` ("Observation/x"), day and encounter. Memory: 2 MiB,
/// or for the longest line about 5 times its size; 20 times if it holds nothing but short numbers.
class FhirReader final : public RecordReader {
public:
    /// `medications` must outlive the reader.
    FhirReader(const std::filesystem::path& path, ByteRange range, const FhirOptions& options,
               const FhirMedications& medications);
    ~FhirReader() override;
    FhirReader(const FhirReader&) = delete;
    FhirReader& operator=(const FhirReader&) = delete;

    bool next() override;
    std::string_view reject() const noexcept override;
    bool left_out() const noexcept override;
    const RecordRow& row() const noexcept override;
    std::uint64_t line() const noexcept override;
    Problem problem() const override;
    const std::vector<CodeEntry>& codes() const noexcept override;
    const std::vector<std::string>& units() const noexcept override;
    std::uint64_t first_byte() const noexcept override;
    std::uint64_t next_byte() const noexcept override;
    std::uint64_t lines_passed() const noexcept override;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Adds the Medication resources of a file. DataError at the first line that is not JSON, unless
/// `skip_bad`.
void read_fhir_medications(const std::filesystem::path& path, const FhirOptions& options,
                           bool skip_bad, FhirMedications& into);

} // namespace salus
