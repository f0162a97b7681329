#include "base/numbers.hpp"
#include "stages/ingest_health/shard_rows.hpp"

#include "run/unit_tables.hpp"
#include "stages/ingest_health/raw_table.hpp"
#include "store/packed_table.hpp"

#include <algorithm>
#include <limits>

namespace salus::ingest_health {
namespace {

TableData person_table(const ShardPersons& persons) {
    TableData rows(persons_table());
    for (std::size_t p = 0; p < persons.rows.size(); ++p) {
        const PersonRow& person = persons.rows[p];
        const auto& observed = persons.periods[p];
        rows.column<std::uint64_t>("pseudonym_high").push_back(persons.ids[p].high);
        rows.column<std::uint64_t>("pseudonym_low").push_back(persons.ids[p].low);
        rows.column<std::uint8_t>("sex").push_back(person.sex);
        rows.column<double>("birth").push_back(person.birth);
        rows.column<double>("first_observation")
            .push_back(observed.empty() ? nan : observed.front().start);
        rows.column<double>("last_observation")
            .push_back(observed.empty() ? nan : observed.back().end);
        rows.column<double>("death").push_back(person.death);
        rows.column<std::uint32_t>("site").push_back(person.site);
    }
    return rows;
}

TableData period_table(const ShardPersons& persons) {
    TableData rows(observation_periods_table());
    for (std::uint32_t p = 0; p < persons.rows.size(); ++p)
        for (const Period period : persons.periods[p]) {
            rows.column<std::uint32_t>("person").push_back(p);
            rows.column<std::int32_t>("start").push_back(period.start);
            rows.column<std::int32_t>("end").push_back(period.end);
        }
    return rows;
}

TableData link_table(const ShardPersons& persons) {
    TableData rows(links_table());
    for (std::uint32_t p = 0; p < persons.rows.size(); ++p) {
        if (persons.sample[p].empty()) continue;
        rows.column<std::uint32_t>("person").push_back(p);
        rows.column<std::string>("sample_id").push_back(persons.sample[p]);
    }
    return rows;
}

/// All columns in one pass: the rows are scattered, and each is fetched from memory once.
TableData event_table(const std::vector<EventRow>& events, const ShardEvents& settled) {
    TableData table(events_table());
    const std::size_t rows = settled.order.size();
    const auto column = [&]<class T>(std::string_view name, T) {
        table.column<T>(name).resize(rows);
        return table.column<T>(name).data();
    };
    auto* const person = column("person", std::uint32_t{});
    auto* const day = column("day", std::int32_t{});
    auto* const end = column("end", std::int32_t{});
    auto* const kind = column("kind", std::uint8_t{});
    auto* const code = column("code", std::uint32_t{});
    auto* const value = column("value", double{});
    auto* const comparator = column("comparator", std::uint8_t{});
    auto* const unit = column("unit", std::uint32_t{});
    auto* const value_code = column("value_code", std::uint32_t{});
    auto* const source = column("source", std::uint8_t{});
    auto* const flags = column("flags", std::uint8_t{});
    auto* const file = column("file", std::uint32_t{});
    auto* const line = column("line", std::uint64_t{});
    auto* const record = column("record", std::uint64_t{});
    for (std::size_t k = 0; k < rows; ++k) {
        const EventRow& e = events[settled.order[k]];
        person[k] = e.person;
        day[k] = e.day;
        end[k] = e.end;
        kind[k] = static_cast<std::uint8_t>(e.kind);
        code[k] = e.code;
        value[k] = e.value;
        comparator[k] = e.comparator;
        unit[k] = e.unit;
        value_code[k] = e.value_code;
        source[k] = static_cast<std::uint8_t>(e.source);
        flags[k] = e.flags;
        file[k] = e.file;
        line[k] = e.line;
        record[k] = e.record;
    }
    return table;
}

/// Rows of the four tables of a shard, and the longest sample identifier.
constexpr std::size_t size_count = 5;

} // namespace

void build_shard(const ShardTask& task, std::vector<EventRow>& scratch, PartWriter& part) {
    Refusals refusals(task);
    ShardRows rows = read_shard_rows(task, std::move(scratch));
    Changes changes;
    ShardPersons persons = settle_persons(task, rows, refusals, changes);
    const ShardEvents settled = settle_events(task, rows.events, persons, refusals, changes);
    flag_odd_rows(task, rows.events, settled, persons, refusals);
    const TableData links = link_table(persons), periods = period_table(persons);
    write_packed(part, person_table(persons));
    write_packed(part, periods);
    write_packed(part, links);
    write_raw(part, event_table(rows.events, settled));
    std::size_t width = 1;
    for (const std::string& sample : persons.sample)
        width = std::max(width, sample.size());
    part.write_array<std::uint64_t>("sizes",
                                    std::vector<std::uint64_t>{persons.rows.size(), periods.rows(),
                                                               settled.order.size(), links.rows(),
                                                               width},
                                    {}, Compression::none);
    part.write_array<std::uint64_t>("changes", changes.rows(), {}, Compression::none);
    refusals.counts().write(part);
    scratch = std::move(rows.events);
}

ShardTables::ShardTables(RunContext& context, const Parts& shards) : shards_(shards) {
    constexpr std::uint64_t encode_rows = 8 * table_chunk_rows;
    const auto sizes = unit_arrays(context.comm(), shards, "sizes", size_count);
    const auto changes = unit_arrays(context.comm(), shards, "changes", Changes::size);
    changes_.assign(Changes::size, 0);
    for (std::size_t i = 0; i < changes.size(); ++i)
        changes_[i % Changes::size] += changes[i];
    std::uint64_t width = 1;
    for (std::uint64_t s = 0; s < shards.size(); ++s)
        width = std::max(width, sizes[s * size_count + size_count - 1]);
    for (TableSpec& spec :
         std::vector{persons_table(), observation_periods_table(), events_table(), links_table()}) {
        Table table{.spec = std::move(spec), .begin = {0}, .widths = {}};
        const std::size_t t = tables_.size();
        if (t == links) table.widths["sample_id"] = width;
        for (std::uint64_t s = 0; s < shards.size(); ++s)
            table.begin.push_back(table.begin.back() + sizes[s * size_count + t]);
        for (std::uint64_t row = 0; row == 0 || row < table.begin.back(); row += encode_rows)
            units_.push_back({t, row, std::min(table.begin.back(), row + encode_rows)});
        tables_.push_back(std::move(table));
    }
    SALUS_ASSERT(rows(persons) <= std::numeric_limits<std::uint32_t>::max());
}

void ShardTables::encode(std::uint64_t unit, PartWriter& part) const {
    const Unit& range = units_[unit];
    const Table& table = tables_[range.table];
    TableData out(table.spec);
    const auto above = std::upper_bound(table.begin.begin(), table.begin.end(), range.begin);
    for (auto s = static_cast<std::size_t>(above - table.begin.begin()) - 1;
         s < shards_.size() && table.begin[s] < range.end; ++s) {
        const std::uint64_t from = std::max(range.begin, table.begin[s]) - table.begin[s],
                            to = std::min(range.end, table.begin[s + 1]) - table.begin[s];
        if (from >= to) continue;
        const std::size_t before = out.rows();
        if (range.table == events)
            append_raw(shards_.open(s), from, to, out);
        else
            append_unit_rows(shards_.open(s), from, to, out);
        if (!out.has("person")) continue;
        auto& person = out.column<std::uint32_t>("person");
        const auto first = static_cast<std::uint32_t>(tables_[persons].begin[s]);
        for (std::size_t i = before; i < person.size(); ++i)
            person[i] += first;
    }
    auto writer = part.file().begin_table(table.spec, range.end - range.begin, table.widths);
    writer.append(out);
    writer.close();
}

void ShardTables::assemble(ResultWriter& out, const Parts& encoded) const {
    for (std::size_t t = 0; t < tables_.size(); ++t) {
        std::vector<Parts::Part> parts;
        for (std::uint64_t u = 0; u < units_.size(); ++u)
            if (units_[u].table == t) parts.push_back(encoded[u]);
        out.assemble(tables_[t].spec, Parts(std::move(parts)));
    }
}

TableData ShardTables::ranges() const {
    TableData table(shards_table());
    for (const auto& [t, name] : {std::pair{persons, "persons"},
                                  {events, "events"},
                                  {periods, "observation_periods"},
                                  {links, "links"}})
        for (std::uint64_t s = 0; s < shards_.size(); ++s) {
            table.column<std::uint64_t>(std::string(name) + "_begin")
                .push_back(tables_[t].begin[s]);
            table.column<std::uint64_t>(std::string(name) + "_end")
                .push_back(tables_[t].begin[s + 1]);
        }
    return table;
}

} // namespace salus::ingest_health
