#pragma once

#include "stages/health_quality/code_kind.hpp"
#include "stages/health_quality/counts.hpp"
#include "stages/health_quality/plan.hpp"

#include <cstdint>
#include <string>
#include <unordered_map>

namespace salus::health_quality {

/// Phase "rows", one piece of a file: checks that need one row only, contents, and rows for the
/// shards. Memory O(batch + distinct concepts and source values of the piece).
void scan_rows(const Plan& plan, std::uint64_t unit, PartWriter& part);

/// The concepts that phase "contents" found.
std::unordered_map<std::uint32_t, Concept> known_concepts(const H5File& contents);

/// Phase "shards", one shard of keys: checks that need all rows of a person, a visit or a key.
/// Memory 64 bytes per staged row of the shard.
struct ShardInput {
    const Plan& plan;
    const HealthQualityParams& params;
    const Parts& rows;
    const KindNames& kinds;
};
void check_shard(const ShardInput& input, std::uint64_t shard, PartWriter& part);

/// Phase "contents", one unit: contents of all pieces summed, seams proved, concepts looked up.
void sum_contents(const Plan& plan, const Parts& rows, PartWriter& part);

} // namespace salus::health_quality
