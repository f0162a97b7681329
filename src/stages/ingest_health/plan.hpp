#pragma once

#include "formats/omop.hpp"
#include "stages/ingest_health/ingest_health.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

namespace salus::ingest_health {

struct SourceFile {
    OmopTable table;
    std::filesystem::path path;
};

/// A piece of one source file.
struct SourceUnit {
    std::size_t file = 0; // in Plan::files
    ByteRange range;
    bool first = false; // of its file
};

/// How the work is cut: a function of the files and the parameters, never of ranks or threads.
struct Plan {
    std::vector<SourceFile> files; // in the order of OmopTable
    std::vector<SourceUnit> units; // by file, then by byte
    std::uint64_t shards = 1;
    bool has_links = false, has_periods = false;

    OmopTable table_of(std::uint64_t unit) const { return files[units[unit].file].table; }
};

/// Pieces of total / 1024 bytes, at least 64 MiB and at most 512 MiB; shards of 256 MiB of source
/// text each, at most 4096. Compressed files count five times their size, and are one piece each.
Plan make_plan(const IngestHealthParams& params, const OmopFiles& files,
               const std::optional<std::filesystem::path>& links);

/// Which shard a person belongs to.
std::uint64_t shard_of(std::int64_t person_id, std::uint64_t shards) noexcept;

} // namespace salus::ingest_health
