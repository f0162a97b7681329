#include "stages/health_quality/staging.hpp"

#include "base/text.hpp"
#include "stages/health_quality/plan.hpp"

#include <cstring>
#include <numeric>

namespace salus::health_quality {
namespace {

constexpr std::size_t batch_rows = std::size_t{1} << 20;

std::string name_of(std::uint64_t batch, std::string_view array) {
    return text("staged/", batch, "/", array);
}

} // namespace

StagedWriter::StagedWriter(PartWriter& part, std::uint64_t shards) : part_(part), shards_(shards) {}

void StagedWriter::add(const StagedRow& row) {
    rows_.push_back(row);
    if (rows_.size() == batch_rows) finish();
}

void StagedWriter::finish() {
    if (rows_.empty()) return;
    std::vector<std::uint32_t> shard(rows_.size());
    std::vector<std::uint64_t> begin(shards_ + 1, 0);
    for (std::size_t i = 0; i < rows_.size(); ++i) {
        shard[i] = static_cast<std::uint32_t>(shard_of(rows_[i].key, shards_));
        ++begin[shard[i] + 1];
    }
    std::partial_sum(begin.begin(), begin.end(), begin.begin());
    std::vector<std::uint8_t> bytes(rows_.size() * sizeof(StagedRow));
    auto next = begin;
    for (std::size_t i = 0; i < rows_.size(); ++i)
        std::memcpy(bytes.data() + sizeof(StagedRow) * next[shard[i]]++, &rows_[i],
                    sizeof(StagedRow));
    part_.write_array<std::uint8_t>(name_of(batches_, "rows"), bytes,
                                    {rows_.size(), sizeof(StagedRow)}, Compression::none);
    part_.write_array<std::uint64_t>(name_of(batches_, "begin"), begin, {}, Compression::none);
    ++batches_;
    rows_.clear();
}

void read_staged(const H5File& part, std::uint64_t shard,
                 const std::function<void(const StagedRow&)>& take) {
    for (std::uint64_t batch = 0; part.exists(name_of(batch, "rows")); ++batch) {
        const auto at = part.read_rows<std::uint64_t>(name_of(batch, "begin"), shard, 2);
        const auto bytes =
            part.read_rows<std::uint8_t>(name_of(batch, "rows"), at[0], at[1] - at[0]);
        for (std::uint64_t i = 0; i < at[1] - at[0]; ++i) {
            StagedRow row;
            std::memcpy(&row, bytes.data() + i * sizeof(StagedRow), sizeof(StagedRow));
            take(row);
        }
    }
}

} // namespace salus::health_quality
