#include "health/status_matrix.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace salus {
namespace {

constexpr std::string_view status_array = "status/matrix", traits_table = "status/traits";
constexpr std::array<std::string_view, 4> count_columns{"controls", "cases", "excluded",
                                                        "not_applicable"};

/// Four rows of four 2-bit values, one byte each, to four columns: byte k of the result holds value
/// k of every row.
std::uint32_t transposed(std::uint32_t rows) noexcept {
    // Exchange 2x2 blocks of values, then values inside them (Hacker's Delight 7.3).
    std::uint32_t swap = (rows ^ (rows >> 12)) & 0x0000F0F0u;
    rows ^= swap ^ (swap << 12);
    swap = (rows ^ (rows >> 6)) & 0x00CC00CCu;
    return rows ^ swap ^ (swap << 6);
}

/// [sample, traits/4] to [trait, samples/4]. `tile` samples at a time fill whole cache lines of
/// every trait.
void transpose(std::span<const std::uint8_t> in, std::size_t bytes, std::size_t traits,
               std::span<std::uint8_t> out, std::size_t out_bytes) {
    constexpr std::size_t tile = 64; // groups of four samples
    const std::size_t samples = bytes == 0 ? 0 : in.size() / bytes;
    for (std::size_t first = 0; first < out_bytes; first += tile) {
        const std::size_t end = std::min(out_bytes, first + tile);
        for (std::size_t b = 0; b < bytes; ++b) {
            for (std::size_t group = first; group < end; ++group) {
                std::uint32_t rows = 0;
                const std::size_t there = std::min<std::size_t>(4, samples - 4 * group);
                for (std::size_t s = 0; s < there; ++s)
                    rows |= static_cast<std::uint32_t>(in[(4 * group + s) * bytes + b]) << (8 * s);
                const std::uint32_t columns = transposed(rows);
                const std::size_t some = std::min<std::size_t>(4, traits - 4 * b);
                for (std::size_t t = 0; t < some; ++t)
                    out[(4 * b + t) * out_bytes + group] =
                        static_cast<std::uint8_t>(columns >> (8 * t));
            }
        }
    }
}

/// How often each status stands in a packed row of `samples` samples.
std::array<std::uint64_t, 4> count_statuses(std::span<const std::uint8_t> row,
                                            std::size_t samples) noexcept {
    std::array<std::uint64_t, 256> bytes{};
    for (const std::uint8_t b : row)
        ++bytes[b];
    std::array<std::uint64_t, 4> counts{};
    for (unsigned b = 0; b < bytes.size(); ++b)
        for (unsigned k = 0; k < 4; ++k)
            counts[b >> (2 * k) & 3] += bytes[b];
    counts[0] -= 4 * row.size() - samples; // the unused bits of the last byte
    return counts;
}

TableData trait_rows(const std::vector<StatusTrait>& traits) {
    TableData rows(status_traits_table());
    for (const StatusTrait& trait : traits) {
        rows.column<std::string>("name").push_back(trait.name);
        rows.column<std::string>("doc").push_back(trait.doc);
        rows.column<std::string>("source").push_back(trait.source);
        for (std::size_t k = 0; k < count_columns.size(); ++k)
            rows.column<std::uint64_t>(count_columns[k]).push_back(trait.samples[k]);
    }
    return rows;
}

void add_counts(std::vector<StatusTrait>& traits, const Parts& blocks) {
    for (std::uint64_t b = 0; b < blocks.size(); ++b) {
        const auto counts = blocks.open(b).read_array<std::uint64_t>("status_counts");
        SALUS_ASSERT(counts.size() == 4 * traits.size());
        for (std::size_t i = 0; i < counts.size(); ++i)
            traits[i / 4].samples[i % 4] += counts[i];
    }
}

/// Rows [first, first + count) of the matrix out of all blocks.
std::vector<std::uint8_t> gather(const Parts& blocks, std::size_t first, std::size_t count,
                                 std::size_t row_bytes) {
    std::vector<std::uint8_t> rows(count * row_bytes);
    std::size_t place = 0;
    for (std::uint64_t b = 0; b < blocks.size(); ++b) {
        const auto part = blocks.open(b).read_rows<std::uint8_t>("status_block", first, count);
        const std::size_t width = part.size() / count;
        SALUS_ASSERT(place + width <= row_bytes);
        for (std::size_t r = 0; r < count; ++r)
            std::copy_n(part.begin() + static_cast<std::ptrdiff_t>(r * width), width,
                        rows.begin() + static_cast<std::ptrdiff_t>(r * row_bytes + place));
        place += width;
    }
    SALUS_ASSERT(place == row_bytes);
    return rows;
}

} // namespace

TableSpec status_traits_table() {
    TableSpec spec{.name = std::string(traits_table),
                   .row = "trait",
                   .doc = "Rows of status/matrix: binary traits made of health records.",
                   .columns = {{"name", ColumnType::text, "", "name of the trait"},
                               {"doc", ColumnType::text, "", "description"},
                               {"source", ColumnType::text, "", "phecode or definition"}}};
    const std::array<const char*, 4> docs{
        "samples that are controls", "samples that are cases", "samples that are neither",
        "samples to whom the trait does not apply: other sex, not observed, not linked, or a case "
        "before the washout"};
    for (std::size_t k = 0; k < docs.size(); ++k)
        spec.columns.push_back({std::string(count_columns[k]), ColumnType::u64, "people", docs[k]});
    return spec;
}

std::span<std::uint8_t> StatusRows::add(std::uint32_t sample) {
    sample_.push_back(sample);
    packed_.resize(packed_.size() + bytes_, 0);
    return std::span(packed_).last(bytes_);
}

void StatusRows::write(PartWriter& part, std::uint64_t samples, std::uint64_t block_samples) const {
    std::vector<std::size_t> order(sample_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return sample_[a] < sample_[b]; });
    std::vector<std::uint32_t> sorted;
    std::vector<std::uint8_t> packed;
    packed.reserve(packed_.size());
    std::vector<std::uint64_t> begin((samples + block_samples - 1) / block_samples + 1, 0);
    for (const std::size_t row : order) {
        sorted.push_back(sample_[row]);
        ++begin.at(sample_[row] / block_samples + 1);
        const auto from = packed_.begin() + static_cast<std::ptrdiff_t>(row * bytes_);
        packed.insert(packed.end(), from, from + static_cast<std::ptrdiff_t>(bytes_));
    }
    std::partial_sum(begin.begin(), begin.end(), begin.begin());
    part.write_array<std::uint32_t>("status/sample", sorted, {}, Compression::none);
    part.write_array<std::uint8_t>("status/packed", packed, {sorted.size(), bytes_},
                                   Compression::none);
    part.write_array<std::uint64_t>("status/block_begin", begin, {}, Compression::none);
}

void read_status_rows(
    const H5File& part, std::uint64_t block,
    const std::function<void(std::uint32_t, std::span<const std::uint8_t>)>& take) {
    if (!part.exists("status/block_begin")) return;
    const auto at = part.read_rows<std::uint64_t>("status/block_begin", block, 2);
    const std::uint64_t rows = at[1] - at[0];
    if (rows == 0) return;
    const auto sample = part.read_rows<std::uint32_t>("status/sample", at[0], rows);
    const auto packed = part.read_rows<std::uint8_t>("status/packed", at[0], rows);
    const std::size_t bytes = packed.size() / rows;
    for (std::uint64_t i = 0; i < rows; ++i)
        take(sample[i], std::span(packed).subspan(i * bytes, bytes));
}

StatusBlock::StatusBlock(std::size_t traits, std::size_t samples)
    : traits_(traits), samples_(samples), bytes_(status_bytes(traits)),
      packed_(bytes_ * samples, 0xFF) {}

void StatusBlock::take(std::size_t sample, std::span<const std::uint8_t> packed) {
    SALUS_ASSERT(sample < samples_ && packed.size() == bytes_);
    std::copy(packed.begin(), packed.end(),
              packed_.begin() + static_cast<std::ptrdiff_t>(sample * bytes_));
}

void StatusBlock::write(PartWriter& part) const {
    const std::size_t row_bytes = status_bytes(samples_);
    std::vector<std::uint8_t> rows(traits_ * row_bytes);
    transpose(packed_, bytes_, traits_, rows, row_bytes);
    std::vector<std::uint64_t> counts;
    for (std::size_t t = 0; t < traits_; ++t)
        for (const std::uint64_t n :
             count_statuses(std::span(rows).subspan(t * row_bytes, row_bytes), samples_))
            counts.push_back(n);
    part.write_array<std::uint8_t>("status_block", rows, {traits_, row_bytes}, Compression::none);
    part.write_array<std::uint64_t>("status_counts", counts, {traits_, 4}, Compression::none);
}

std::vector<StatusTrait> write_status_matrix(H5File& out, std::vector<StatusTrait> traits,
                                             std::uint64_t samples, const Parts& blocks) {
    constexpr std::size_t budget = std::size_t{64} << 20;
    const std::size_t row_bytes = status_bytes(samples);
    const std::size_t together =
        std::max<std::size_t>(1, budget / std::max<std::size_t>(row_bytes, 1));
    add_counts(traits, blocks);
    H5File::RowWriter writer = out.begin_rows(status_array, traits.size(), row_bytes);
    for (std::size_t first = 0; first < traits.size(); first += together) {
        const std::size_t count = std::min(together, traits.size() - first);
        writer.append(gather(blocks, first, count, row_bytes));
    }
    writer.close();
    out.attribute(status_array, "long_name",
                  "status of the samples in binary traits, two bits each");
    out.attribute(status_array, "layout",
                  "[trait, sample/4]: sample i lives in byte i/4, bits 2*(i%4); 0 control, 1 case, "
                  "2 excluded, 3 not applicable");
    out.attribute(status_array, "samples", static_cast<std::int64_t>(samples));
    out.write(trait_rows(traits));
    return traits;
}

StatusMatrix::StatusMatrix(const H5File& file, std::vector<StatusTrait> traits,
                           std::uint64_t samples)
    : file_(&file), traits_(std::move(traits)), samples_(samples) {
    for (std::size_t t = 0; t < traits_.size(); ++t)
        index_.emplace(traits_[t].name, t);
}

std::optional<StatusMatrix> StatusMatrix::open(const H5File& file) {
    if (!file.exists(status_array)) return std::nullopt;
    const auto shape = file.shape(status_array);
    const auto samples = file.integer_attribute(status_array, "samples").value_or(-1);
    if (!file.is_table(traits_table) || shape.size() != 2 || samples < 0 ||
        shape[1] != status_bytes(static_cast<std::size_t>(samples)) ||
        shape[0] != file.rows(traits_table))
        throw DataError({.what = "the status matrix does not fit its traits and samples",
                         .where = text(file.path().string(), ", ", status_array),
                         .why =
                             "it has one row for each row of status/traits and two bits for each "
                             "sample",
                         .help = "make the file again with the stage phenotypes"});
    const TableData rows = file.read(traits_table);
    std::vector<StatusTrait> traits(rows.rows());
    for (std::size_t t = 0; t < traits.size(); ++t) {
        traits[t].name = rows.column<std::string>("name")[t];
        traits[t].doc = rows.column<std::string>("doc")[t];
        traits[t].source = rows.column<std::string>("source")[t];
        for (std::size_t k = 0; k < count_columns.size(); ++k)
            traits[t].samples[k] = rows.column<std::uint64_t>(count_columns[k])[t];
    }
    return StatusMatrix(file, std::move(traits), static_cast<std::uint64_t>(samples));
}

std::optional<std::size_t> StatusMatrix::find(std::string_view name) const {
    const auto at = index_.find(name);
    return at == index_.end() ? std::nullopt : std::optional(at->second);
}

std::vector<std::uint8_t> StatusMatrix::packed(std::size_t first, std::size_t count) const {
    return file_->read_rows<std::uint8_t>(status_array, first, count);
}

std::vector<double> StatusMatrix::values(std::size_t trait) const {
    constexpr double missing = std::numeric_limits<double>::quiet_NaN();
    constexpr std::array<double, 4> value{0, 1, missing, missing};
    const auto row = packed(trait, 1);
    std::vector<double> out(samples_);
    for (std::size_t s = 0; s < out.size(); ++s)
        out[s] = value[static_cast<std::size_t>(status_get(row, s))];
    return out;
}

} // namespace salus
