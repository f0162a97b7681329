#include "stages/ingest_health/shard_rows.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <tuple>

namespace salus::ingest_health {
namespace {

/// Old persons of one shard of the store that is updated, as far as they belong to the task.
class OldShard {
public:
    OldShard(const ShardTask& task, std::uint64_t shard, ShardRows& out)
        : task_(task), store_(*task.previous), shard_(shard), out_(out),
          piece_(task.plan.units.size()) {}

    void take() {
        const std::uint64_t begin = store_.person_begin()[shard_],
                            end = store_.person_begin()[shard_ + 1];
        const TableData persons = store_.file().read_rows("persons", begin, end - begin);
        for (std::uint64_t i = 0; i < persons.rows(); ++i)
            take_person(persons, i, static_cast<std::uint32_t>(begin + i));
        if (first_ == none) return;
        take_periods();
        take_samples();
        take_events();
    }

private:
    static constexpr std::uint32_t none = 0xFFFFFFFF;

    void take_person(const TableData& rows, std::uint64_t i, std::uint32_t row) {
        const Pseudonym id{rows.column<std::uint64_t>("pseudonym_high")[i],
                           rows.column<std::uint64_t>("pseudonym_low")[i]};
        if (shard_of(id, task_.plan.shards) != task_.shard) return;
        if (first_ == none) first_ = row;
        end_ = row + 1; // persons stand by pseudonym: those of the task follow each other
        out_.persons.push_back(
            {.person = static_cast<std::uint32_t>(out_.ids.size()),
             .sex = rows.column<std::uint8_t>("sex")[i],
             .birth = rows.column<double>("birth")[i],
             .death = rows.column<double>("death")[i],
             .site = task_.merged.sites.of(piece_)[rows.column<std::uint32_t>("site")[i]],
             .sample = {},
             .from = {},
             .old = true});
        out_.ids.push_back(id);
    }
    bool mine(std::uint32_t person) const noexcept { return person >= first_ && person < end_; }
    std::uint32_t place(std::uint32_t person) const noexcept {
        return static_cast<std::uint32_t>(out_.ids.size()) - (end_ - person);
    }
    TableData rows_of(std::string_view table) const {
        const TableData shard = store_.file().read_rows("shards", shard_, 1);
        const std::uint64_t begin = shard.column<std::uint64_t>(text(table, "_begin"))[0],
                            end = shard.column<std::uint64_t>(text(table, "_end"))[0];
        return store_.file().read_rows(table, begin, end - begin);
    }
    void take_periods() {
        const TableData rows = rows_of("observation_periods");
        for (std::size_t i = 0; i < rows.rows(); ++i) {
            const std::uint32_t person = rows.column<std::uint32_t>("person")[i];
            if (!mine(person)) continue;
            out_.periods.push_back(
                {place(person),
                 {rows.column<std::int32_t>("start")[i], rows.column<std::int32_t>("end")[i]},
                 {},
                 true});
        }
    }
    void take_samples() {
        TableData rows = rows_of("links");
        const std::size_t first = out_.persons.size() - (end_ - first_);
        for (std::size_t i = 0; i < rows.rows(); ++i) {
            const std::uint32_t person = rows.column<std::uint32_t>("person")[i];
            if (mine(person))
                out_.persons[first + (person - first_)].sample =
                    std::move(rows.column<std::string>("sample_id")[i]);
        }
    }
    void take_events() {
        const TableData rows = rows_of("events");
        const auto codes = task_.merged.codes.of(piece_), units = task_.merged.units.of(piece_);
        const auto& person = rows.column<std::uint32_t>("person");
        const auto& value_code = rows.column<std::uint32_t>("value_code");
        for (std::size_t i = 0; i < person.size(); ++i) {
            if (!mine(person[i])) continue;
            out_.events.push_back(
                {.person = place(person[i]),
                 .code = codes[rows.column<std::uint32_t>("code")[i]],
                 .unit = units[rows.column<std::uint32_t>("unit")[i]],
                 .value_code = value_code[i] == no_code ? no_code : codes[value_code[i]],
                 .value = rows.column<double>("value")[i],
                 .line = rows.column<std::uint64_t>("line")[i],
                 .record = rows.column<std::uint64_t>("record")[i],
                 .visit = no_record,
                 .day = rows.column<std::int32_t>("day")[i],
                 .end = rows.column<std::int32_t>("end")[i],
                 .file = rows.column<std::uint32_t>("file")[i],
                 .kind = static_cast<EventKind>(rows.column<std::uint8_t>("kind")[i]),
                 .source = static_cast<EventSource>(rows.column<std::uint8_t>("source")[i]),
                 .flags = rows.column<std::uint8_t>("flags")[i],
                 .comparator = rows.column<std::uint8_t>("comparator")[i]});
        }
    }

    const ShardTask& task_;
    const EventStore& store_;
    std::uint64_t shard_;
    ShardRows& out_;
    std::uint64_t piece_; // of the store in the merged dictionaries
    std::uint32_t first_ = none, end_ = 0;
};

/// Everything an event says; where it was read from is no part of it.
using Content = std::tuple<Day, Day, std::uint8_t, std::uint32_t, std::uint64_t, std::uint32_t,
                           std::uint32_t, std::uint8_t, std::uint8_t, std::uint8_t>;
Content content_of(const EventRow& e) {
    std::uint64_t value = 0;
    std::memcpy(&value, &e.value, sizeof value);
    return {e.day,        e.end,        static_cast<std::uint8_t>(e.kind),   e.code, value, e.unit,
            e.value_code, e.comparator, static_cast<std::uint8_t>(e.source), e.flags};
}

/// Record of an event: numbers are unique in a table, hashed identifiers everywhere.
using Key = std::tuple<std::uint64_t, std::uint32_t, std::uint8_t>;

/// Rows of one record, or of one content where there is no record.
struct Group {
    std::vector<std::uint32_t> before, after;
};

} // namespace

ShardRows read_previous(const ShardTask& task, std::vector<EventRow> memory) {
    ShardRows rows;
    rows.events = std::move(memory);
    rows.events.clear();
    if (task.previous == nullptr) return rows;
    const std::uint64_t old_shards = task.previous->shard_count(), shards = task.plan.shards;
    const std::uint64_t first = task.shard * old_shards / shards,
                        last = ((task.shard + 1) * old_shards - 1) / shards;
    for (std::uint64_t s = first; s <= last; ++s)
        OldShard(task, s, rows).take();
    return rows;
}

void update_events(const ShardTask& task, const std::vector<EventRow>& events,
                   std::vector<std::uint32_t>& rows, Changes& changes) {
    std::map<Key, Group> records;
    std::map<Content, Group> others;
    std::vector<std::uint32_t> keep;
    for (const std::uint32_t i : rows) {
        const EventRow& e = events[i];
        const bool old = task.plan.is_old(e.file), hashed = (e.record & hashed_record) != 0;
        const std::uint32_t label = hashed ? 0 : task.plan.files[e.file].label_number;
        Group& group = e.record == no_record
                           ? others[content_of(e)]
                           : records[{e.record, label, static_cast<std::uint8_t>(e.kind)}];
        (old ? group.before : group.after).push_back(i);
    }
    const auto take = [&](std::span<const std::uint32_t> list, Changes::What what) {
        for (const std::uint32_t i : list) {
            changes.event(events[i].kind, what);
            if (what != Changes::removed) keep.push_back(i);
        }
    };
    const auto contents = [&](const std::vector<std::uint32_t>& list) {
        std::vector<Content> out;
        for (const std::uint32_t i : list)
            out.push_back(content_of(events[i]));
        std::sort(out.begin(), out.end());
        return out;
    };
    for (const auto& [key, group] : records) {
        if (group.after.empty() || contents(group.before) == contents(group.after)) {
            take(group.before, Changes::unchanged);
        } else {
            take(group.before, Changes::removed);
            take(group.after, group.before.empty() ? Changes::added : Changes::replaced);
        }
    }
    for (const auto& [content, group] : others) {
        take(group.before, Changes::unchanged);
        const std::size_t known = std::min(group.before.size(), group.after.size());
        take(std::span(group.after).subspan(known), Changes::added);
    }
    std::sort(keep.begin(), keep.end());
    rows = std::move(keep);
}

TableData Changes::table(std::span<const std::uint64_t> rows) {
    SALUS_ASSERT(rows.size() == size);
    TableData out(changes_table());
    for (std::size_t kind = 0; kind < kinds; ++kind) {
        const auto of = rows.subspan(kind * whats, whats);
        if (std::all_of(of.begin(), of.end(), [](std::uint64_t n) { return n == 0; })) continue;
        out.column<std::string>("what").emplace_back(
            kind == 0 ? "person" : to_string(static_cast<EventKind>(kind)));
        out.column<std::uint64_t>("added").push_back(of[added]);
        out.column<std::uint64_t>("replaced").push_back(of[replaced]);
        out.column<std::uint64_t>("removed").push_back(of[removed]);
        out.column<std::uint64_t>("unchanged").push_back(of[unchanged]);
    }
    return out;
}

} // namespace salus::ingest_health
