#include "stages/ingest_health/counts.hpp"

#include "base/error.hpp"
#include "store/packed_table.hpp"

#include <algorithm>

namespace salus::ingest_health {
namespace {

enum class What : std::uint8_t { read, kept, refused, flagged };

TableSpec counts_table() {
    return {.name = "counts",
            .row = "count",
            .doc = "Rows of source files, counted.",
            .columns = {{"file", ColumnType::u64, "1", "place in the plan"},
                        {"what", ColumnType::u8, "1", "read, kept, refused, flagged"},
                        {"reason", ColumnType::text, "", "of rows refused or flagged"},
                        {"rows", ColumnType::u64, "1", "number of rows"},
                        {"first_line", ColumnType::u64, "1", "line of the first of them"}}};
}

void put(TableData& table, std::size_t file, What what, const std::string& reason, Tally tally) {
    if (tally.rows == 0) return;
    table.column<std::uint64_t>("file").push_back(file);
    table.column<std::uint8_t>("what").push_back(static_cast<std::uint8_t>(what));
    table.column<std::string>("reason").push_back(reason);
    table.column<std::uint64_t>("rows").push_back(tally.rows);
    table.column<std::uint64_t>("first_line").push_back(tally.first_line);
}

} // namespace

void Counts::add(Tallies& to, std::size_t file, std::string_view reason, Tally more) {
    Tally& tally = to[{file, std::string(reason)}];
    tally.first_line =
        tally.rows == 0 ? more.first_line : std::min(tally.first_line, more.first_line);
    tally.rows += more.rows;
}

void Counts::add(const H5File& part, std::uint64_t lines_before) {
    const TableData table = read_packed(part, counts_table());
    for (std::size_t i = 0; i < table.rows(); ++i) {
        const std::size_t file = table.column<std::uint64_t>("file")[i];
        const std::string& reason = table.column<std::string>("reason")[i];
        const Tally tally{table.column<std::uint64_t>("rows")[i],
                          lines_before + table.column<std::uint64_t>("first_line")[i]};
        SALUS_ASSERT(file < read_.size());
        switch (static_cast<What>(table.column<std::uint8_t>("what")[i])) {
        case What::read:
            read(file, tally.rows);
            break;
        case What::kept:
            keep(file, tally.rows);
            break;
        case What::refused:
            add(rejects_, file, reason, tally);
            break;
        case What::flagged:
            add(flags_, file, reason, tally);
            break;
        }
    }
}

void Counts::write(PartWriter& part) const {
    TableData table(counts_table());
    for (std::size_t file = 0; file < read_.size(); ++file) {
        put(table, file, What::read, {}, {read_[file], 0});
        put(table, file, What::kept, {}, {kept_[file], 0});
    }
    for (const auto& [key, tally] : rejects_)
        put(table, key.first, What::refused, key.second, tally);
    for (const auto& [key, tally] : flags_)
        put(table, key.first, What::flagged, key.second, tally);
    write_packed(part, table);
}

} // namespace salus::ingest_health
