// Phecodes of data/ehr/icd_phecode against createPhenotypes of the R package PheWAS 0.99.6-1
// (min.code.count = 2, exclusions, sex), made with the tables of that package. There codes are
// case-sensitive, so the events are given as they are written and lower-case codes do not map.
#include "base/text.hpp"
#include "formats/delimited.hpp"
#include "formats/phecode_tables.hpp"
#include "support/reference_data.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace salus {
namespace {

using reference::ehr;

struct Person {
    std::uint8_t sex = 0;
    std::vector<Event> events;
};

TEST(Phecodes, AreThoseOfThePheWasPackage) {
    if (!std::filesystem::exists(ehr)) GTEST_SKIP() << "no shared data";
    const auto tables = ehr / "phecode12";
    const PhecodeMap map =
        read_phecode_tables({.map = {tables / "phecode_map.csv", tables / "phecode_map_icd10.csv"},
                             .rollup = {tables / "phecode_rollup_map.csv"},
                             .exclusions = {tables / "phecode_exclude.csv"},
                             .info = {tables / "pheinfo.csv", tables / "sex_restriction.csv"}},
                            CodeWriting::as_written);
    EXPECT_EQ(map.size(), 1866U);

    std::map<std::string, Person> persons;
    DelimitedReader people(ehr / "icd_phecode/person.csv");
    while (people.next_valid())
        persons[std::string(people[0])].sex = people[1] == "M" ? 1 : 2;
    std::map<std::string, std::uint32_t> index;
    std::vector<std::string> codes;
    DelimitedReader events(ehr / "icd_phecode/icd_events.csv");
    while (events.next_valid()) {
        const std::string code = text(events[1], ":", events[2]);
        const auto [place, fresh] =
            index.try_emplace(code, static_cast<std::uint32_t>(codes.size()));
        if (fresh) codes.push_back(code);
        persons.at(std::string(events[0]))
            .events.push_back({.day = parse_date(events[3]).value(), .code = place->second});
    }

    std::map<std::pair<std::string, std::string>, std::string> expected;
    std::set<std::string> columns; // the package leaves out phecodes that nobody has
    DelimitedReader rows(ehr / "icd_phecode/expected_phecode12_min2_excl_sex.csv.gz");
    while (rows.next_valid()) {
        expected[{std::string(rows[0]), std::string(rows[1])}] = rows[2];
        columns.insert(std::string(rows[1]));
    }
    ASSERT_EQ(expected.size(), 396996U);

    const PhecodePanel panel(map, codes, {.inside_observation = false});
    PhecodePanel::Scratch scratch;
    std::vector<std::uint8_t> row(status_bytes(map.size()));
    const Period always{0, 0};
    std::size_t found = 0, different = 0;
    for (auto& [id, person] : persons) {
        std::stable_sort(person.events.begin(), person.events.end(),
                         [](const Event& a, const Event& b) { return a.day < b.day; });
        panel.evaluate({.sex = person.sex,
                        .birth = NAN,
                        .death = NAN,
                        .periods = {&always, 1},
                        .events = person.events},
                       scratch, row);
        for (std::size_t p = 0; p < map.size(); ++p) {
            const TraitStatus status = status_get(row, p);
            const auto at = expected.find({id, map.names[p]});
            const std::string wanted = at == expected.end() ? "control" : at->second;
            const std::string given = status == TraitStatus::control      ? "control"
                                      : status == TraitStatus::event_case ? "case"
                                                                          : "excluded";
            if (given == "control" && wanted == "control") continue;
            if (!columns.contains(map.names[p])) { // of the other sex: a column that is not there
                EXPECT_EQ(status, TraitStatus::not_applicable) << map.names[p];
                continue;
            }
            ++found;
            if (given != wanted) ++different;
        }
    }
    EXPECT_EQ(different, 0U);
    EXPECT_EQ(found, expected.size());
}

} // namespace
} // namespace salus
