#include "base/hash.hpp"
#include "stages/health_quality/phases.hpp"
#include "stages/health_quality/staging.hpp"

#include <algorithm>
#include <cstring>
#include <span>
#include <tuple>

namespace salus::health_quality {
namespace {

constexpr std::int64_t days_after_death = 60, days_around_visit = 7;

struct Person {
    std::uint64_t id = 0, rows = 0; // rows of the person table
    std::int32_t birth = no_day, death = no_day;
    std::int64_t site = 0;
    std::uint8_t sex = 0;
};
struct Observed {
    std::uint64_t person = 0;
    std::int32_t start = 0, end = 0;
};
struct Recorded {
    std::uint64_t person = 0, code = 0;
    std::int32_t start = no_day, end = no_day;
    std::uint32_t source = 0; // concept
    std::uint16_t table = 0;
    std::uint8_t form = 0; // of the code of the source
};
struct Key {
    std::uint16_t table = 0;
    std::uint64_t key = 0;
    std::int32_t start = no_day, end = no_day;
    friend bool operator<(const Key& a, const Key& b) noexcept {
        return std::tie(a.table, a.key) < std::tie(b.table, b.key);
    }
};

/// What came to one shard, ordered.
struct Content {
    std::vector<Person> persons;
    std::vector<Observed> periods;
    std::vector<Recorded> records;
    std::vector<Key> keys;
    std::vector<StagedRow> references, sexes;
    std::map<std::pair<std::uint16_t, std::uint64_t>, bool> source_values;

    void take(const StagedRow& row) {
        switch (row.kind) {
        case Staged::person:
            persons.push_back({.id = row.key,
                               .rows = 1,
                               .birth = row.start,
                               .site = static_cast<std::int64_t>(row.code),
                               .sex = row.flags});
            break;
        case Staged::period:
            periods.push_back({row.key, row.start, row.end});
            break;
        case Staged::event:
            records.push_back(
                {row.key, row.code, row.start, row.end, row.count, row.index, row.flags});
            break;
        case Staged::sex:
            sexes.push_back(row);
            break;
        case Staged::key:
            keys.push_back({row.index, row.key, row.start, row.end});
            break;
        case Staged::reference:
        case Staged::visit_reference:
            references.push_back(row);
            break;
        case Staged::source_value: {
            bool& mapped = source_values[{row.index, row.key}];
            mapped = mapped || row.flags != 0;
            break;
        }
        }
    }

    /// The first row of a person counts where there are several.
    void order() {
        std::stable_sort(persons.begin(), persons.end(),
                         [](const Person& a, const Person& b) { return a.id < b.id; });
        std::vector<Person> unique;
        for (const Person& person : persons) {
            if (!unique.empty() && unique.back().id == person.id)
                ++unique.back().rows;
            else
                unique.push_back(person);
        }
        persons = std::move(unique);
        std::sort(periods.begin(), periods.end(), [](const Observed& a, const Observed& b) {
            return std::tie(a.person, a.start, a.end) < std::tie(b.person, b.start, b.end);
        });
        std::sort(records.begin(), records.end(), [](const Recorded& a, const Recorded& b) {
            return std::tie(a.person, a.table, a.start, a.code) <
                   std::tie(b.person, b.table, b.start, b.code);
        });
        std::sort(keys.begin(), keys.end());
    }
};

int month_of(std::int32_t day) {
    const std::string date = format_date(day);
    const std::size_t dash = date.find('-', 1);
    return (date[dash + 1] - '0') * 10 + (date[dash + 2] - '0');
}

class ShardChecker {
public:
    ShardChecker(const ShardInput& input, Content content)
        : plan_(input.plan), params_(input.params), kinds_(input.kinds),
          content_(std::move(content)), tallies_(plan_.rules.size()),
          death_(plan_.find_table("death")), period_(plan_.find_table("observation_period")) {}

    void check() {
        content_.order();
        check_keys();
        check_references();
        check_sexes();
        for (const auto& [where, mapped] : content_.source_values)
            count(plan_.rule_of(Check::source_value_completeness, plan_.fields[where.first]),
                  !mapped);
        check_people();
    }
    void write(PartWriter& part) const {
        write_tallies(part, tallies_);
        people_.write(part);
    }

private:
    void count(std::size_t rule, bool bad) {
        if (rule != none) tallies_[rule].count(bad);
    }
    void count(std::size_t rule, std::uint64_t examined, std::uint64_t violated) {
        if (rule != none) tallies_[rule] += {.examined = examined, .violated = violated};
    }
    std::size_t field_rule(Check check, std::size_t field) const {
        return field == none ? none : plan_.rule_of(check, plan_.fields[field]);
    }

    void check_keys() {
        const auto& keys = content_.keys;
        for (std::size_t from = 0, to = 0; from < keys.size(); from = to) {
            while (to < keys.size() && !(keys[from] < keys[to]))
                ++to;
            count(field_rule(Check::primary_key, plan_.tables[keys[from].table].key), to - from,
                  to - from > 1 ? to - from : 0);
        }
    }

    const Key* find_key(std::size_t table, std::uint64_t key) const {
        const Key wanted{.table = static_cast<std::uint16_t>(table), .key = key};
        const auto found = std::lower_bound(content_.keys.begin(), content_.keys.end(), wanted);
        return found == content_.keys.end() || wanted < *found ? nullptr : &*found;
    }

    void check_references() {
        for (const StagedRow& row : content_.references) {
            const FieldPlan& field = plan_.fields[row.index];
            const Key* target = find_key(field.target, row.key);
            count(plan_.rule_of(Check::foreign_key, field), std::uint64_t{row.count},
                  target == nullptr ? row.count : 0);
            if (row.kind != Staged::visit_reference || target == nullptr) continue;
            if (row.start == no_day || target->start == no_day) continue;
            const std::int64_t day = row.start, start = target->start,
                               end = target->end == no_day ? target->start : target->end;
            count(field_rule(Check::within_visit, plan_.tables[field.table].start),
                  day < start - days_around_visit || day > end + days_around_visit);
        }
    }

    void check_sexes() {
        for (const StagedRow& row : content_.sexes) {
            const auto person =
                std::lower_bound(content_.persons.begin(), content_.persons.end(), row.key,
                                 [](const Person& p, std::uint64_t id) { return p.id < id; });
            if (person != content_.persons.end() && person->id == row.key && person->sex != 0)
                count(row.count, person->sex != row.flags);
        }
    }

    void check_people() {
        std::size_t period = 0, record = 0;
        for (Person& person : content_.persons) {
            while (period < content_.periods.size() && content_.periods[period].person < person.id)
                orphan_period(period++);
            while (record < content_.records.size() && content_.records[record].person < person.id)
                orphan_record(record++);
            const std::size_t first_period = period, first_record = record;
            while (period < content_.periods.size() && content_.periods[period].person == person.id)
                ++period;
            while (record < content_.records.size() && content_.records[record].person == person.id)
                ++record;
            check_person(person,
                         std::span(content_.periods).subspan(first_period, period - first_period),
                         std::span(content_.records).subspan(first_record, record - first_record));
        }
        while (period < content_.periods.size())
            orphan_period(period++);
        while (record < content_.records.size())
            orphan_record(record++);
    }

    void belongs(std::size_t table, bool known) {
        count(field_rule(Check::foreign_key, plan_.tables[table].person), !known);
    }
    void orphan_period(std::size_t) { belongs(period_, false); }
    void orphan_record(std::size_t row) { belongs(content_.records[row].table, false); }

    void check_person(Person& person, std::span<const Observed> periods,
                      std::span<const Recorded> records) {
        ++people_.persons;
        ++people_.sites[person.site];
        ++people_.sexes[person.sex];
        for (const Recorded& row : records)
            if (row.table == death_ && row.start != no_day &&
                (person.death == no_day || row.start < person.death))
                person.death = row.start;
        const auto observed = check_periods(person, periods);
        std::vector<std::uint8_t> seen(plan_.tables.size(), 0);
        if (!periods.empty()) seen[period_] = 1;
        for (const Recorded& row : records) {
            seen[row.table] = 1;
            belongs(row.table, true);
            check_record(person, observed, row);
        }
        for (std::size_t t = 0; t < plan_.tables.size(); ++t)
            count(plan_.rule_of(Check::person_completeness, t), seen[t] == 0);
        count_days(records);
        count_months(person, records);
        compare(person, records);
    }

    /// Checks the periods of a person and gives them back, merged and with both days.
    std::vector<Observed> check_periods(const Person& person, std::span<const Observed> periods) {
        std::vector<Observed> merged;
        bool overlap = false;
        for (const Observed& period : periods) {
            belongs(period_, true);
            const TablePlan& table = plan_.tables[period_];
            check_life(person, table.start, period.start);
            check_life(person, table.end, period.end);
            if (period.start == no_day || period.end == no_day || period.end < period.start)
                continue;
            if (!merged.empty() && period.start <= merged.back().end + 1) {
                overlap = true;
                merged.back().end = std::max(merged.back().end, period.end);
            } else {
                merged.push_back(period);
            }
        }
        count(plan_.rule_of(Check::period_overlap, period_), overlap);
        people_.observed += merged.empty() ? 0U : 1U;
        for (const Observed& period : merged)
            people_.observed_days += static_cast<std::uint64_t>(period.end - period.start + 1);
        return merged;
    }

    void check_life(const Person& person, std::size_t field, std::int32_t day) {
        if (day == no_day) return;
        if (person.birth != no_day)
            count(field_rule(Check::after_birth, field), day < person.birth);
        if (person.death != no_day)
            count(field_rule(Check::before_death, field),
                  std::int64_t{day} > std::int64_t{person.death} + days_after_death);
    }

    void check_record(const Person& person, std::span<const Observed> observed,
                      const Recorded& row) {
        const TablePlan& table = plan_.tables[row.table];
        check_life(person, table.start, row.start);
        check_life(person, table.end, row.end);
        if (row.start == no_day || !table.events) return;
        count(field_rule(Check::within_observation, table.start),
              std::none_of(observed.begin(), observed.end(), [&](const Observed& period) {
                  return row.start >= period.start && row.start <= period.end;
              }));
        people_.first = std::min(people_.first, row.start);
        people_.last = std::max(people_.last, row.start);
    }

    /// Rows by month. The records of a person are ordered by table and day.
    void count_months(const Person& person, std::span<const Recorded> records) {
        MonthRows* open = nullptr;
        std::uint64_t rows = 0;
        for (const Recorded& row : records) {
            if (row.start == no_day || !plan_.tables[row.table].events) continue;
            const std::uint32_t table = row.table;
            const std::int32_t month = 12 * year_of(row.start) + month_of(row.start) - 1;
            MonthRows& at = people_.months[{table, person.site, month}];
            if (&at != open) rows = 0;
            open = &at;
            ++at.rows;
            at.squares += 2 * rows + 1; // (rows + 1)^2 - rows^2
            ++rows;
            if (const std::uint32_t kind = kinds_.kind_of(row.source, row.form); kind != 0)
                ++people_.kinds[{table, person.site, kind, month}];
        }
    }

    /// Person-days, so that many rows of one visit do not look like a heap.
    void count_days(std::span<const Recorded> records) {
        for (std::size_t i = 0; i < records.size(); ++i) {
            const Recorded& row = records[i];
            if (row.start == no_day || !plan_.tables[row.table].events) continue;
            if (i > 0 && records[i - 1].table == row.table && records[i - 1].start == row.start)
                continue;
            const std::string date = format_date(row.start);
            const bool first = date.ends_with("-01"), new_year = date.ends_with("-01-01");
            count(plan_.rule_of(Check::heaping_new_year, row.table), new_year);
            if (!new_year) count(plan_.rule_of(Check::heaping_month, row.table), first);
        }
    }

    /// Notes a hash of birth, sex and all dated codes of a person who has enough of them.
    void compare(const Person& person, std::span<const Recorded> records) {
        std::uint64_t sum = 0, distinct = 0;
        const Recorded* before = nullptr;
        for (const Recorded& row : records) {
            if (row.start == no_day) continue;
            const bool again = before != nullptr && before->table == row.table &&
                               before->start == row.start && before->code == row.code;
            before = &row;
            if (again) continue;
            ++distinct;
            sum += hash_of(row.code, static_cast<std::uint32_t>(row.start), 4);
        }
        if (distinct < static_cast<std::uint64_t>(params_.duplicate_events_min)) return;
        const std::uint64_t life = std::uint64_t{static_cast<std::uint32_t>(person.birth)} << 8 |
                                   std::uint64_t{person.sex};
        people_.fingerprints.push_back(hash_of(sum, life, 5));
    }

    static std::uint64_t hash_of(std::uint64_t a, std::uint64_t b, std::uint64_t seed) noexcept {
        char bytes[16];
        std::memcpy(bytes, &a, 8);
        std::memcpy(bytes + 8, &b, 8);
        return hash64({bytes, sizeof bytes}, seed);
    }

    const Plan& plan_;
    const HealthQualityParams& params_;
    const KindNames& kinds_;
    Content content_;
    Tallies tallies_;
    People people_;
    std::size_t death_, period_;
};

} // namespace

void check_shard(const ShardInput& input, std::uint64_t shard, PartWriter& part) {
    Content content;
    for (std::uint64_t unit = 0; unit < input.rows.size(); ++unit)
        read_staged(input.rows.open(unit), shard, [&](const StagedRow& row) { content.take(row); });
    ShardChecker checker(input, std::move(content));
    checker.check();
    checker.write(part);
}

} // namespace salus::health_quality
