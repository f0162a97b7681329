#pragma once

#include "formats/feature_rows.hpp"
#include "stages/ingest_features/ingest_features.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace salus::ingest_features {

struct FeatureTable {
    std::filesystem::path path, dictionary;
    std::string name; // in the result
    bool hdf5 = false;
    FeatureColumns columns;
    std::vector<std::string> reasons; // by number
    std::vector<CellReader> readers;  // [feature]
    std::uint64_t first_unit = 0, units = 0;

    std::size_t features() const noexcept { return columns.features.size(); }
};

/// A piece of a table.
struct TableUnit {
    std::size_t table = 0;
    ByteRange range;
};

/// How the work is cut: a function of the files and the parameters, never of ranks or threads.
struct Plan {
    std::vector<FeatureTable> tables; // in the order given
    std::vector<TableUnit> units;     // by table, then by byte
    std::uint64_t text_bytes = 0;
    std::optional<std::filesystem::path> events, links;
};

/// Pieces of total / 1024 bytes, at least 16 MiB and at most 256 MiB. Problems of dictionaries and
/// headers are collected; tables that have some are left out.
Plan make_plan(const IngestFeaturesParams& params, const Inputs& inputs,
               std::vector<Problem>& problems);

} // namespace salus::ingest_features
