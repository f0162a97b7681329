#pragma once

#include "formats/byte_stream.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace salus {

struct FhirFile {
    std::filesystem::path path;
    std::string name;  // below the folder
    std::string label; // type of its first resource; "document" for one JSON document
    bool medications = false;
};

/// What a folder of FHIR files holds.
struct FhirFolder {
    std::vector<FhirFile> files;         // ascending by name
    std::uint64_t export_errors = 0;     // OperationOutcomes that the server wrote
    std::vector<std::string> not_listed; // files that the manifest does not name
};

/// Files below `folder` that end with .ndjson or .json, plain or .gz or .zst, in any case. If one
/// of them is the manifest of a bulk export, only the files that its `output` and `deleted` name
/// are taken, and all of those must be there; files of `error` are counted. Without a manifest,
/// files of OperationOutcomes and the log of an export are known by their first line.
/// DataError if the folder cannot be read, holds no such file, or lacks one that the manifest
/// names.
FhirFolder find_fhir_files(const std::filesystem::path& folder);

/// Cuts a file into ranges of about `bytes` of text, as delimited_ranges; documents are one range.
std::vector<ByteRange> fhir_ranges(const std::filesystem::path& path, std::uint64_t bytes);
/// True if the name ends like that of a file that is one JSON document.
bool is_fhir_document(const std::filesystem::path& path);

} // namespace salus
