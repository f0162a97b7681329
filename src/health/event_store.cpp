#include "health/event_store.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace salus {
namespace {

std::vector<std::uint64_t> begins(const TableData& shards, std::string_view name) {
    std::vector<std::uint64_t> out = shards.column<std::uint64_t>(text(name, "_begin"));
    const auto& ends = shards.column<std::uint64_t>(text(name, "_end"));
    out.push_back(ends.empty() ? 0 : ends.back());
    return out;
}

/// First row of every person in a table whose column `person` ascends.
std::vector<std::size_t> rows_by_person(const std::vector<std::uint32_t>& person,
                                        std::uint64_t first, std::size_t persons) {
    std::vector<std::size_t> begin(persons + 1, 0);
    for (const std::uint32_t p : person)
        ++begin.at(p - first + 1);
    for (std::size_t p = 0; p < persons; ++p)
        begin[p + 1] += begin[p];
    return begin;
}

std::vector<Event> events_of(const TableData& rows) {
    const auto& day = rows.column<std::int32_t>("day");
    const auto& end = rows.column<std::int32_t>("end");
    const auto& kind = rows.column<std::uint8_t>("kind");
    const auto& code = rows.column<std::uint32_t>("code");
    const auto& value = rows.column<double>("value");
    const auto& comparator = rows.column<std::uint8_t>("comparator");
    const auto& unit = rows.column<std::uint32_t>("unit");
    const auto& value_code = rows.column<std::uint32_t>("value_code");
    const auto& source = rows.column<std::uint8_t>("source");
    const auto& flags = rows.column<std::uint8_t>("flags");
    std::vector<Event> events(day.size());
    for (std::size_t i = 0; i < day.size(); ++i)
        events[i] = {.day = day[i],
                     .kind = static_cast<EventKind>(kind[i]),
                     .comparator = comparator[i],
                     .code = code[i],
                     .unit = unit[i],
                     .value = value[i],
                     .end = end[i],
                     .source = static_cast<EventSource>(source[i]),
                     .flags = flags[i],
                     .value_code = value_code[i]};
    return events;
}

/// One period for each person with events: from the first to the last.
void observe_by_events(Shard& shard) {
    shard.periods.clear();
    for (std::size_t p = 0; p < shard.size(); ++p) {
        const std::size_t begin = shard.event_begin[p], end = shard.event_begin[p + 1];
        shard.period_begin[p] = shard.periods.size();
        if (begin < end)
            shard.periods.push_back({shard.events[begin].day, shard.events[end - 1].day});
    }
    shard.period_begin[shard.size()] = shard.periods.size();
}

H5File open_store(const std::filesystem::path& path) {
    H5File file = H5File::open(path);
    const auto version = file.integer_attribute("/", "event_store_version");
    if (!version || !file.is_table("events") || !file.is_table("shards"))
        throw DataError({.what = "this is not an event store",
                         .where = path.string(),
                         .why = "it should hold events, shards and event_store_version",
                         .help = "make it with the stage ingest_health"});
    if (*version != event_store_version)
        throw DataError(
            {.what =
                 text("this event store is of version ", *version, ", not ", event_store_version),
             .where = path.string(),
             .why = *version < event_store_version
                        ? "stores of version 1 hold identifiers of persons and lack end, source "
                          "and flags of events"
                        : "it was made by a later version of this program",
             .help = "make it anew from the files that its /provenance names: salus ingest_health "
                     "--omop FOLDER --links FILE --output FOLDER"});
    return file;
}

} // namespace

PersonView Shard::person(std::size_t p) const noexcept {
    return {.sex = sex[p],
            .birth = birth[p],
            .death = death[p],
            .site = site[p],
            .periods =
                std::span(periods).subspan(period_begin[p], period_begin[p + 1] - period_begin[p]),
            .events =
                std::span(events).subspan(event_begin[p], event_begin[p + 1] - event_begin[p])};
}

EventStore::EventStore(const std::filesystem::path& path) : file_(open_store(path)) {
    const TableData shards = file_.read("shards");
    shards_ = shards.rows();
    person_begin_ = begins(shards, "persons");
    event_begin_ = begins(shards, "events");
    period_begin_ = begins(shards, "observation_periods");
    link_begin_ = begins(shards, "links");
    persons_ = person_begin_.back();
    events_ = event_begin_.back();
    has_periods_ = file_.integer_attribute("/", "has_observation_periods").value_or(1) != 0;
    TableData codes = file_.read("codes");
    codes_ = std::move(codes.column<std::string>("code"));
    concepts_ = std::move(codes.column<std::uint32_t>("concept_id"));
    units_ = std::move(file_.read("units").column<std::string>("unit"));
    sites_ = std::move(file_.read("sites").column<std::string>("site"));
}

Shard EventStore::read_shard(std::uint64_t shard) const {
    SALUS_ASSERT(shard < shards_);
    const auto part = [&](std::string_view table, const std::vector<std::uint64_t>& begin,
                          const std::vector<std::string>& columns) {
        return file_.read_rows(table, begin[shard], begin[shard + 1] - begin[shard], columns);
    };
    Shard out;
    TableData persons = part("persons", person_begin_, {"sex", "birth", "death", "site"});
    out.sex = std::move(persons.column<std::uint8_t>("sex"));
    out.birth = std::move(persons.column<double>("birth"));
    out.death = std::move(persons.column<double>("death"));
    out.site = std::move(persons.column<std::uint32_t>("site"));

    const TableData periods = part("observation_periods", period_begin_, {});
    out.period_begin =
        rows_by_person(periods.column<std::uint32_t>("person"), person_begin_[shard], out.size());
    for (std::size_t i = 0; i < periods.rows(); ++i)
        out.periods.push_back(
            {periods.column<std::int32_t>("start")[i], periods.column<std::int32_t>("end")[i]});

    const TableData events = part("events", event_begin_,
                                  {"person", "day", "end", "kind", "code", "value", "comparator",
                                   "unit", "value_code", "source", "flags"});
    out.event_begin =
        rows_by_person(events.column<std::uint32_t>("person"), person_begin_[shard], out.size());
    out.events = events_of(events);

    if (!has_periods_) observe_by_events(out);
    TableData links = part("links", link_begin_, {});
    out.linked = std::move(links.column<std::uint32_t>("person"));
    for (std::uint32_t& p : out.linked)
        p -= static_cast<std::uint32_t>(person_begin_[shard]);
    out.sample_id = std::move(links.column<std::string>("sample_id"));
    return out;
}

} // namespace salus
