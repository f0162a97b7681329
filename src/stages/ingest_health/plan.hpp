#pragma once

#include "formats/omop.hpp"
#include "stages/ingest_health/ingest_health.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace salus::ingest_health {

struct SourceFile {
    OmopTable table = OmopTable::link;
    std::filesystem::path path;
    std::string label; // name of the source table
    std::string name;  // of the file, for the result
    bool link = false;
    std::uint32_t label_number = 0; // the same for files of one label
};

/// A piece of one source file.
struct SourceUnit {
    std::size_t file = 0; // in Plan::files
    ByteRange range;
    bool first = false; // of its file
};

/// How the work is cut: a function of the files and the parameters, never of ranks or threads.
struct Plan {
    std::vector<SourceFile> files; // OMOP tables in the order of OmopTable, then links
    std::vector<SourceUnit> units; // by file, then by byte
    std::uint64_t shards = 1;
    std::uint64_t text_bytes = 0;
    bool has_links = false, has_periods = false;
};

/// Pieces of total / 1024 bytes, at least 64 MiB and at most 512 MiB; shards of 256 MiB of source
/// text each, at most 4096. Compressed files count five times their size, and are one piece each.
Plan make_plan(const IngestHealthParams& params, const Inputs& inputs);

} // namespace salus::ingest_health
