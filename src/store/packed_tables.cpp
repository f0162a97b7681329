#include "store/packed_tables.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "store/h5_file.hpp"

#include <algorithm>
#include <cstring>

namespace salus {
namespace {

std::size_t element_bytes(ColumnType type) {
    switch (type) {
    case ColumnType::u8:
        return 1;
    case ColumnType::i32:
    case ColumnType::u32:
    case ColumnType::f32:
        return 4;
    case ColumnType::i64:
    case ColumnType::u64:
    case ColumnType::f64:
        return 8;
    case ColumnType::text:
        break;
    }
    throw InternalError({.what = "packed tables hold numbers only"});
}

std::size_t column_room(ColumnType type, std::uint64_t rows) {
    return (rows * element_bytes(type) + 7) / 8 * 8;
}

template <class T>
constexpr ColumnType type_of() {
    if constexpr (std::is_same_v<T, std::uint8_t>) return ColumnType::u8;
    if constexpr (std::is_same_v<T, std::uint32_t>) return ColumnType::u32;
    if constexpr (std::is_same_v<T, double>) return ColumnType::f64;
}

[[noreturn]] void throw_damaged(const H5File& part, std::string_view name) {
    throw IntegrityError({.what = text("the array ", name, " is not as long as it has to be"),
                          .where = part.path().string(),
                          .why = "the part file is of another version or was changed",
                          .help = "run again with --fresh"});
}

void require_length(const H5File& part, const std::string& name, std::size_t bytes) {
    if (!part.exists(name) || part.shape(name).at(0) != bytes) throw_damaged(part, name);
}

} // namespace

std::string encoded_sizes(std::string_view table) { return text("encoded/", table, "/sizes"); }
std::string encoded_chunks(std::string_view table) { return text("encoded/", table, "/chunks"); }

PackedTables::PackedTables(std::span<const TableSpec> specs, std::uint64_t rows)
    : specs_(specs), rows_(rows) {
    std::size_t at = 0;
    for (const TableSpec& spec : specs) {
        auto& offsets = offsets_.emplace_back();
        for (const ColumnSpec& column : spec.columns) {
            offsets.push_back(at);
            at += column_room(column.type, rows);
        }
    }
    bytes_.resize(at);
}

std::size_t PackedTables::bytes_of(std::span<const TableSpec> specs, std::uint64_t rows) {
    std::size_t bytes = 0;
    for (const TableSpec& spec : specs)
        for (const ColumnSpec& column : spec.columns)
            bytes += column_room(column.type, rows);
    return bytes;
}

std::size_t PackedTables::find(std::size_t table, std::string_view name, ColumnType type) const {
    const auto& columns = specs_[table].columns;
    const auto found = std::find_if(columns.begin(), columns.end(),
                                    [&](const ColumnSpec& column) { return column.name == name; });
    if (found == columns.end() || found->type != type)
        throw InternalError(
            {.what = text("table ", specs_[table].name, " has no such column ", name)});
    return static_cast<std::size_t>(found - columns.begin());
}

template <class T>
std::span<T> PackedTables::column(std::size_t table, std::string_view name) {
    const auto bytes = column_bytes(table, find(table, name, type_of<T>()));
    return {reinterpret_cast<T*>(bytes.data()), rows_};
}
template std::span<std::uint8_t> PackedTables::column(std::size_t, std::string_view);
template std::span<std::uint32_t> PackedTables::column(std::size_t, std::string_view);
template std::span<double> PackedTables::column(std::size_t, std::string_view);

std::span<std::uint8_t> PackedTables::column_bytes(std::size_t table, std::size_t column) {
    const std::size_t length = rows_ * element_bytes(specs_[table].columns[column].type);
    return std::span(bytes_).subspan(offsets_[table][column], length);
}

std::span<const std::uint8_t> PackedTables::column_bytes(std::size_t table,
                                                         std::size_t column) const {
    const std::size_t length = rows_ * element_bytes(specs_[table].columns[column].type);
    return std::span(bytes_).subspan(offsets_[table][column], length);
}

void PackedTables::write(PartWriter& part, std::string_view name) const {
    if (!bytes_.empty()) part.write_array<std::uint8_t>(name, bytes_, {}, Compression::none);
}

PackedTables PackedParts::read(const H5File& part, std::uint64_t unit, std::size_t first,
                               std::size_t last) const {
    require_length(part, name, PackedTables::bytes_of(specs, rows(unit)));
    PackedTables tables(specs.subspan(first, last - first), rows(unit));
    const auto bytes = part.read_rows<std::uint8_t>(
        name, PackedTables::bytes_of(specs.first(first), rows(unit)), tables.bytes().size());
    std::copy(bytes.begin(), bytes.end(), tables.bytes().begin());
    return tables;
}

std::vector<double> PackedParts::column(const H5File& part, std::uint64_t unit, std::size_t table,
                                        std::string_view wanted) const {
    require_length(part, name, PackedTables::bytes_of(specs, rows(unit)));
    std::size_t begin = PackedTables::bytes_of(specs.first(table), rows(unit));
    for (const ColumnSpec& column : specs[table].columns) {
        if (column.name == wanted) break;
        begin += column_room(column.type, rows(unit));
    }
    std::vector<double> values(rows(unit));
    const auto bytes = part.read_rows<std::uint8_t>(name, begin, values.size() * sizeof(double));
    if (!bytes.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
}

EncodedTables::EncodedTables(std::span<const TableSpec> specs, std::uint64_t rows)
    : specs_(specs), rows_(rows), chunk_rows_(std::clamp<std::uint64_t>(rows, 1, h5::chunk_rows)),
      chunks_((rows + chunk_rows_ - 1) / chunk_rows_) {
    constexpr std::size_t unit_bytes = std::size_t{1} << 24, fewest = 16;
    const std::size_t one = specs.empty() ? 0 : PackedTables::bytes_of(specs.first(1), chunk_rows_);
    together_ = std::max(fewest, unit_bytes / std::max<std::size_t>(one, 1));
    batches_ = (specs.size() + together_ - 1) / together_;
}

std::size_t EncodedTables::first_table(std::uint64_t batch) const noexcept {
    return std::min(specs_.size(), batch * together_);
}

void EncodedTables::encode(std::uint64_t unit, const PackedParts& from, PartWriter& part) const {
    const std::uint64_t batch = unit / chunks_, begin = unit % chunks_ * chunk_rows_;
    const std::uint64_t end = std::min(rows_, begin + chunk_rows_);
    const std::size_t first = first_table(batch), last = first_table(batch + 1);
    PackedTables chunk(specs_.subspan(first, last - first), chunk_rows_);
    const auto unit_of = [&](std::uint64_t row) { // the one that holds it
        const auto after = std::upper_bound(from.first_rows.begin(), from.first_rows.end(), row);
        return static_cast<std::uint64_t>(after - from.first_rows.begin()) - 1;
    };
    for (std::uint64_t row = begin; row < end;) {
        const std::uint64_t u = unit_of(row), offset = row - from.first_rows[u];
        const std::uint64_t count = std::min(end, from.first_rows[u + 1]) - row;
        const PackedTables rows = from.read(from.parts.open(u), u, first, last);
        for (std::size_t k = 0; k < chunk.specs().size(); ++k)
            for (std::size_t c = 0; c < chunk.specs()[k].columns.size(); ++c) {
                const std::size_t element = element_bytes(chunk.specs()[k].columns[c].type);
                const auto bytes =
                    rows.column_bytes(k, c).subspan(offset * element, count * element);
                std::copy(bytes.begin(), bytes.end(),
                          chunk.column_bytes(k, c).begin() +
                              static_cast<std::ptrdiff_t>((row - begin) * element));
            }
        row += count;
    }
    h5::ChunkCodec codec;
    for (std::size_t k = 0; k < chunk.specs().size(); ++k) {
        const TableSpec& spec = chunk.specs()[k];
        std::vector<std::uint64_t> sizes;
        std::vector<std::uint8_t> stored;
        for (std::size_t c = 0; c < spec.columns.size(); ++c) {
            const auto encoded = codec.encode(std::as_bytes(chunk.column_bytes(k, c)),
                                              element_bytes(spec.columns[c].type));
            sizes.push_back(encoded.size());
            const auto* const data = reinterpret_cast<const std::uint8_t*>(encoded.data());
            stored.insert(stored.end(), data, data + encoded.size());
        }
        part.write_array<std::uint64_t>(encoded_sizes(spec.name), sizes, {}, Compression::none);
        part.write_array<std::uint8_t>(encoded_chunks(spec.name), stored, {}, Compression::none);
    }
}

void EncodedTables::assemble(H5File& out, const Parts& parts) const {
    SALUS_ASSERT(parts.size() == units());
    std::optional<H5File> part;
    std::uint64_t opened = 0;
    for (std::size_t table = 0; table < specs_.size(); ++table) {
        H5File::TableWriter writer = out.begin_table(specs_[table], rows_, {});
        for (std::uint64_t chunk = 0; chunk < chunks_; ++chunk) {
            const std::uint64_t unit = table / together_ * chunks_ + chunk;
            if (!part || opened != unit) part = parts.open(unit);
            opened = unit;
            writer.append(*part);
        }
        writer.close();
    }
}

} // namespace salus
