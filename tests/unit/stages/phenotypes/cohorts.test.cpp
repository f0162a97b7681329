// The definitions of data/ehr/icd_phecode in our language against its expected cohorts, person by
// person.
#include "base/text.hpp"
#include "formats/delimited.hpp"
#include "health/evaluate.hpp"
#include "support/reference_data.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace salus {
namespace {

const std::filesystem::path folder = reference::ehr / "icd_phecode";

const char* definitions = R"(
[[trait]]
name = "T2D"
codes = ["ICD10:E11"]
min_dates = 2
case_exclude = ["ICD10:E10"]
case_exclude_dates = 2
control_exclude = ["ICD10:E08", "ICD10:E09", "ICD10:E10-E14", "ICD10:R73"]

[[trait]]
name = "IHD_incident"
codes = ["ICD10:I20", "ICD10:I21", "ICD10:I22", "ICD10:I24", "ICD10:I25"]
washout_days = 365
control_exclude = ["ICD10:I2"]

[[trait]]
name = "ASTHMA_2x30"
codes = ["ICD10:J45", "ICD10:J46"]
min_dates = 2
min_span_days = 30
date = "confirmed"
control_exclude = ["ICD10:J4"]

[[trait]]
name = "BRCA_F"
sex = "female"
codes = ["ICD10:C50"]
min_dates = 2
control_exclude = ["ICD10:C50", "ICD10:D05"]

[[trait]]
name = "ID_CHILD"
codes = ["ICD10:A", "ICD10:B"]
max_age = 17
)";

struct Record {
    std::uint8_t sex;
    double birth;
    Period observed;
    std::vector<Event> events;
};

struct Cohort {
    std::map<std::string, Record> persons;
    std::vector<std::string> codes;
    std::vector<std::uint32_t> concepts;
    std::vector<std::string> units{""};
};

Cohort read_cohort() {
    Cohort cohort;
    DelimitedReader persons(folder / "person.csv");
    while (persons.next_valid())
        cohort.persons[std::string(persons[0])] = {
            static_cast<std::uint8_t>(persons[1] == "M" ? 1 : 2),
            static_cast<double>(parse_date(persons[2]).value()),
            {parse_date(persons[3]).value(), parse_date(persons[4]).value()},
            {}};
    std::map<std::string, std::uint32_t> index;
    DelimitedReader events(folder / "icd_events.csv");
    while (events.next_valid()) {
        const std::string code = event_code(EventKind::condition, events[2], 0);
        const auto [place, fresh] =
            index.try_emplace(code, static_cast<std::uint32_t>(cohort.codes.size()));
        if (fresh) cohort.codes.push_back(code);
        cohort.persons.at(std::string(events[0]))
            .events.push_back(
                {parse_date(events[3]).value(), EventKind::condition, 0, place->second, 0, NAN});
    }
    cohort.concepts.assign(cohort.codes.size(), 0);
    for (auto& [id, person] : cohort.persons)
        std::stable_sort(person.events.begin(), person.events.end(),
                         [](const Event& a, const Event& b) { return a.day < b.day; });
    return cohort;
}

TEST(Cohorts, AgreeWithTheExpectedOnes) {
    if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no shared data";
    const Cohort cohort = read_cohort();
    const Definitions read = parse_definitions(definitions, "test");
    ASSERT_TRUE(read.problems.empty());
    const TraitPanel panel(read, {cohort.codes, cohort.concepts, cohort.units});
    TraitPanel::Scratch scratch;
    const auto written = [](double day) {
        return std::isnan(day) ? std::string() : format_date(static_cast<Day>(day));
    };
    const std::map<std::string, CaseStatus> names{{"control", CaseStatus::control},
                                                  {"case", CaseStatus::event_case},
                                                  {"excluded", CaseStatus::excluded},
                                                  {"prevalent", CaseStatus::prevalent},
                                                  {"not_applicable", CaseStatus::not_applicable}};
    DelimitedReader expected(folder / "expected_cohorts.csv.gz");
    std::size_t rows = 0;
    while (expected.next_valid()) {
        ++rows;
        const Record& person = cohort.persons.at(std::string(expected[1]));
        PersonView view;
        view.sex = person.sex;
        view.birth = person.birth;
        view.death = NAN;
        view.periods = {&person.observed, 1};
        view.events = person.events;
        const TraitOutcome& found = panel.evaluate(view, scratch)[panel.find(expected[0]).value()];
        EXPECT_EQ(static_cast<int>(found.status),
                  static_cast<int>(names.at(std::string(expected[2]))))
            << expected.where();
        if (found.status == CaseStatus::event_case || found.status == CaseStatus::prevalent) {
            EXPECT_EQ(found.date, parse_date(expected[3])) << expected.where();
        }
        if (found.status != CaseStatus::not_applicable) {
            EXPECT_EQ(std::to_string(found.date_count), expected[4]) << expected.where();
        }
        EXPECT_EQ(written(found.follow.start), expected[5]) << expected.where();
        EXPECT_EQ(written(found.follow.end), expected[6]) << expected.where();
        const bool followed = !std::isnan(found.follow.end);
        EXPECT_EQ(followed ? found.follow.event ? "1" : "0" : "", expected[7]) << expected.where();
        EXPECT_EQ(followed ? text(static_cast<Day>(found.follow.end - found.follow.start)) : "",
                  expected[8])
            << expected.where();
    }
    EXPECT_EQ(rows, 10000u);
}

} // namespace
} // namespace salus
