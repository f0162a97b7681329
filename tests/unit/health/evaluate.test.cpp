#include "health/evaluate.hpp"

#include "base/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <set>

namespace salus {
namespace {

const std::vector<std::string> codes{"ICD10:E10.9",  "ICD10:E11",   "ICD10:E11.9", "ICD10:R73",
                                     "LOINC:4548-4", "ATC:A10BA02", "ICD10:O24"};
const std::vector<std::uint32_t> concepts{0, 0, 0, 0, 3004410, 0, 0};
const std::vector<std::string> units{"", "%", "mmol/mol", "mmol/mol?"};
enum Code : std::uint32_t { e10, e11, e119, r73, hba1c, metformin, o24 };

struct Person {
    std::uint8_t sex = 2;
    double birth = day_from_civil(1960, 1, 1);
    std::vector<Period> periods{{0, 20000}};
    std::vector<Event> events;

    Person& had(Code code, Day day, double value = NAN, std::uint32_t unit = 0,
                std::uint8_t comparator = 0) {
        events.push_back({day, EventKind::condition, comparator, code, unit, value});
        std::stable_sort(events.begin(), events.end(),
                         [](const Event& a, const Event& b) { return a.day < b.day; });
        return *this;
    }
    PersonView view() const {
        return {.sex = sex, .birth = birth, .death = NAN, .periods = periods, .events = events};
    }
};

Trait trait(std::string_view keys) {
    const Definitions read =
        parse_definitions("[[trait]]\nname = \"t\"\n" + std::string(keys), "test");
    EXPECT_TRUE(read.problems.empty()) << UsageError(read.problems).what();
    return Trait(read.traits.at(0), {codes, concepts, units});
}

CaseStatus status(const Trait& rule, const Person& person) {
    return case_status(rule, person.view()).status;
}
double value(const Trait& rule, const Person& person) { return trait_value(rule, person.view()); }

const std::string t2d = "codes = [\"ICD10:E11\"]\nmin_dates = 2\ncase_exclude = "
                        "[\"ICD10:E10\"]\ncontrol_exclude = [\"ICD10:E10\", \"ICD10:R73\"]\n";

TEST(Binary, NobodyWithoutObservationIsAControl) {
    Person person;
    EXPECT_EQ(status(trait(t2d), person), CaseStatus::control);
    EXPECT_EQ(value(trait(t2d), person), 0);
    person.periods.clear();
    EXPECT_EQ(status(trait(t2d), person), CaseStatus::unobserved);
    EXPECT_TRUE(std::isnan(value(trait(t2d), person)));
    EXPECT_TRUE(std::isnan(value(trait(t2d), person.had(e11, 10).had(e11, 11))));
}

TEST(Binary, CasesNeedDifferentDates) {
    EXPECT_EQ(status(trait(t2d), Person().had(e11, 5).had(e119, 5)), CaseStatus::excluded)
        << "two codes on one day";
    EXPECT_EQ(value(trait(t2d), Person().had(e11, 5).had(e119, 6)), 1);
    EXPECT_EQ(case_status(trait(t2d), Person().had(e11, 9).had(e119, 6).view()).date, 6);
    EXPECT_EQ(case_status(trait(t2d + "date = \"confirmed\"\n"),
                          Person().had(e11, 9).had(e119, 6).had(e119, 20).view())
                  .date,
              9);
}

TEST(Binary, SpanIsFromTheFirstDate) {
    const Trait rule =
        trait("codes = [\"ICD10:E11\"]\nmin_dates = 2\nmin_span_days = 30\ndate = \"confirmed\"\n");
    EXPECT_EQ(status(rule, Person().had(e11, 0).had(e11, 29)), CaseStatus::excluded);
    EXPECT_EQ(case_status(rule, Person().had(e11, 0).had(e11, 29).had(e11, 30).view()).date, 30);
}

TEST(Binary, Exclusions) {
    EXPECT_EQ(status(trait(t2d), Person().had(e11, 5).had(e11, 6).had(e10, 7)),
              CaseStatus::excluded);
    EXPECT_EQ(status(trait(t2d), Person().had(e10, 7)), CaseStatus::excluded);
    EXPECT_EQ(status(trait(t2d), Person().had(r73, 7)), CaseStatus::excluded) << "not a control";
    EXPECT_EQ(status(trait(t2d), Person().had(e11, 5).had(e11, 6).had(r73, 7)),
              CaseStatus::event_case);
    EXPECT_EQ(status(trait(t2d + "case_exclude_dates = 2\n"),
                     Person().had(e11, 5).had(e11, 6).had(e10, 7)),
              CaseStatus::event_case);
    EXPECT_EQ(
        status(trait("codes = [\"ICD10:E\", \"ICD10:O24\"]\nexcept_codes = [\"ICD10:E11\"]\n"),
               Person().had(e119, 1)),
        CaseStatus::control);
}

TEST(Binary, OnlyEventsInsideObservationCount) {
    Person person;
    person.periods = {{100, 200}, {300, 400}};
    person.had(e11, 99).had(e11, 250).had(e11, 300);
    EXPECT_EQ(case_status(trait(t2d), person.view()).dates, 1u);
    EXPECT_EQ(value(trait(t2d + "inside_observation = false\n"), person), 1);
    EXPECT_EQ(value(trait(t2d), person.had(e11, 200)), 1) << "the last day belongs to the period";
}

TEST(Binary, WashoutSexAndAge) {
    const Trait washout = trait("codes = [\"ICD10:E11\"]\nwashout_days = 365\n");
    EXPECT_EQ(status(washout, Person().had(e11, 364)), CaseStatus::prevalent);
    EXPECT_EQ(status(washout, Person().had(e11, 365)), CaseStatus::event_case);
    const Trait men = trait("codes = [\"ICD10:E11\"]\nsex = \"male\"\n");
    EXPECT_EQ(status(men, Person().had(e11, 5)), CaseStatus::not_applicable);
    const Trait young = trait("codes = [\"ICD10:E11\"]\nmax_age = 17\n");
    Person person;
    person.birth = 0;
    EXPECT_EQ(status(young, Person(person).had(e11, 6574)), CaseStatus::event_case)
        << "one day before the 18th birthday";
    EXPECT_EQ(status(young, Person(person).had(e11, 6575)), CaseStatus::excluded);
    person.birth = NAN;
    EXPECT_EQ(status(young, Person(person).had(e11, 1)), CaseStatus::excluded) << "age not known";
}

TEST(Binary, DrugsHelpButDoNotMakeACase) {
    const Trait rule = trait("codes = [\"ICD10:E11\"]\nmin_dates = 2\ndrugs = [\"ATC:A10B\"]\n");
    EXPECT_EQ(status(rule, Person().had(metformin, 5).had(metformin, 6)), CaseStatus::control);
    EXPECT_EQ(status(rule, Person().had(metformin, 5).had(e11, 6)), CaseStatus::event_case);
}

TEST(FirstDate, IsTheDayOfTheFirstEvent) {
    const Trait rule = trait("kind = \"first_date\"\ncodes = [\"ICD10:E11\"]\n");
    EXPECT_EQ(value(rule, Person().had(e11, 70).had(e119, 60)), 60);
    EXPECT_TRUE(std::isnan(value(rule, Person())));
}

const std::string lab = "kind = \"quantitative\"\ncodes = [\"OMOP:3004410\"]\nunit = "
                        "\"%\"\nconvert = [\"mmol/mol * 0.09148 + 2.152\"]\nlow = 3\nhigh = 20\n";

TEST(TimeToEvent, TimeAtRisk) {
    const std::string kind = "kind = \"time_to_event\"\ncodes = [\"ICD10:E11\"]\n";
    const auto days = [](const Trait& rule, const Person& person) {
        const TimeAtRisk found = time_at_risk(rule, person.view());
        return std::vector<double>{found.event, std::round(365.25 * found.time),
                                   std::round(365.25 * found.entry)};
    };
    const auto nobody = [](const Trait& rule, const Person& person) {
        const TimeAtRisk found = time_at_risk(rule, person.view());
        return std::isnan(found.event) && std::isnan(found.time) && std::isnan(found.entry);
    };
    using V = std::vector<double>;
    Person person;
    person.periods = {{100, 200}, {300, 1000}};
    person.birth = 0;
    const Trait plain = trait(kind);
    EXPECT_EQ(days(plain, person), (V{0, 900, 0})) << "to the end of the last period";
    EXPECT_EQ(days(plain, Person(person).had(e11, 350)), (V{1, 250, 0}));
    EXPECT_EQ(days(plain, Person(person).had(e11, 250)), (V{0, 900, 0})) << "not observed";
    EXPECT_TRUE(nobody(plain, Person(person).had(e11, 100))) << "on the first day";
    const Trait washout = trait(kind + "washout_days = 60\n");
    EXPECT_EQ(days(washout, person), (V{0, 840, 0}));
    EXPECT_TRUE(nobody(washout, Person(person).had(e11, 160)));
    EXPECT_EQ(days(washout, Person(person).had(e11, 161)), (V{1, 1, 0}));
    const Trait by_age = trait(kind + "time_scale = \"age\"\n");
    EXPECT_EQ(days(by_age, Person(person).had(e11, 350)), (V{1, 350, 100}));
    const Trait adults = trait(kind + "min_age = 40\n");
    EXPECT_TRUE(nobody(adults, person)) << "at risk for no day";
    const Trait child = trait(kind + "max_age = 0\n");
    EXPECT_EQ(days(child, Person(person).had(e11, 900)), (V{0, 265, 0})) << "censored at age 1";
    person.birth = NAN;
    EXPECT_TRUE(nobody(child, person));
    EXPECT_TRUE(nobody(by_age, person));
    person.periods.clear();
    EXPECT_TRUE(nobody(plain, person));
    // Death ends the time at risk though observation goes on; exclusions take people out.
    Person dead;
    dead.periods = {{0, 1000}};
    PersonView view = dead.view();
    view.death = 400;
    EXPECT_EQ(std::round(365.25 * time_at_risk(plain, view).time), 400);
    const Trait excluded = trait(kind + "control_exclude = [\"ICD10:R73\"]\n");
    EXPECT_TRUE(nobody(excluded, Person().had(r73, 5)));
}

TEST(Quantitative, ConvertsUnitsAndDropsWhatIsNotPlausible) {
    EXPECT_DOUBLE_EQ(value(trait(lab), Person().had(hba1c, 1, 48, 2)), 48 * 0.09148 + 2.152);
    EXPECT_DOUBLE_EQ(value(trait(lab), Person().had(hba1c, 1, 6.5, 1)), 6.5);
    EXPECT_TRUE(std::isnan(value(trait(lab), Person().had(hba1c, 1, 48, 1))))
        << "mmol/mol written as %";
    EXPECT_TRUE(std::isnan(value(trait(lab), Person().had(hba1c, 1, 48, 3))))
        << "unit and concept contradict";
    EXPECT_TRUE(std::isnan(value(trait(lab), Person().had(hba1c, 1, 6.5, 0)))) << "no unit";
    EXPECT_EQ(value(trait(lab + "missing_unit = \"assume\"\n"), Person().had(hba1c, 1, 6.5, 0)),
              6.5);
    EXPECT_TRUE(std::isnan(value(trait(lab), Person().had(hba1c, 1, 6.5, 1, 1))))
        << "less than is not a value";
    EXPECT_TRUE(std::isnan(value(trait(lab), Person().had(hba1c, 1))));
    EXPECT_TRUE(std::isnan(value(trait(lab), Person())));
}

TEST(Quantitative, Summaries) {
    const Person person =
        Person().had(hba1c, 3, 9, 1).had(hba1c, 1, 5, 1).had(hba1c, 2, 6, 1).had(hba1c, 4, 6, 1);
    const std::map<std::string, double> expected{{"median", 6}, {"mean", 6.5}, {"first", 5},
                                                 {"last", 6},   {"max", 9},    {"min", 5}};
    for (const auto& [how, number] : expected)
        EXPECT_EQ(value(trait(lab + "summary = \"" + how + "\"\n"), person), number) << how;
    EXPECT_EQ(value(trait(lab), Person().had(hba1c, 1, 5, 1).had(hba1c, 2, 6, 1)), 5.5)
        << "median of two";
    EXPECT_EQ(value(trait(lab + "min_values = 4\n"), person), 6);
    EXPECT_TRUE(std::isnan(value(trait(lab + "min_values = 5\n"), person)));
}

TEST(Quantitative, AdjustsForDrugs) {
    const Trait rule =
        trait(lab + "adjust_drugs = [\"ATC:A10BA\"]\nadjust_divide = 0.5\nadjust_days = 100\n");
    EXPECT_EQ(value(rule, Person().had(metformin, 50).had(hba1c, 49, 6, 1)), 6)
        << "measured before the drug";
    EXPECT_EQ(value(rule, Person().had(hba1c, 50, 6, 1).had(metformin, 50)), 12)
        << "the same day counts";
    EXPECT_EQ(value(rule, Person().had(metformin, 50).had(hba1c, 150, 6, 1)), 12);
    EXPECT_EQ(value(rule, Person().had(metformin, 50).had(hba1c, 151, 6, 1)), 6);
}

TEST(Quantitative, AgeAtTheMeasurement) {
    Person person;
    person.birth = 0;
    person.had(hba1c, 1000, 4, 1).had(hba1c, 9000, 8, 1);
    EXPECT_EQ(value(trait(lab + "min_age = 18\n"), person), 8);
    EXPECT_EQ(value(trait(lab + "max_age = 17\n"), person), 4);
}

TEST(Panel, GivesEachTraitWhatTheEvaluatorGives) {
    std::vector<Trait> rules{
        trait(t2d), trait(lab), trait("kind = \"first_date\"\ncodes = [\"ICD10:R73\"]\n"),
        trait("codes = [\"ICD10:E11\"]\nwashout_days = 5000\nmin_age = 40\n"),
        trait(lab + "adjust_drugs = [\"ATC:A\"]\nadjust_divide = 0.7\nsummary = \"last\"\n")};
    rules.insert(rules.begin() + 1, trait("kind = \"time_to_event\"\ncodes = [\"ICD10:E11\"]\n"));
    const TraitPanel panel(rules, codes.size());
    ASSERT_EQ(panel.value_count(), rules.size() + 2);
    TraitPanel::Scratch scratch;
    for (std::uint64_t p = 0; p < 500; ++p) {
        Rng rng(1, "panel", p);
        Person person;
        person.sex = static_cast<std::uint8_t>(rng.below(3));
        if (rng.bernoulli(0.1)) person.periods.clear();
        for (std::uint64_t e = rng.below(12); e > 0; --e)
            person.had(static_cast<Code>(rng.below(codes.size())),
                       static_cast<Day>(rng.below(12000)), 3 + 10 * rng.uniform(),
                       static_cast<std::uint32_t>(rng.below(4)));
        std::vector<double> values(panel.value_count());
        panel.evaluate(person.view(), scratch, values);
        const TimeAtRisk at_risk = time_at_risk(rules[1], person.view());
        EXPECT_TRUE(values[rules.size()] == at_risk.time || std::isnan(at_risk.time));
        EXPECT_EQ(std::isnan(values[rules.size() + 1]), std::isnan(at_risk.time));
        for (std::size_t t = 0; t < rules.size(); ++t) {
            const double expected = value(rules[t], person);
            EXPECT_TRUE(values[t] == expected || (std::isnan(values[t]) && std::isnan(expected)))
                << p << " " << t;
        }
    }
}

/// A slow and obvious second version of the rules for cases and controls.
std::string slow_status(const TraitDefinition& d, const Person& p) {
    const auto dates = [&](auto... wanted) {
        std::set<Day> days;
        for (const Event& e : p.events)
            for (const Period period : p.periods)
                if (((e.code == wanted) || ...) && e.day >= period.start && e.day <= period.end)
                    days.insert(e.day);
        return days;
    };
    if (p.periods.empty()) return "unobserved";
    if (!dates(e10).empty()) return "excluded";
    const auto days = dates(e11, e119);
    if (days.size() >= static_cast<std::size_t>(d.min_dates)) return "case";
    return days.empty() && dates(r73).empty() ? "control" : "excluded";
}

TEST(Binary, AgreesWithASlowVersion) {
    const Trait rule = trait(t2d);
    const std::map<CaseStatus, std::string> names{{CaseStatus::control, "control"},
                                                  {CaseStatus::event_case, "case"},
                                                  {CaseStatus::excluded, "excluded"},
                                                  {CaseStatus::unobserved, "unobserved"}};
    std::map<std::string, int> seen;
    for (std::uint64_t p = 0; p < 2000; ++p) {
        Rng rng(2, "slow", p);
        Person person;
        person.periods.clear();
        Day start = 0;
        for (std::uint64_t n = rng.below(3); n > 0; --n) {
            start += static_cast<Day>(1 + rng.below(20));
            person.periods.push_back({start, start + static_cast<Day>(rng.below(30))});
            start = person.periods.back().end + 1;
        }
        for (std::uint64_t e = rng.below(5); e > 0; --e)
            person.had(static_cast<Code>(rng.below(codes.size())), static_cast<Day>(rng.below(80)));
        const std::string expected = slow_status(rule.definition(), person);
        EXPECT_EQ(names.at(status(rule, person)), expected) << p;
        ++seen[expected];
    }
    EXPECT_EQ(seen.size(), 4u) << "every status was tried";
}

} // namespace
} // namespace salus
