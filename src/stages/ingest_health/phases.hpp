#pragma once

#include "stages/ingest_health/plan.hpp"
#include "stages/ingest_health/staging.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace salus::ingest_health {

/// Rows per table: read, kept, and refused by reason.
struct Counts {
    struct OfTable {
        std::uint64_t read = 0, kept = 0;
        std::array<std::uint64_t, reject_count> refused{};
    };
    std::array<OfTable, omop_table_count> tables{};

    OfTable& operator[](OmopTable table) { return tables[static_cast<std::size_t>(table)]; }
    Counts& operator+=(const Counts& other);
    void write(PartWriter& part) const;
    static Counts read_from(const H5File& part);
};

/// Phase "rows", one piece of a file: typed rows by shard, the codes and units it uses, counts,
/// where it began and ended. Memory O(batch + codes).
void stage_rows(const Plan& plan, std::uint64_t unit, const IngestHealthParams& params,
                PartWriter& part);

/// Phase "codes", one unit: dictionaries of all pieces merged and sorted, line numbers of the
/// pieces, seams checked. Memory O(codes + pieces).
void merge_codes(const Plan& plan, const Parts& rows, PartWriter& part);

/// What the phases behind need to know of all pieces.
struct Merged {
    std::unordered_map<std::uint64_t, std::uint32_t> code, unit; // hash -> row in codes, units
    std::vector<std::uint64_t> lines_before;                     // [unit], in its file
    static Merged read_from(const H5File& part);
};

/// What both shard phases work on.
struct ShardTask {
    const Plan& plan;
    const IngestHealthParams& params;
    const Parts& rows;
    const Merged& merged;
    std::uint64_t shard;
};

/// Phase "persons", one shard: persons, observation periods and links, numbered in the shard.
/// Memory O(persons of the shard).
void build_persons(const ShardTask& task, PartWriter& part);

/// Phase "events", one shard: its events in order, and its periods and links with final person
/// numbers. `first_person`: persons of the shards before. Memory 150 bytes per event of the shard.
void build_events(const ShardTask& task, const H5File& persons, std::uint64_t first_person,
                  PartWriter& part);

} // namespace salus::ingest_health
