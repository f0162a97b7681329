#include "stages/ingest_health/shard_rows.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <tuple>

namespace salus::ingest_health {
namespace {

/// Days from death on in which events are plausible still: reports come late (as in the OHDSI Data
/// Quality Dashboard).
constexpr Day late_reports = 60;

/// Works on the events of one person after the other.
class PersonEvents {
public:
    PersonEvents(const ShardTask& task, std::vector<EventRow>& events, Refusals& refusals,
                 Changes& changes)
        : task_(task), events_(events), refusals_(refusals), changes_(changes) {}

    /// `rows` in the order of the sources -> the rows that stay, sorted.
    void settle(std::span<const std::uint32_t> rows, std::vector<std::uint32_t>& out) {
        join_visits(rows);
        const bool repeats = find_repeats(rows);
        rows_.clear();
        for (const std::uint32_t i : rows)
            if (!(repeats && std::binary_search(refused_.begin(), refused_.end(), i)) &&
                !is_withdrawn(i))
                rows_.push_back(i);
        if (task_.previous != nullptr) update_events(task_, events_, rows_, changes_);
        keys_.clear();
        for (const std::uint32_t i : rows_) {
            const EventRow& e = events_[i];
            const std::uint64_t day = static_cast<std::uint32_t>(e.day) ^ 0x80000000U;
            keys_.emplace_back(
                day << 32 | std::uint64_t{static_cast<std::uint8_t>(e.kind)} << 28 | e.code, i);
            if (!task_.plan.is_old(e.file)) refusals_.keep(e.file);
        }
        if (!std::is_sorted(keys_.begin(), keys_.end())) std::sort(keys_.begin(), keys_.end());
        for (const auto& [key, i] : keys_)
            out.push_back(i);
    }

private:
    /// Events without a source have that of their visit.
    void join_visits(std::span<const std::uint32_t> rows) {
        visits_.clear();
        for (const std::uint32_t i : rows)
            if (events_[i].kind == EventKind::visit && events_[i].record != no_record &&
                events_[i].source != EventSource::unknown)
                visits_.emplace_back(events_[i].record, events_[i].source);
        if (visits_.empty()) return;
        std::stable_sort(visits_.begin(), visits_.end(),
                         [](const auto& a, const auto& b) { return a.first < b.first; });
        for (const std::uint32_t i : rows) {
            EventRow& e = events_[i];
            if (e.visit == no_record || e.source != EventSource::unknown) continue;
            const auto after =
                std::upper_bound(visits_.begin(), visits_.end(), e.visit,
                                 [](std::uint64_t id, const auto& v) { return id < v.first; });
            if (after != visits_.begin() && std::prev(after)->first == e.visit)
                e.source = std::prev(after)->second; // the newest
        }
    }

    /// True if the source of a record withdrew it; counts it.
    bool is_withdrawn(std::uint32_t i) {
        const EventRow& e = events_[i];
        const auto& deletions = task_.merged.deletions;
        if (deletions.empty() || e.record == no_record ||
            !std::binary_search(deletions.begin(), deletions.end(), e.record))
            return false;
        if (task_.plan.is_old(e.file))
            changes_.event(e.kind, Changes::removed);
        else
            refusals_.leave_out({e.file, e.line}, withdrawn);
        return true;
    }

    bool same_line(std::uint32_t a, std::uint32_t b) const {
        return events_[a].line == events_[b].line && events_[a].file == events_[b].file;
    }

    /// True if records ascend strictly by kind: then none is there twice.
    bool records_ascend(std::span<const std::uint32_t> rows) const {
        std::array<std::int64_t, 16> last{};
        last.fill(-1);
        for (const std::uint32_t i : rows) {
            const EventRow& e = events_[i];
            if (e.record == no_record || task_.plan.is_old(e.file)) continue;
            std::int64_t& before = last[static_cast<std::size_t>(e.kind) % last.size()];
            if (before >= 0) {
                const auto b = static_cast<std::uint32_t>(before);
                const bool again = events_[b].record == e.record && same_line(b, i);
                if (events_[b].record >= e.record && !again) return false;
            }
            before = i;
        }
        return true;
    }

    /// Finds rows of records that are there twice; the first line of a record stays. Numbers are
    /// unique in a table, hashed identifiers everywhere.
    bool find_repeats(std::span<const std::uint32_t> rows) {
        refused_.clear();
        if (records_ascend(rows)) return false;
        records_.clear();
        for (std::uint32_t k = 0; k < rows.size(); ++k) {
            const EventRow& e = events_[rows[k]];
            if (e.record == no_record || task_.plan.is_old(e.file)) continue;
            const bool hashed = (e.record & hashed_record) != 0;
            records_.emplace_back(e.record, hashed ? 0 : task_.plan.files[e.file].label_number,
                                  static_cast<std::uint8_t>(e.kind), k);
        }
        std::sort(records_.begin(), records_.end());
        std::vector<std::uint32_t> places;
        for (std::size_t i = 1, first = 0; i < records_.size(); ++i) {
            const auto& [record, label, kind, k] = records_[i];
            const auto& [record0, label0, kind0, k0] = records_[first];
            if (record != record0 || label != label0 || kind != kind0)
                first = i;
            else if (!same_line(rows[k0], rows[k]))
                places.push_back(k);
        }
        std::sort(places.begin(), places.end());
        for (const std::uint32_t k : places) {
            refusals_.refuse({events_[rows[k]].file, events_[rows[k]].line}, duplicate_record);
            refused_.push_back(rows[k]);
        }
        return !refused_.empty();
    }

    const ShardTask& task_;
    std::vector<EventRow>& events_;
    Refusals& refusals_;
    Changes& changes_;
    std::vector<std::uint32_t> rows_;
    std::vector<std::pair<std::uint64_t, EventSource>> visits_;
    std::vector<std::pair<std::uint64_t, std::uint32_t>> keys_;
    std::vector<std::tuple<std::uint64_t, std::uint32_t, std::uint8_t, std::uint32_t>> records_;
    std::vector<std::uint32_t> refused_; // ascending
};

/// Events of persons that are known, by person, in the order of their sources.
ShardEvents group_events(std::vector<EventRow>& events, const ShardPersons& persons,
                         Refusals& refusals) {
    ShardEvents out{.order = {}, .begin = std::vector<std::size_t>(persons.rows.size() + 1, 0)};
    for (EventRow& e : events) {
        e.person = persons.number[e.person];
        if (e.person == ShardPersons::nobody)
            refusals.refuse({e.file, e.line}, unknown_person);
        else
            ++out.begin[e.person + 1];
    }
    for (std::size_t p = 0; p < persons.rows.size(); ++p)
        out.begin[p + 1] += out.begin[p];
    out.order.resize(out.begin.back());
    std::vector<std::size_t> next(out.begin.begin(), out.begin.end() - 1);
    for (std::uint32_t i = 0; i < events.size(); ++i)
        if (events[i].person != ShardPersons::nobody) out.order[next[events[i].person]++] = i;
    return out;
}

/// The day of death of a person is the first that is recorded. An old one that came from an event
/// goes with it.
void set_death(const std::vector<EventRow>& events, std::span<const std::uint32_t> all,
               std::span<const std::uint32_t> kept, PersonRow& person) {
    if (person.old)
        for (const std::uint32_t i : all)
            if (events[i].kind == EventKind::death && events[i].day == person.death)
                person.death = std::numeric_limits<double>::quiet_NaN();
    for (const std::uint32_t i : kept)
        if (events[i].kind == EventKind::death && !(person.death <= events[i].day))
            person.death = events[i].day;
}

} // namespace

ShardEvents settle_events(const ShardTask& task, std::vector<EventRow>& events,
                          ShardPersons& persons, Refusals& refusals, Changes& changes) {
    const ShardEvents grouped = group_events(events, persons, refusals);
    ShardEvents out;
    out.order.reserve(grouped.order.size());
    PersonEvents work(task, events, refusals, changes);
    for (std::size_t p = 0; p < persons.rows.size(); ++p) {
        out.begin.push_back(out.order.size());
        const auto rows = std::span(grouped.order)
                              .subspan(grouped.begin[p], grouped.begin[p + 1] - grouped.begin[p]);
        work.settle(rows, out.order);
        set_death(events, rows, std::span(out.order).subspan(out.begin.back()), persons.rows[p]);
    }
    out.begin.push_back(out.order.size());
    return out;
}

void flag_odd_rows(const ShardTask& task, const std::vector<EventRow>& events,
                   const ShardEvents& settled, const ShardPersons& persons, Refusals& refusals) {
    for (std::size_t p = 0; p < persons.rows.size(); ++p) {
        const PersonRow& person = persons.rows[p];
        if (!person.old && person.death < person.birth)
            refusals.flag(person.from, death_before_birth);
        const auto& periods = persons.periods[p];
        std::size_t period = 0;
        for (std::size_t k = settled.begin[p]; k < settled.begin[p + 1]; ++k) {
            const EventRow& e = events[settled.order[k]];
            const Origin from{e.file, e.line};
            while (period < periods.size() && periods[period].end < e.day)
                ++period;
            if (task.plan.has_periods &&
                (period == periods.size() || e.day < periods[period].start))
                refusals.flag(from, outside_observation);
            if (e.day < person.birth) refusals.flag(from, before_birth);
            if (e.day > person.death + late_reports) refusals.flag(from, after_death);
        }
    }
}

} // namespace salus::ingest_health
