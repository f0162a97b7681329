#pragma once

#include "stages/ingest_health/phases.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace salus::ingest_health {

/// Where a row came from.
struct Origin {
    std::uint32_t file = 0; // in Plan::files
    std::uint64_t line = 0; // in the file, from 1
};

/// An event of a shard.
struct EventRow {
    std::uint32_t person = 0; // in ShardRows::ids; then in the shard
    std::uint32_t code = 0, unit = 0, value_code = no_code;
    double value = 0;
    std::uint64_t line = 0, record = no_record, visit = no_record;
    Day day = 0, end = 0;
    std::uint32_t file = 0;
    EventKind kind = EventKind::condition;
    EventSource source = EventSource::unknown;
    std::uint8_t flags = 0, comparator = 0;
};
static_assert(sizeof(EventRow) == 64);

/// Other rows, by the place of their person in ShardRows::ids.
struct PersonRow {
    std::uint32_t person = 0;
    std::uint8_t sex = 0;
    double birth = 0, death = 0; // NaN = unknown
    std::uint32_t site = 0;
    std::string sample;
    Origin from;
    bool old = false; // of the store that is updated
};
struct PeriodRow {
    std::uint32_t person = 0;
    Period period;
    Origin from;
    bool old = false;
};
struct LinkRow {
    std::uint32_t person = 0;
    std::string sample;
    Origin from;
};

/// All rows of a shard in the order of their files, with codes, units and sites as in the merged
/// dictionaries. Those of the store that is updated come first.
struct ShardRows {
    std::vector<Pseudonym> ids; // of all persons that any row names, ascending
    std::vector<PersonRow> persons;
    std::vector<PeriodRow> periods;
    std::vector<LinkRow> links;
    std::vector<EventRow> events;
};
/// \param memory  of the events of the shard before, if any
ShardRows read_shard_rows(const ShardTask& task, std::vector<EventRow> memory = {});
/// What the store that is updated holds of a shard. Samples are in the person rows.
ShardRows read_previous(const ShardTask& task, std::vector<EventRow> memory = {});

/// What an update changed, in rows: persons, and events by kind.
class Changes {
public:
    enum What : std::size_t { added, replaced, removed, unchanged };
    static constexpr std::size_t whats = 4, kinds = 9, size = whats * kinds;

    void person(What what) { ++rows_[what]; }
    void event(EventKind kind, What what) {
        ++rows_[static_cast<std::size_t>(kind) % kinds * whats + what];
    }
    const std::array<std::uint64_t, size>& rows() const noexcept { return rows_; }
    /// The table changes.
    static TableData table(std::span<const std::uint64_t> rows);

private:
    std::array<std::uint64_t, size> rows_{};
};

/// Counts rows that a shard refuses, or ends the job, as the parameters say.
class Refusals {
public:
    explicit Refusals(const ShardTask& task) : task_(task), counts_(task.plan.files.size()) {}
    void refuse(Origin from, std::string_view reason);
    /// Counts a row that is no fault of its file.
    void leave_out(Origin from, std::string_view reason) {
        counts_.refuse(from.file, reason, from.line);
    }
    void keep(std::uint32_t file) { counts_.keep(file); }
    void flag(Origin from, std::string_view reason) { counts_.flag(from.file, reason, from.line); }
    const Counts& counts() const noexcept { return counts_; }

private:
    const ShardTask& task_;
    Counts counts_;
};

/// The persons of a shard.
struct ShardPersons {
    std::vector<PersonRow> rows; // by pseudonym
    std::vector<Pseudonym> ids;  // [person]
    std::vector<std::vector<Period>> periods;
    std::vector<std::string> sample;   // "" = none
    std::vector<std::uint32_t> number; // [place in ShardRows::ids]; nobody = not a person
    static constexpr std::uint32_t nobody = 0xFFFFFFFF;
};
/// Persons, their periods (merged) and samples; rows of unknown persons and what is there twice are
/// refused. New rows replace old ones.
ShardPersons settle_persons(const ShardTask& task, ShardRows& rows, Refusals& refusals,
                            Changes& changes);

/// Events in the order of the store.
struct ShardEvents {
    std::vector<std::uint32_t> order; // into the rows
    std::vector<std::size_t> begin;   // [person + 1], in `order`
};
/// Numbers the persons of events, gives them the source of their visits, refuses events of unknown
/// persons and records that are there twice or withdrawn, updates old events, and sorts. Dates of
/// death go to the persons.
ShardEvents settle_events(const ShardTask& task, std::vector<EventRow>& events,
                          ShardPersons& persons, Refusals& refusals, Changes& changes);

/// Brings old and new events of one person together (the rule is in docs/phenotypes.md).
/// \param rows  old ones first; gives those that stay, in the same order
void update_events(const ShardTask& task, const std::vector<EventRow>& events,
                   std::vector<std::uint32_t>& rows, Changes& changes);

/// Counts rows that are kept though they are odd.
void flag_odd_rows(const ShardTask& task, const std::vector<EventRow>& events,
                   const ShardEvents& settled, const ShardPersons& persons, Refusals& refusals);

} // namespace salus::ingest_health
