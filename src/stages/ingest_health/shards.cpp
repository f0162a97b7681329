#include "stages/ingest_health/phases.hpp"

#include "base/text.hpp"
#include "health/event_store.hpp"

#include <algorithm>
#include <limits>
#include <optional>

namespace salus::ingest_health {
namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

/// Counts a row that a shard refuses, or ends the job, as the parameters say.
class Refusals {
public:
    explicit Refusals(const ShardTask& task) : task_(task) {}
    void refuse(std::uint64_t unit, std::uint64_t line, Reject reason) {
        const OmopTable table = task_.plan.table_of(unit);
        const bool link = table == OmopTable::link && reason == Reject::unknown_person;
        if ((link ? task_.params.unlinked : task_.params.on_bad_record) == "fail")
            throw DataError(
                {.what = text("bad row: ", to_string(reason)),
                 .where = text(task_.plan.files[task_.plan.units[unit].file].path.string(),
                               ", line ", task_.merged.lines_before[unit] + line),
                 .why = std::string(rule_of(reason)),
                 .help = text("mend the row, or set ", link ? "unlinked" : "on_bad_record",
                              " = \"skip\" to leave such rows out and count them")});
        auto& counted = counts_[table];
        ++counted.refused[static_cast<std::size_t>(reason)];
    }
    void keep(OmopTable table, std::uint64_t rows = 1) { counts_[table].kept += rows; }
    const Counts& counts() const noexcept { return counts_; }

private:
    const ShardTask& task_;
    Counts counts_;
};

struct PersonRow {
    std::int64_t id = 0;
    std::uint64_t unit = 0, line = 0;
    Day birth = 0;
    std::uint8_t sex = 0;
    std::string source;
};

template <class Take>
void for_rows_of(const ShardTask& task, auto wanted, Take take) {
    for (std::uint64_t unit = 0; unit < task.rows.size(); ++unit) {
        const OmopTable table = task.plan.table_of(unit);
        if (!wanted(table)) continue;
        const H5File part = task.rows.open(unit);
        read_staged(part, task.shard, [&](const StagedRow& row, std::string_view text) {
            take(table, unit, row, text);
        });
    }
}

std::vector<PersonRow> read_persons(const ShardTask& task, Refusals& refusals) {
    std::vector<PersonRow> persons;
    for_rows_of(
        task, [](OmopTable t) { return t == OmopTable::person; },
        [&](OmopTable, std::uint64_t unit, const StagedRow& row, std::string_view source) {
            persons.push_back({row.person, unit, row.line, row.day, row.flag, std::string(source)});
        });
    std::stable_sort(persons.begin(), persons.end(),
                     [](const auto& a, const auto& b) { return a.id < b.id; });
    std::vector<PersonRow> unique;
    for (PersonRow& person : persons) {
        if (!unique.empty() && unique.back().id == person.id)
            refusals.refuse(person.unit, person.line, Reject::duplicate_person);
        else
            unique.push_back(std::move(person));
    }
    refusals.keep(OmopTable::person, unique.size());
    return unique;
}

/// What is recorded about each person beside the person table.
struct Facts {
    std::vector<std::vector<Period>> periods;
    std::vector<double> death;
    std::vector<std::string> sample;
};

std::optional<std::size_t> row_of(const std::vector<std::int64_t>& ids, std::int64_t id) {
    const auto found = std::lower_bound(ids.begin(), ids.end(), id);
    if (found == ids.end() || *found != id) return std::nullopt;
    return static_cast<std::size_t>(found - ids.begin());
}

Facts read_facts(const ShardTask& task, const std::vector<std::int64_t>& ids, Refusals& refusals) {
    Facts facts{.periods = std::vector<std::vector<Period>>(ids.size()),
                .death = std::vector<double>(ids.size(), unknown),
                .sample = std::vector<std::string>(ids.size())};
    const auto wanted = [](OmopTable t) {
        return t == OmopTable::observation_period || t == OmopTable::death || t == OmopTable::link;
    };
    for_rows_of(
        task, wanted,
        [&](OmopTable table, std::uint64_t unit, const StagedRow& row, std::string_view text) {
            const auto person = row_of(ids, row.person);
            if (table == OmopTable::death) { // unknown persons are refused with the events
                if (person && !(facts.death[*person] <= row.day)) facts.death[*person] = row.day;
            } else if (!person) {
                refusals.refuse(unit, row.line, Reject::unknown_person);
            } else if (table == OmopTable::observation_period) {
                facts.periods[*person].push_back({row.day, row.end});
                refusals.keep(table);
            } else if (!facts.sample[*person].empty()) {
                refusals.refuse(unit, row.line, Reject::duplicate_link);
            } else {
                facts.sample[*person] = text;
                refusals.keep(table);
            }
        });
    return facts;
}

std::vector<Period> merged(std::vector<Period> periods) {
    std::sort(periods.begin(), periods.end(), [](Period a, Period b) { return a.start < b.start; });
    std::vector<Period> out;
    for (const Period p : periods) {
        if (!out.empty() && p.start <= out.back().end + 1)
            out.back().end = std::max(out.back().end, p.end);
        else
            out.push_back(p);
    }
    return out;
}

void add_period(TableData& table, std::uint32_t person, Period period) {
    table.column<std::uint32_t>("person").push_back(person);
    table.column<std::int32_t>("start").push_back(period.start);
    table.column<std::int32_t>("end").push_back(period.end);
}

struct EventRow {
    std::uint32_t person, code, unit;
    Day day;
    EventKind kind;
    std::uint8_t comparator;
    std::uint64_t line;
    double value;
};

/// Person and day as one number of the same order.
std::uint64_t person_and_day(const EventRow& e) noexcept {
    return std::uint64_t{e.person} << 32 | (static_cast<std::uint32_t>(e.day) ^ 0x80000000U);
}

bool in_order(const EventRow& a, const EventRow& b) noexcept {
    const std::uint64_t left = person_and_day(a), right = person_and_day(b);
    if (left != right) return left < right;
    if (a.kind != b.kind) return a.kind < b.kind;
    if (a.code != b.code) return a.code < b.code;
    return a.line < b.line;
}

std::vector<EventRow> read_events(const ShardTask& task, const std::vector<std::int64_t>& ids,
                                  Refusals& refusals) {
    std::vector<EventRow> events;
    for_rows_of(task, has_events,
                [&](OmopTable table, std::uint64_t unit, const StagedRow& row, std::string_view) {
                    const auto person = row_of(ids, row.person);
                    if (!person) return refusals.refuse(unit, row.line, Reject::unknown_person);
                    refusals.keep(table);
                    events.push_back({.person = static_cast<std::uint32_t>(*person),
                                      .code = task.merged.code.at(row.code),
                                      .unit = task.merged.unit.at(row.unit),
                                      .day = row.day,
                                      .kind = kind_of(table),
                                      .comparator = row.flag,
                                      .line = task.merged.lines_before[unit] + row.line,
                                      .value = row.value});
                });
    std::sort(events.begin(), events.end(), in_order);
    return events;
}

TableData events_of(const std::vector<EventRow>& events, std::uint32_t first_person) {
    TableData table(events_table());
    const auto fill = [&]<class T>(std::string_view name, auto value) {
        auto& column = table.column<T>(name);
        column.reserve(events.size());
        for (const EventRow& e : events)
            column.push_back(static_cast<T>(value(e)));
    };
    fill.template operator()<std::uint32_t>(
        "person", [&](const EventRow& e) { return first_person + e.person; });
    fill.template operator()<std::int32_t>("day", [](const EventRow& e) { return e.day; });
    fill.template operator()<std::uint8_t>("kind", [](const EventRow& e) { return e.kind; });
    fill.template operator()<std::uint32_t>("code", [](const EventRow& e) { return e.code; });
    fill.template operator()<double>("value", [](const EventRow& e) { return e.value; });
    fill.template operator()<std::uint8_t>("comparator",
                                           [](const EventRow& e) { return e.comparator; });
    fill.template operator()<std::uint32_t>("unit", [](const EventRow& e) { return e.unit; });
    fill.template operator()<std::uint64_t>("line", [](const EventRow& e) { return e.line; });
    return table;
}

} // namespace

void build_persons(const ShardTask& task, PartWriter& part) {
    Refusals refusals(task);
    const std::vector<PersonRow> persons = read_persons(task, refusals);
    std::vector<std::int64_t> ids;
    for (const PersonRow& p : persons)
        ids.push_back(p.id);
    Facts facts = read_facts(task, ids, refusals);

    TableData rows(persons_table()), periods(observation_periods_table()), links(links_table());
    for (std::uint32_t p = 0; p < persons.size(); ++p) {
        const std::vector<Period> observed = merged(std::move(facts.periods[p]));
        for (const Period period : observed)
            add_period(periods, p, period);
        rows.column<std::int64_t>("person_id").push_back(persons[p].id);
        rows.column<std::uint8_t>("sex").push_back(persons[p].sex);
        rows.column<double>("birth").push_back(persons[p].birth);
        rows.column<double>("first_observation")
            .push_back(observed.empty() ? unknown : observed.front().start);
        rows.column<double>("last_observation")
            .push_back(observed.empty() ? unknown : observed.back().end);
        rows.column<double>("death").push_back(facts.death[p]);
        const std::string& sample = task.plan.has_links ? facts.sample[p] : persons[p].source;
        if (sample.empty()) continue;
        links.column<std::uint32_t>("person").push_back(p);
        links.column<std::string>("sample_id").push_back(sample);
    }
    part.write(rows);
    part.write(periods);
    part.write(links);
    refusals.counts().write(part);
}

void build_events(const ShardTask& task, const H5File& persons, std::uint64_t first_person,
                  PartWriter& part) {
    const TableData rows = persons.read("persons", {"person_id"});
    const auto first = static_cast<std::uint32_t>(first_person);
    SALUS_ASSERT(first_person + rows.rows() <= std::numeric_limits<std::uint32_t>::max());
    Refusals refusals(task);
    write_raw(part, events_of(read_events(task, rows.column<std::int64_t>("person_id"), refusals),
                              first));
    for (const char* name : {"observation_periods", "links"}) {
        TableData table = persons.read(name);
        for (std::uint32_t& person : table.column<std::uint32_t>("person"))
            person += first;
        part.write(table);
    }
    refusals.counts().write(part);
}

} // namespace salus::ingest_health
