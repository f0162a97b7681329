#include "health/evaluate.hpp"

#include "base/random.hpp"
#include "unit/health/definition_rules.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace salus {
namespace {

using namespace rule_tests;

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
    EXPECT_EQ(trait(t2d)(Person().had(e11, 9).had(e119, 6)).date, 6);
    EXPECT_EQ(
        trait(t2d + "date = \"confirmed\"\n")(Person().had(e11, 9).had(e119, 6).had(e119, 20)).date,
        9);
    EXPECT_EQ(
        trait(t2d + "date = \"last\"\n")(Person().had(e11, 9).had(e119, 6).had(e119, 20)).date, 20);
}

TEST(Binary, SpanIsFromTheFirstDate) {
    const Rules rule =
        trait("codes = [\"ICD10:E11\"]\nmin_dates = 2\nmin_span_days = 30\ndate = \"confirmed\"\n");
    EXPECT_EQ(status(rule, Person().had(e11, 0).had(e11, 29)), CaseStatus::excluded);
    EXPECT_EQ(rule(Person().had(e11, 0).had(e11, 29).had(e11, 30)).date, 30);
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
    EXPECT_EQ(trait(t2d)(person).date_count, 1u);
    EXPECT_EQ(value(trait(t2d + "inside_observation = false\n"), person), 1);
    EXPECT_EQ(value(trait(t2d), person.had(e11, 200)), 1) << "the last day belongs to the period";
}

TEST(Binary, WashoutSexAndAge) {
    const Rules washout = trait("codes = [\"ICD10:E11\"]\nwashout_days = 365\n");
    EXPECT_EQ(status(washout, Person().had(e11, 364)), CaseStatus::prevalent);
    EXPECT_EQ(status(washout, Person().had(e11, 365)), CaseStatus::event_case);
    const Rules men = trait("codes = [\"ICD10:E11\"]\nsex = \"male\"\n");
    EXPECT_EQ(status(men, Person().had(e11, 5)), CaseStatus::not_applicable);
    const Rules young = trait("codes = [\"ICD10:E11\"]\nmax_age = 17\n");
    Person person;
    person.birth = 0;
    EXPECT_EQ(status(young, Person(person).had(e11, 6574)), CaseStatus::event_case)
        << "one day before the 18th birthday";
    EXPECT_EQ(status(young, Person(person).had(e11, 6575)), CaseStatus::excluded);
    person.birth = NAN;
    EXPECT_EQ(status(young, Person(person).had(e11, 1)), CaseStatus::excluded) << "age not known";
}

TEST(Binary, DrugsHelpButDoNotMakeACase) {
    const Rules rule = trait("codes = [\"ICD10:E11\"]\nmin_dates = 2\ndrugs = [\"ATC:A10B\"]\n");
    EXPECT_EQ(status(rule, Person().had(metformin, 5).had(metformin, 6)), CaseStatus::control);
    EXPECT_EQ(status(rule, Person().had(metformin, 5).had(e11, 6)), CaseStatus::event_case);
}

TEST(FirstDate, IsTheDayOfTheFirstEvent) {
    const Rules rule = trait("kind = \"first_date\"\ncodes = [\"ICD10:E11\"]\n");
    EXPECT_EQ(value(rule, Person().had(e11, 70).had(e119, 60)), 60);
    EXPECT_TRUE(std::isnan(value(rule, Person())));
}

const std::string lab = "kind = \"quantitative\"\ncodes = [\"OMOP:3004410\"]\nunit = "
                        "\"%\"\nconvert = [\"mmol/mol * 0.09148 + 2.152\"]\nlow = 3\nhigh = 20\n";

TEST(TimeToEvent, TimeAtRisk) {
    const std::string kind = "kind = \"time_to_event\"\ncodes = [\"ICD10:E11\"]\n";
    const auto days = [](const Rules& rule, const Person& person) {
        const TimeAtRisk found = time_at_risk(rule, person);
        return std::vector<double>{found.event, std::round(365.25 * found.time),
                                   std::round(365.25 * found.entry)};
    };
    const auto nobody = [](const Rules& rule, const Person& person) {
        const TimeAtRisk found = time_at_risk(rule, person);
        return std::isnan(found.event) && std::isnan(found.time) && std::isnan(found.entry);
    };
    using V = std::vector<double>;
    Person person;
    person.periods = {{100, 200}, {300, 1000}};
    person.birth = 0;
    const Rules plain = trait(kind);
    EXPECT_EQ(days(plain, person), (V{0, 900, 0})) << "to the end of the last period";
    EXPECT_EQ(days(plain, Person(person).had(e11, 350)), (V{1, 250, 0}));
    EXPECT_EQ(days(plain, Person(person).had(e11, 250)), (V{0, 900, 0})) << "not observed";
    EXPECT_TRUE(nobody(plain, Person(person).had(e11, 100))) << "on the first day";
    const Rules washout = trait(kind + "washout_days = 60\n");
    EXPECT_EQ(days(washout, person), (V{0, 840, 0}));
    EXPECT_TRUE(nobody(washout, Person(person).had(e11, 160)));
    EXPECT_EQ(days(washout, Person(person).had(e11, 161)), (V{1, 1, 0}));
    const Rules by_age = trait(kind + "time_scale = \"age\"\n");
    EXPECT_EQ(days(by_age, Person(person).had(e11, 350)), (V{1, 350, 100}));
    const Rules adults = trait(kind + "min_age = 40\n");
    EXPECT_TRUE(nobody(adults, person)) << "at risk for no day";
    const Rules child = trait(kind + "max_age = 0\n");
    EXPECT_EQ(days(child, Person(person).had(e11, 900)), (V{0, 265, 0})) << "censored at age 1";
    person.birth = NAN;
    EXPECT_TRUE(nobody(child, person));
    EXPECT_TRUE(nobody(by_age, person));
    person.periods.clear();
    EXPECT_TRUE(nobody(plain, person));
    // Death ends the time at risk though observation goes on; exclusions take people out.
    Person dead;
    dead.periods = {{0, 1000}};
    dead.death = 400;
    EXPECT_EQ(std::round(365.25 * time_at_risk(plain, dead).time), 400);
    const Rules excluded = trait(kind + "control_exclude = [\"ICD10:R73\"]\n");
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
    const Rules rule =
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
    const Rules rule = trait(t2d);
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
