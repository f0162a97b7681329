#include "base/text.hpp"
#include "stages/ingest_features/phases.hpp"
#include "store/packed_table.hpp"

#include <algorithm>

namespace salus::ingest_features {
namespace {

constexpr std::uint64_t unit_cells = std::uint64_t{1} << 23;

/// Cells of a unit in the order of the rows of the result.
struct Cells {
    std::vector<double> values;        // [feature, row]
    std::vector<std::uint8_t> missing; // [feature, row]
    std::vector<std::uint64_t> counts; // [feature, reason]
};

} // namespace

std::vector<ColumnUnit> column_units(const Plan& plan, const std::vector<std::uint64_t>& rows) {
    std::vector<ColumnUnit> units;
    for (std::size_t t = 0; t < plan.tables.size(); ++t) {
        const std::size_t features = plan.tables[t].features();
        const std::uint64_t n = std::max<std::uint64_t>(1, rows[t]);
        const std::uint64_t chunk = std::max<std::uint64_t>(1, table_chunk_rows / n);
        const std::uint64_t count = std::max(chunk, unit_cells / n / chunk * chunk);
        for (std::size_t f = 0, u = 0; f < features; f += count, ++u)
            units.push_back({t, f, std::min<std::size_t>(count, features - f), u});
    }
    return units;
}

void gather_columns(const Plan& plan, const ColumnUnit& unit, const Places& places,
                    const Parts& rows, PartWriter& part) {
    const FeatureTable& table = plan.tables[unit.table];
    const std::size_t n = places.rows, reasons = table.reasons.size();
    Cells out{.values = std::vector<double>(unit.count * n),
              .missing = std::vector<std::uint8_t>(unit.count * n),
              .counts = std::vector<std::uint64_t>(unit.count * reasons)};
    std::size_t source = 0;
    for (std::uint64_t u = 0; u < table.units; ++u) {
        const H5File piece = rows.open(table.first_unit + u);
        const auto sizes = piece.read_array<std::uint64_t>("batches");
        for (std::size_t b = 0; b < sizes.size(); ++b) {
            const auto cells =
                piece.read_rows<std::uint64_t>(text("cells/", b), unit.first, unit.count);
            for (std::size_t f = 0; f < unit.count; ++f)
                for (std::size_t r = 0; r < sizes[b]; ++r) {
                    const std::uint32_t place = places.place[source + r];
                    if (place == Places::left_out) continue;
                    const CellBits cell = cells[f * sizes[b] + r];
                    const std::uint8_t reason = reason_of(cell);
                    out.values[f * n + place] = value_of(cell);
                    out.missing[f * n + place] = reason;
                    ++out.counts[f * reasons + reason];
                }
            source += sizes[b];
        }
    }
    part.write_array<double>("values", out.values, {unit.count, n});
    part.write_array<std::uint8_t>("missing", out.missing, {unit.count, n});
    part.write_array<std::uint64_t>(counts_array, out.counts, {unit.count, reasons},
                                    Compression::none);
}

} // namespace salus::ingest_features
