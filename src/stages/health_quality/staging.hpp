#pragma once

#include "store/h5.hpp"
#include "store/parts.hpp"

#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

namespace salus::health_quality {

/// What a row of the exchange says; all but `source_value` are placed by a key of the source.
enum class Staged : std::uint8_t {
    person,          // key = person; start = birth, code = care site, flags = sex
    period,          // key = person; start, end
    sex,             // key = person; count = rule; flags = the sex that the row speaks of
    event,           // key = person; index = table; start, end; code = hash of content;
                     // count = concept of the source, flags = form of its code
    key,             // key = primary key; index = table; start, end
    reference,       // key = foreign key; index = field; count rows
    visit_reference, // key = visit; index = field of the visit; start
    source_value,    // key = hash of field and value; index = field; flags = 1 if mapped
};

constexpr std::int32_t no_day = std::numeric_limits<std::int32_t>::min();

/// Part of a source row on its way to the shard of its key.
struct StagedRow {
    std::uint64_t key = 0, code = 0;
    std::int32_t start = no_day, end = no_day;
    std::uint32_t count = 1; // reference: rows; sex: rule; event: concept
    std::uint16_t index = 0;
    Staged kind = Staged::event;
    std::uint8_t flags = 0; // sex: 0 unknown, 1 male, 2 female; event: see form_of
};
static_assert(sizeof(StagedRow) == 32);

/// Collects rows and writes them to a part, ordered by shard, in batches of 2^20 rows: memory 64
/// MiB.
class StagedWriter {
public:
    StagedWriter(PartWriter& part, std::uint64_t shards);
    void add(const StagedRow& row);
    /// Writes the last batch. Without it nothing of that batch is kept.
    void finish();

private:
    PartWriter& part_;
    std::uint64_t shards_, batches_ = 0;
    std::vector<StagedRow> rows_;
};

/// Calls `take` for each row of a shard in a part, in source order. Reads only that shard.
void read_staged(const H5File& part, std::uint64_t shard,
                 const std::function<void(const StagedRow&)>& take);

} // namespace salus::health_quality
