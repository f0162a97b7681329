#include "store/packed_table.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "store/h5_file.hpp"

#include <algorithm>
#include <cstring>

namespace salus {
namespace {

std::string array_name(const TableSpec& spec) { return text("packed/", spec.name); }

template <class T>
void put(std::vector<std::uint8_t>& out, const T* values, std::size_t count) {
    const std::size_t begin = out.size();
    out.resize(begin + count * sizeof(T));
    if (count > 0) std::memcpy(out.data() + begin, values, count * sizeof(T));
}

void put_texts(std::vector<std::uint8_t>& out, const std::vector<std::string>& texts) {
    for (const std::string& value : texts) {
        SALUS_ASSERT(value.size() <= 0xffff);
        const auto length = static_cast<std::uint16_t>(value.size());
        put(out, &length, 1);
    }
    for (const std::string& value : texts)
        put(out, value.data(), value.size());
}

std::uint64_t widest(const ColumnData& column) {
    const auto* texts = std::get_if<std::vector<std::string>>(&column);
    if (texts == nullptr) return 0;
    std::size_t width = 1;
    for (const std::string& value : *texts)
        width = std::max(width, value.size());
    return width;
}

/// Takes values from the front of the bytes of an array.
class Taker {
public:
    Taker(std::span<const std::uint8_t> bytes, const H5File& part) : bytes_(bytes), part_(part) {}
    template <class T>
    void take(T* values, std::size_t count) {
        if (count > bytes_.size() / sizeof(T)) fail();
        if (count > 0) std::memcpy(values, bytes_.data(), count * sizeof(T));
        bytes_ = bytes_.subspan(count * sizeof(T));
    }
    void take_texts(std::vector<std::string>& texts) {
        std::vector<std::uint16_t> lengths(texts.size());
        take(lengths.data(), lengths.size());
        for (std::size_t i = 0; i < texts.size(); ++i) {
            if (lengths[i] > bytes_.size()) fail();
            texts[i].assign(reinterpret_cast<const char*>(bytes_.data()), lengths[i]);
            bytes_ = bytes_.subspan(lengths[i]);
        }
    }
    std::size_t left() const noexcept { return bytes_.size(); }
    [[noreturn]] void fail() const {
        throw DataError({.what = "a packed table is not of the length that it states",
                         .where = part_.path().string(),
                         .why = "the part file is damaged or of another version",
                         .help = "run again with --fresh"});
    }

private:
    std::span<const std::uint8_t> bytes_;
    const H5File& part_;
};

static_assert(table_chunk_rows == h5::chunk_rows);

std::size_t heading_bytes(const TableSpec& spec) { return 8 * (1 + spec.columns.size()); }

UnitTableSize take_heading(Taker& taker, const TableSpec& spec) {
    UnitTableSize heading{.rows = 0, .widths = std::vector<std::uint64_t>(spec.columns.size())};
    taker.take(&heading.rows, 1);
    taker.take(heading.widths.data(), heading.widths.size());
    return heading;
}

} // namespace

UnitTableSize unit_table_size(const H5File& part, const TableSpec& spec) {
    if (part.exists(array_name(spec))) {
        const auto bytes = part.read_rows<std::uint8_t>(array_name(spec), 0, heading_bytes(spec));
        Taker taker(bytes, part);
        return take_heading(taker, spec);
    }
    UnitTableSize heading{.rows = part.rows(spec.name), .widths = {}};
    for (const ColumnSpec& column : spec.columns)
        heading.widths.push_back(
            column.type == ColumnType::text ? part.text_width(spec.name, column.name) : 0);
    return heading;
}

void write_packed(PartWriter& part, const TableData& table) {
    std::vector<std::uint8_t> bytes;
    const std::uint64_t rows = table.rows();
    put(bytes, &rows, 1);
    for (const ColumnData& column : table.columns()) {
        const std::uint64_t width = widest(column);
        put(bytes, &width, 1);
    }
    for (const ColumnData& column : table.columns())
        std::visit(
            [&](const auto& values) {
                using T = typename std::decay_t<decltype(values)>::value_type;
                if constexpr (std::is_same_v<T, std::string>)
                    put_texts(bytes, values);
                else
                    put(bytes, values.data(), values.size());
            },
            column);
    part.write_array<std::uint8_t>(array_name(table.spec()), bytes, {}, Compression::none);
}

TableData read_packed(const H5File& part, const TableSpec& spec) {
    const auto bytes = part.read_array<std::uint8_t>(array_name(spec));
    Taker taker(bytes, part);
    const std::uint64_t rows = take_heading(taker, spec).rows;
    if (rows > bytes.size()) taker.fail();
    TableData table(spec);
    for (ColumnData& column : table.columns())
        std::visit(
            [&](auto& values) {
                using T = typename std::decay_t<decltype(values)>::value_type;
                values.resize(rows);
                if constexpr (std::is_same_v<T, std::string>)
                    taker.take_texts(values);
                else
                    taker.take(values.data(), values.size());
            },
            column);
    if (taker.left() != 0) taker.fail();
    return table;
}

void write_unit_table(PartWriter& part, const TableData& table) {
    if (table.rows() < h5::chunk_rows)
        write_packed(part, table);
    else
        part.write(table);
}

void append_unit_rows(const H5File& part, std::uint64_t from, std::uint64_t to, TableData& out) {
    const TableSpec& spec = out.spec();
    const bool packed = part.exists(array_name(spec));
    std::vector<std::string> names;
    for (const ColumnSpec& column : spec.columns)
        names.push_back(column.name);
    const TableData more =
        packed ? read_packed(part, spec) : part.read_rows(spec.name, from, to - from, names);
    const std::uint64_t skipped = packed ? from : 0;
    SALUS_ASSERT(skipped + (to - from) <= more.rows());
    for (std::size_t c = 0; c < more.columns().size(); ++c)
        std::visit(
            [&](auto& to_column) {
                const auto& column = std::get<std::decay_t<decltype(to_column)>>(more.columns()[c]);
                const auto begin = column.begin() + static_cast<std::ptrdiff_t>(skipped);
                to_column.insert(to_column.end(), begin,
                                 begin + static_cast<std::ptrdiff_t>(to - from));
            },
            out.columns()[c]);
}

void assemble_unit_tables(H5File& out, const TableSpec& spec, const Parts& parts) {
    std::uint64_t rows = 0;
    std::map<std::string, std::size_t> widths;
    for (std::uint64_t u = 0; u < parts.size(); ++u) {
        const H5File part = parts.open(u);
        const UnitTableSize heading = unit_table_size(part, spec);
        rows += heading.rows;
        for (std::size_t c = 0; c < spec.columns.size(); ++c)
            if (spec.columns[c].type == ColumnType::text) {
                std::size_t& width = widths[spec.columns[c].name];
                width = std::max<std::size_t>(width, heading.widths[c]);
            }
    }
    H5File::TableWriter writer = out.begin_table(spec, rows, widths);
    for (std::uint64_t u = 0; u < parts.size(); ++u) {
        const H5File part = parts.open(u);
        if (part.exists(array_name(spec)))
            writer.append(read_packed(part, spec));
        else
            writer.append(part);
    }
    writer.close();
}

} // namespace salus
