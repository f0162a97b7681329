#include "health/event_store.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace salus {
namespace {

constexpr std::string_view days = "days since 1970-01-01";

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
    if (file.integer_attribute("/", "event_store_version") != event_store_version ||
        !file.is_table("events") || !file.is_table("shards"))
        throw DataError(
            {.what = "this is not an event store of this version",
             .where = path.string(),
             .why = text("it should hold events and shards, version ", event_store_version),
             .help = "make it with the stage ingest_health"});
    return file;
}

} // namespace

TableSpec persons_table() {
    return {.name = "persons",
            .row = "person",
            .doc = "Persons of the health records, by shard and person_id.",
            .columns = {{"person_id", ColumnType::i64, "1", "identifier in the source"},
                        {"sex", ColumnType::u8, "1", "recorded sex: 0 unknown, 1 male, 2 female"},
                        {"birth", ColumnType::f64, std::string(days),
                         "day of birth; 1 July or the 15th where only year or month is known"},
                        {"first_observation", ColumnType::f64, std::string(days),
                         "first day of the first observation period; NaN without one"},
                        {"last_observation", ColumnType::f64, std::string(days),
                         "last day of the last observation period; NaN without one"},
                        {"death", ColumnType::f64, std::string(days),
                         "day of death; NaN if none is recorded"}}};
}

TableSpec observation_periods_table() {
    return {.name = "observation_periods",
            .row = "period",
            .doc = "Times in which the record of a person is complete; periods that overlap or "
                   "touch are merged.",
            .columns = {{"person", ColumnType::u32, "1", "row in persons"},
                        {"start", ColumnType::i32, std::string(days), "first day"},
                        {"end", ColumnType::i32, std::string(days), "last day"}}};
}

TableSpec events_table() {
    return {
        .name = "events",
        .row = "event",
        .doc = "Dated, coded rows of all tables, by person, day, kind, code and line.",
        .columns = {
            {"person", ColumnType::u32, "1", "row in persons"},
            {"day", ColumnType::i32, std::string(days), "start date"},
            {"kind", ColumnType::u8, "1",
             "1 condition, 2 measurement, 3 drug, 4 procedure, 5 observation, 6 death"},
            {"code", ColumnType::u32, "1", "row in codes"},
            {"value", ColumnType::f64, "as in unit", "value as a number; NaN if there is none"},
            {"comparator", ColumnType::u8, "1",
             "what holds for the value: 0 equal, 1 <, 2 <=, 3 >=, 4 >"},
            {"unit", ColumnType::u32, "1", "row in units"},
            {"line", ColumnType::u64, "1", "line in the file of its kind, the header is line 1"}}};
}

TableSpec links_table() {
    return {.name = "links",
            .row = "link",
            .doc = "Persons who gave a sample.",
            .columns = {{"person", ColumnType::u32, "1", "row in persons"},
                        {"sample_id", ColumnType::text, "", "sample identifier in the genotypes"}}};
}

TableSpec codes_table() {
    return {
        .name = "codes",
        .row = "code_index",
        .doc = "Dictionary of codes, ascending.",
        .columns = {{"code", ColumnType::text, "", "SYSTEM:code, for example ICD10:E11.9"},
                    {"concept_id", ColumnType::u32, "1", "OMOP standard concept; 0 if unmapped"}}};
}

TableSpec units_table() {
    return {.name = "units",
            .row = "unit_index",
            .doc = "Dictionary of units; the first is the empty unit.",
            .columns = {{"unit", ColumnType::text, "",
                         "unit as written in the source, else UCUM of its concept; '?' behind it: "
                         "the two contradict"}}};
}

TableSpec shards_table() {
    TableSpec spec{.name = "shards",
                   .row = "shard",
                   .doc = "Half-open ranges of rows of every shard.",
                   .columns = {}};
    for (const char* name : {"persons", "events", "observation_periods", "links"})
        for (const char* side : {"begin", "end"})
            spec.columns.push_back({text(name, "_", side), ColumnType::u64, "1",
                                    text(side, " of the rows of ", name)});
    return spec;
}

TableSpec rejects_table() {
    return {.name = "rejects",
            .row = "reject",
            .doc = "Rows that were left out, counted.",
            .columns = {{"table", ColumnType::text, "", "source table"},
                        {"reason", ColumnType::text, "", "rule that the rows break"},
                        {"rows", ColumnType::u64, "1", "number of rows"}}};
}

TableSpec ingested_table() {
    return {.name = "ingested",
            .row = "source",
            .doc = "Source tables and their rows.",
            .columns = {{"table", ColumnType::text, "", "source table"},
                        {"file", ColumnType::text, "", "file name"},
                        {"rows_read", ColumnType::u64, "1", "rows in the file"},
                        {"rows_kept", ColumnType::u64, "1", "rows that were used"}}};
}

PersonView Shard::person(std::size_t p) const noexcept {
    return {.sex = sex[p],
            .birth = birth[p],
            .death = death[p],
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
}

Shard EventStore::read_shard(std::uint64_t shard) const {
    SALUS_ASSERT(shard < shards_);
    const auto part = [&](std::string_view table, const std::vector<std::uint64_t>& begin,
                          const std::vector<std::string>& columns) {
        return file_.read_rows(table, begin[shard], begin[shard + 1] - begin[shard], columns);
    };
    Shard out;
    TableData persons = part("persons", person_begin_, {"sex", "birth", "death"});
    out.sex = std::move(persons.column<std::uint8_t>("sex"));
    out.birth = std::move(persons.column<double>("birth"));
    out.death = std::move(persons.column<double>("death"));

    const TableData periods = part("observation_periods", period_begin_, {});
    out.period_begin =
        rows_by_person(periods.column<std::uint32_t>("person"), person_begin_[shard], out.size());
    for (std::size_t i = 0; i < periods.rows(); ++i)
        out.periods.push_back(
            {periods.column<std::int32_t>("start")[i], periods.column<std::int32_t>("end")[i]});

    const TableData events = part("events", event_begin_,
                                  {"person", "day", "kind", "code", "value", "comparator", "unit"});
    out.event_begin =
        rows_by_person(events.column<std::uint32_t>("person"), person_begin_[shard], out.size());
    const auto& day = events.column<std::int32_t>("day");
    const auto& kind = events.column<std::uint8_t>("kind");
    const auto& code = events.column<std::uint32_t>("code");
    const auto& value = events.column<double>("value");
    const auto& comparator = events.column<std::uint8_t>("comparator");
    const auto& unit = events.column<std::uint32_t>("unit");
    out.events.resize(day.size());
    for (std::size_t i = 0; i < day.size(); ++i)
        out.events[i] = {.day = day[i],
                         .kind = static_cast<EventKind>(kind[i]),
                         .comparator = comparator[i],
                         .code = code[i],
                         .unit = unit[i],
                         .value = value[i],
                         .end = day[i]};

    if (!has_periods_) observe_by_events(out);
    TableData links = part("links", link_begin_, {});
    out.linked = std::move(links.column<std::uint32_t>("person"));
    for (std::uint32_t& p : out.linked)
        p -= static_cast<std::uint32_t>(person_begin_[shard]);
    out.sample_id = std::move(links.column<std::string>("sample_id"));
    return out;
}

} // namespace salus
