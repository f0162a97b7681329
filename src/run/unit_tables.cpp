#include "run/unit_tables.hpp"

#include "store/packed_table.hpp"

#include <algorithm>

namespace salus {
namespace {

/// (all) `length` values of every part, unit after unit, each part looked at by one rank.
template <class Look>
std::vector<std::uint64_t> look_at_parts(const Communicator& comm, const Parts& parts,
                                         std::size_t length, Look&& look) {
    std::vector<std::uint64_t> found(parts.size() * length);
    collectively(comm, "looking at parts", [&] {
        for (auto u = static_cast<std::uint64_t>(comm.rank()); u < parts.size();
             u += static_cast<std::uint64_t>(comm.size()))
            look(parts.open(u), std::span(found).subspan(u * length, length));
    });
    comm.sum(std::span(found));
    return found;
}

} // namespace

std::vector<std::uint64_t> unit_arrays(const Communicator& comm, const Parts& parts,
                                       std::string_view name, std::size_t length) {
    return look_at_parts(comm, parts, length,
                         [&](const H5File& part, std::span<std::uint64_t> out) {
                             const auto values = part.read_array<std::uint64_t>(name);
                             SALUS_ASSERT(values.size() == out.size());
                             std::copy(values.begin(), values.end(), out.begin());
                         });
}

bool UnitTables::Table::ends_with_chunks() const {
    return std::all_of(first.begin(), first.end() - 1,
                       [](std::uint64_t row) { return row % table_chunk_rows == 0; });
}

UnitTables::UnitTables(RunContext& context, const Parts& parts, std::vector<TableSpec> specs)
    : parts_(parts) {
    for (TableSpec& spec : specs)
        tables_.push_back({.spec = std::move(spec),
                           .first = std::vector<std::uint64_t>(parts.size() + 1),
                           .widths = {},
                           .chunks = {}});
    survey(context.comm());
    std::vector<Table*> to_encode;
    for (Table& table : tables_)
        if (table.rows() > table_chunk_rows && !table.ends_with_chunks())
            to_encode.push_back(&table);
    if (!to_encode.empty()) encode(context, to_encode);
}

/// Rows and text widths of all parts.
void UnitTables::survey(const Communicator& comm) {
    std::size_t fields = 0; // of a part: rows, then widths, table by table
    for (const Table& table : tables_)
        fields += 1 + table.spec.columns.size();
    const auto found =
        look_at_parts(comm, parts_, fields, [&](const H5File& part, std::span<std::uint64_t> out) {
            auto at = out.begin();
            for (const Table& table : tables_) {
                const UnitTableSize size = unit_table_size(part, table.spec);
                *at++ = size.rows;
                at = std::copy(size.widths.begin(), size.widths.end(), at);
            }
        });
    for (std::size_t u = 0, at = 0; u < parts_.size(); ++u)
        for (Table& table : tables_) {
            table.first[u + 1] = table.first[u] + found[at++];
            for (const ColumnSpec& column : table.spec.columns) {
                const auto width = static_cast<std::size_t>(found[at++]);
                if (column.type == ColumnType::text)
                    table.widths[column.name] = std::max(table.widths[column.name], width);
            }
        }
}

TableData UnitTables::read(const Table& table, std::uint64_t begin, std::uint64_t end) const {
    TableData rows(table.spec);
    const auto above = std::upper_bound(table.first.begin(), table.first.end(), begin);
    for (auto u = static_cast<std::size_t>(above - table.first.begin()) - 1;
         u < parts_.size() && table.first[u] < end; ++u) {
        const std::uint64_t from = std::max(begin, table.first[u]) - table.first[u],
                            to = std::min(end, table.first[u + 1]) - table.first[u];
        if (from < to) append_unit_rows(parts_.open(u), from, to, rows);
    }
    return rows;
}

void UnitTables::encode(RunContext& context, std::span<Table* const> tables) const {
    struct Chunk {
        Table* table;
        std::uint64_t begin;
    };
    std::vector<Chunk> chunks;
    for (Table* table : tables)
        for (std::uint64_t begin = 0; begin < table->rows(); begin += table_chunk_rows)
            chunks.push_back({table, begin});
    const Parts encoded =
        context.for_each_unit("tables", chunks.size(), [&](std::uint64_t c, PartWriter& part) {
            const Table& table = *chunks[c].table;
            const std::uint64_t begin = chunks[c].begin,
                                end = std::min(table.rows(), begin + table_chunk_rows);
            auto writer = part.file().begin_table(table.spec, end - begin, table.widths);
            writer.append(read(table, begin, end));
            writer.close();
        });
    for (std::size_t c = 0; c < chunks.size(); ++c)
        chunks[c].table->chunks.push_back(encoded[c]);
}

void UnitTables::write(ResultWriter& out, std::size_t table) const {
    const Table& t = tables_.at(table);
    if (t.chunks.empty())
        assemble_unit_tables(out.file(), t.spec, parts_);
    else
        out.assemble(t.spec, Parts(t.chunks));
}

void UnitTables::write(ResultWriter& out) const {
    for (std::size_t table = 0; table < tables_.size(); ++table)
        write(out, table);
}

} // namespace salus
