#pragma once

#include "store/h5.hpp"
#include "store/parts.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace salus::ingest_health {

/// A row of a source table on its way to the shard of its person. Codes and units are known by
/// their hash until all dictionaries are merged.
struct StagedRow {
    std::int64_t person = 0; // person_id
    std::uint64_t code = 0, unit = 0;
    double value = 0;
    std::uint64_t line = 0; // in its unit, from 1
    std::int32_t day = 0, end = 0;
    std::uint16_t text_size = 0; // bytes of text that go with the row
    std::uint8_t flag = 0;       // sex of a person, comparator of an event
    std::uint8_t reserved[5] = {};
};
static_assert(sizeof(StagedRow) == 56);

/// Collects rows and writes them to a part, ordered by shard, in batches of 2^20 rows, so memory
/// stays at about 130 MiB however large the unit is.
class StagedWriter {
public:
    StagedWriter(PartWriter& part, std::uint64_t shards);
    void add(StagedRow row, std::string_view text = {});
    /// Writes the last batch. Without it nothing of that batch is kept.
    void finish();

private:
    void flush();

    PartWriter& part_;
    std::uint64_t shards_, batches_ = 0;
    std::vector<StagedRow> rows_;
    std::vector<std::size_t> text_begin_;
    std::string text_;
};

/// Calls `take` for each row of a shard in a part, in source order. Reads only that shard.
void read_staged(const H5File& part, std::uint64_t shard,
                 const std::function<void(const StagedRow&, std::string_view)>& take);

/// A table of numbers that is read once more and then thrown away: not compressed, which would cost
/// more than all other work on it.
void write_raw(PartWriter& part, const TableData& table);
TableData read_raw(const H5File& part, const TableSpec& spec);
std::uint64_t raw_rows(const H5File& part, const TableSpec& spec);

} // namespace salus::ingest_health
