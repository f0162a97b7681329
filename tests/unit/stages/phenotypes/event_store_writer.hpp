#pragma once

#include "health/event_store.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace salus {

struct TestEvent {
    Day day;
    std::string code, unit;
    double value = std::numeric_limits<double>::quiet_NaN();
    std::optional<Day> end = {}; // none: day
    EventSource source = EventSource::unknown;
    std::uint8_t flags = 0;
};
struct TestPerson {
    std::string sample;
    std::uint8_t sex;
    Day birth;
    std::vector<Period> periods;
    std::vector<TestEvent> events;
};

/// An event store as ingest_health lays it out; person i goes to shard i % shards.
inline void write_event_store(const std::filesystem::path& path,
                              const std::vector<TestPerson>& persons, std::size_t shards,
                              bool has_periods = true) {
    std::vector<std::string> codes, units{""};
    for (const TestPerson& p : persons)
        for (const TestEvent& e : p.events) {
            codes.push_back(e.code);
            units.push_back(e.unit);
        }
    for (auto* list : {&codes, &units}) {
        std::sort(list->begin(), list->end());
        list->erase(std::unique(list->begin(), list->end()), list->end());
    }
    const auto index = [](const std::vector<std::string>& list, const std::string& entry) {
        return static_cast<std::uint32_t>(std::lower_bound(list.begin(), list.end(), entry) -
                                          list.begin());
    };
    TableData person(persons_table()), period(observation_periods_table()), event(events_table()),
        link(links_table()), shard(shards_table());
    for (std::size_t s = 0; s < shards; ++s) {
        const auto mark = [&](const std::string& side) {
            for (const auto& [name, table] : {std::pair{"persons", &person},
                                              {"events", &event},
                                              {"observation_periods", &period},
                                              {"links", &link}})
                shard.column<std::uint64_t>(name + ("_" + side)).push_back(table->rows());
        };
        mark("begin");
        for (std::size_t i = s; i < persons.size(); i += shards) {
            const TestPerson& p = persons[i];
            const auto number = static_cast<std::uint32_t>(person.rows());
            person.column<std::uint64_t>("pseudonym_high").push_back(number);
            person.column<std::uint64_t>("pseudonym_low").push_back(i);
            person.column<std::uint32_t>("site").push_back(0);
            person.column<std::uint8_t>("sex").push_back(p.sex);
            person.column<double>("birth").push_back(p.birth);
            for (const char* unknown : {"first_observation", "last_observation", "death"})
                person.column<double>(unknown).push_back(NAN);
            for (const Period q : p.periods) {
                period.column<std::uint32_t>("person").push_back(number);
                period.column<std::int32_t>("start").push_back(q.start);
                period.column<std::int32_t>("end").push_back(q.end);
            }
            for (const TestEvent& e : p.events) {
                event.column<std::uint32_t>("person").push_back(number);
                event.column<std::int32_t>("day").push_back(e.day);
                event.column<std::uint8_t>("kind").push_back(1);
                event.column<std::uint32_t>("code").push_back(index(codes, e.code));
                event.column<double>("value").push_back(e.value);
                event.column<std::uint8_t>("comparator").push_back(0);
                event.column<std::uint32_t>("unit").push_back(index(units, e.unit));
                event.column<std::int32_t>("end").push_back(e.end.value_or(e.day));
                event.column<std::uint32_t>("value_code").push_back(no_code);
                event.column<std::uint8_t>("source").push_back(static_cast<std::uint8_t>(e.source));
                event.column<std::uint8_t>("flags").push_back(e.flags);
                event.column<std::uint32_t>("file").push_back(0);
                event.column<std::uint64_t>("line").push_back(2);
                event.column<std::uint64_t>("record").push_back(no_record);
            }
            if (p.sample.empty()) continue;
            link.column<std::uint32_t>("person").push_back(number);
            link.column<std::string>("sample_id").push_back(p.sample);
        }
        mark("end");
    }
    TableData code(codes_table()), unit(units_table()), site(sites_table());
    site.column<std::string>("site") = {""};
    code.column<std::string>("code") = codes;
    code.column<std::uint32_t>("concept_id").assign(codes.size(), 0);
    unit.column<std::string>("unit") = units;
    H5File file = H5File::create(path);
    for (const auto* table : {&person, &period, &event, &link, &code, &unit, &site, &shard})
        file.write(*table);
    file.attribute("/", "event_store_version", event_store_version);
    file.attribute("/", "has_observation_periods", std::int64_t{has_periods});
    file.close();
}

} // namespace salus
