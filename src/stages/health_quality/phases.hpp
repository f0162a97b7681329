#pragma once

#include "stages/health_quality/counts.hpp"
#include "stages/health_quality/plan.hpp"

#include <cstdint>
#include <string>
#include <unordered_map>

namespace salus::health_quality {

/// Phase "rows", one piece of a file: checks that need one row only, contents, and rows for the
/// shards. Memory O(batch + distinct concepts and source values of the piece).
void scan_rows(const Plan& plan, std::uint64_t unit, PartWriter& part);

/// Phase "shards", one shard of keys: checks that need all rows of a person, a visit or a key.
/// Memory 64 bytes per staged row of the shard.
void check_shard(const Plan& plan, const HealthQualityParams& params, const Parts& rows,
                 std::uint64_t shard, PartWriter& part);

/// What the vocabulary says of a concept that is used.
struct Concept {
    std::string domain;
    bool standard = false, valid = false;
};
/// The concepts of a vocabulary table that `used` names. One pass; memory O(used).
std::unordered_map<std::uint32_t, Concept> read_concepts(const std::filesystem::path& path,
                                                         const Contents& used);

/// The concepts that phase "contents" found.
std::unordered_map<std::uint32_t, Concept> known_concepts(const H5File& contents);

/// Phase "contents", one unit: contents of all pieces summed, seams proved, concepts looked up.
void sum_contents(const Plan& plan, const Parts& rows, PartWriter& part);

} // namespace salus::health_quality
