#pragma once

#include "formats/omop.hpp"
#include "health/code_system.hpp"
#include "stages/ingest_health/ingest_health.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace salus::ingest_health {

enum class SourceForm : std::uint8_t { omop, fhir, documents, link };

struct SourceFile {
    SourceForm form = SourceForm::omop;
    OmopTable table = OmopTable::link;
    std::filesystem::path path;                 // of documents: their folder
    std::string label;                          // name of the source table, or FHIR resource type
    std::string name;                           // of the file, for the result
    bool medications = false;                   // resources that others refer to
    std::uint32_t label_number = 0;             // the same for files of one label
    std::uint32_t update = 0;                   // as in the table ingested
    std::uint64_t rows_read = 0, rows_kept = 0; // of files of earlier runs, which `previous` holds
};

/// A piece of one source file.
struct SourceUnit {
    std::size_t file = 0; // in Plan::files
    ByteRange range;
    bool first = false; // of its file
};

/// How the work is cut: a function of the files and the parameters, never of ranks or threads.
struct Plan {
    std::vector<SourceFile> files; // of earlier runs, then OMOP tables in order, FHIR, links
    std::size_t first_new_file = 0;
    std::vector<SourceUnit> units; // by file, then by byte; of documents by number
    std::vector<std::filesystem::path> documents;
    std::uint64_t shards = 1;
    std::uint64_t text_bytes = 0;
    bool has_links = false, has_periods = false;
    std::string passed_over, unknown_files;          // of an OMOP folder: names, see OmopFiles
    std::uint64_t export_errors = 0, not_listed = 0; // of a FHIR export: see FhirSources
    std::optional<std::filesystem::path> previous;   // store that is updated
    std::optional<std::filesystem::path> vocabulary; // folder of vocabulary tables
    CodeSystemAliases aliases;                       // of the user

    bool is_old(std::size_t file) const noexcept { return file < first_new_file; }
};

/// Compressed files count five times their size.
Plan make_plan(const IngestHealthParams& params, const Inputs& inputs);
/// Pieces of text_bytes / 1024 bytes, at least 64 MiB and at most 512 MiB, if the parameters do not
/// say another size.
std::uint64_t piece_bytes(const IngestHealthParams& params, std::uint64_t text_bytes);
/// One shard for each 256 MiB of text, at most 4096, if the parameters do not say another number.
std::uint64_t shard_count(const IngestHealthParams& params, std::uint64_t text_bytes);

/// Guesses persons and events from how long the rows at the beginning of each file are.
void guess_sizes(const Plan& plan, const IngestHealthParams& params, Workload& sizes);
Resources resources_of(const IngestHealthParams& params, const Workload& sizes);

} // namespace salus::ingest_health
