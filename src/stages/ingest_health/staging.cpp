#include "stages/ingest_health/staging.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "stages/ingest_health/plan.hpp"

#include <cstring>
#include <numeric>
#include <type_traits>
#include <variant>

namespace salus::ingest_health {
namespace {

constexpr std::size_t batch_rows = std::size_t{1} << 20, first_rows = std::size_t{1} << 12;

std::string name_of(std::uint64_t batch, std::string_view array) {
    return text("staged/", batch, "/", array);
}
std::string raw_name(const TableSpec& spec, std::size_t column) {
    return text("raw/", spec.name, "/", spec.columns[column].name);
}

} // namespace

StagedWriter::StagedWriter(PartWriter& part, std::uint64_t shards) : part_(part), shards_(shards) {}

void StagedWriter::add(StagedRow row, std::string_view text) {
    if (rows_.size() == first_rows) {
        rows_.reserve(batch_rows);
        text_begin_.reserve(batch_rows);
    }
    SALUS_DEBUG_ASSERT(text.size() <= 0xFFFF);
    row.text_size = static_cast<std::uint16_t>(text.size());
    rows_.push_back(row);
    text_begin_.push_back(text_.size());
    text_ += text;
    if (rows_.size() == batch_rows) flush();
}

void StagedWriter::finish() {
    if (!rows_.empty()) flush();
}

void StagedWriter::flush() {
    std::vector<std::uint32_t> shard(rows_.size());
    std::vector<std::uint64_t> row_begin(shards_ + 1, 0), text_begin(shards_ + 1, 0);
    for (std::size_t i = 0; i < rows_.size(); ++i) {
        shard[i] = static_cast<std::uint32_t>(shard_of(rows_[i].person, shards_));
        ++row_begin[shard[i] + 1];
        text_begin[shard[i] + 1] += rows_[i].text_size;
    }
    std::partial_sum(row_begin.begin(), row_begin.end(), row_begin.begin());
    std::partial_sum(text_begin.begin(), text_begin.end(), text_begin.begin());

    std::vector<std::uint8_t> rows(rows_.size() * sizeof(StagedRow)), texts(text_.size());
    auto next_row = row_begin, next_text = text_begin;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
        std::memcpy(rows.data() + sizeof(StagedRow) * next_row[shard[i]]++, &rows_[i],
                    sizeof(StagedRow));
        if (rows_[i].text_size == 0) continue;
        std::memcpy(texts.data() + next_text[shard[i]], text_.data() + text_begin_[i],
                    rows_[i].text_size);
        next_text[shard[i]] += rows_[i].text_size;
    }
    const std::uint64_t count = rows_.size();
    part_.write_array<std::uint8_t>(name_of(batches_, "rows"), rows, {count, sizeof(StagedRow)},
                                    Compression::none);
    part_.write_array<std::uint64_t>(name_of(batches_, "row_begin"), row_begin, {},
                                     Compression::none);
    if (!texts.empty()) {
        part_.write_array<std::uint8_t>(name_of(batches_, "text"), texts, {}, Compression::none);
        part_.write_array<std::uint64_t>(name_of(batches_, "text_begin"), text_begin, {},
                                         Compression::none);
    }
    ++batches_;
    rows_.clear();
    text_begin_.clear();
    text_.clear();
}

void read_staged(const H5File& part, std::uint64_t shard,
                 const std::function<void(const StagedRow&, std::string_view)>& take) {
    for (std::uint64_t batch = 0; part.exists(name_of(batch, "rows")); ++batch) {
        const auto at = part.read_rows<std::uint64_t>(name_of(batch, "row_begin"), shard, 2);
        const auto bytes =
            part.read_rows<std::uint8_t>(name_of(batch, "rows"), at[0], at[1] - at[0]);
        std::vector<std::uint8_t> texts;
        if (part.exists(name_of(batch, "text"))) {
            const auto span = part.read_rows<std::uint64_t>(name_of(batch, "text_begin"), shard, 2);
            texts =
                part.read_rows<std::uint8_t>(name_of(batch, "text"), span[0], span[1] - span[0]);
        }
        std::size_t used = 0;
        for (std::uint64_t i = 0; i < at[1] - at[0]; ++i) {
            StagedRow row;
            std::memcpy(&row, bytes.data() + i * sizeof(StagedRow), sizeof(StagedRow));
            SALUS_ASSERT(used + row.text_size <= texts.size());
            take(row, {reinterpret_cast<const char*>(texts.data()) + used, row.text_size});
            used += row.text_size;
        }
    }
}

void write_raw(PartWriter& part, const TableData& table) {
    for (std::size_t c = 0; c < table.columns().size(); ++c)
        std::visit(
            [&]<class T>(const std::vector<T>& values) {
                if constexpr (std::is_arithmetic_v<T>)
                    part.write_array<T>(raw_name(table.spec(), c), values, {}, Compression::none);
                else
                    SALUS_ASSERT(false);
            },
            table.columns()[c]);
}

TableData read_raw(const H5File& part, const TableSpec& spec) {
    TableData table(spec);
    for (std::size_t c = 0; c < table.columns().size(); ++c)
        std::visit(
            [&]<class T>(std::vector<T>& values) {
                if constexpr (std::is_arithmetic_v<T>)
                    values = part.read_array<T>(raw_name(spec, c));
            },
            table.columns()[c]);
    return table;
}

std::uint64_t raw_rows(const H5File& part, const TableSpec& spec) {
    return part.shape(raw_name(spec, 0)).at(0);
}

} // namespace salus::ingest_health
