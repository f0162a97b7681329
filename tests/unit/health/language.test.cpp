// Each key of the language on a person for whom it decides.
#include "health/attrition.hpp"
#include "unit/health/definition_rules.hpp"

#include <gmock/gmock.h>

namespace salus {
namespace {

using namespace rule_tests;
using ::testing::HasSubstr;

Event event(Code code, Day day) {
    Event e;
    e.code = code;
    e.day = e.end = day;
    e.value = NAN;
    return e;
}
Event from(EventSource source, Event e) {
    e.source = source;
    return e;
}
Event marked(std::uint8_t flags, Event e) {
    e.flags = flags;
    return e;
}

TEST(CodeSet, TakesInSetsAndDescendantsAndLeavesOut) {
    const Rules rules(R"(
[[code_set]]
name = "type_2"
descendants_of = ["OMOP:201826"]
[[code_set]]
name = "diabetes"
codes = ["@type_2", "ICD10:O24"]
descendants_of = ["OMOP:201820"]
except_codes = ["ICD10:E10"]
[[code_set]]
name = "without_type_2"
descendants_of = ["OMOP:201820"]
except_descendants_of = ["OMOP:201826"]
[[trait]]
name = "t"
codes = ["@diabetes"]
[[trait]]
name = "rest"
codes = ["@without_type_2", "ICD10:R73"]
)");
    for (const Code in : {e11, e119, o24})
        EXPECT_TRUE(rules(Person().had(in, 5)).holds()) << codes[in];
    for (const Code out : {e10, r73, hba1c})
        EXPECT_FALSE(rules(Person().had(out, 5)).holds()) << codes[out];
    EXPECT_TRUE(rules(Person().had(e10, 5), "rest").holds());
    EXPECT_TRUE(rules(Person().had(r73, 5), "rest").holds());
    EXPECT_FALSE(rules(Person().had(e11, 5), "rest").holds());
}

TEST(CodeSet, DescendantsNeedAVocabulary) {
    const Definitions read = parse_definitions("[[code_set]]\nname = \"d\"\ndescendants_of = "
                                               "[\"OMOP:201826\"]\n[[trait]]\nname = \"t\"\ncodes "
                                               "= [\"@d\"]\n",
                                               "test");
    ASSERT_TRUE(read.problems.empty());
    try {
        TraitPanel(read, {codes, concepts, units, nullptr});
        FAIL() << "no error";
    } catch (const UsageError& e) {
        EXPECT_THAT(e.what(), HasSubstr("code set 'd' needs a vocabulary"));
    }
}

TEST(Language, NegatedEventsNeverCount) {
    const Rules rules = trait("codes = [\"ICD10:E11\"]\ncontrol_exclude = [\"ICD10:R73\"]\n");
    EXPECT_EQ(status(rules, Person().had(marked(negated, event(e11, 5)))), CaseStatus::control);
    EXPECT_EQ(status(rules, Person().had(marked(negated, event(r73, 5)))), CaseStatus::control);
    EXPECT_EQ(status(rules, Person().had(marked(primary_position, event(e11, 5)))),
              CaseStatus::event_case);
}

TEST(Language, SourcesPositionsAndKinds) {
    const Rules hospital = trait("codes = [\"ICD10:E11\"]\nsources = [\"inpatient\", "
                                 "\"death_certificate\"]\n");
    EXPECT_TRUE(hospital(Person().had(from(EventSource::inpatient, event(e11, 5)))).holds());
    EXPECT_TRUE(
        hospital(Person().had(from(EventSource::death_certificate, event(e11, 5)))).holds());
    EXPECT_EQ(status(hospital, Person().had(from(EventSource::primary_care, event(e11, 5)))),
              CaseStatus::control);
    const Rules primary = trait("codes = [\"ICD10:E11\"]\nprimary_position = true\n");
    EXPECT_FALSE(primary(Person().had(e11, 5)).holds());
    EXPECT_TRUE(primary(Person().had(marked(primary_position, event(e11, 5)))).holds());
    Event death = event(e11, 5);
    death.kind = EventKind::death;
    const Rules died = trait("codes = [\"ICD10:E11\"]\nevent_kinds = [\"death\"]\n");
    EXPECT_FALSE(died(Person().had(e11, 5)).holds());
    EXPECT_TRUE(died(Person().had(death)).holds());
}

TEST(Language, ValuesThatSurelyFulfilACondition) {
    const Rules high = trait("codes = [\"LOINC:4548-4\"]\nvalue = [\">= 6.5\"]\nunit = "
                             "\"%\"\nconvert = [\"mmol/mol * 0.09148 + 2.152\"]\n");
    EXPECT_TRUE(high(Person().had(hba1c, 1, 6.5, 1)).holds());
    EXPECT_FALSE(high(Person().had(hba1c, 1, 6.4, 1)).holds());
    EXPECT_TRUE(high(Person().had(hba1c, 1, 48, 2)).holds()) << "48 mmol/mol is 6.54 %";
    EXPECT_FALSE(high(Person().had(hba1c, 1, 48, 0)).holds()) << "no unit";
    EXPECT_TRUE(high(Person().had(hba1c, 1, 6.5, 1, 4)).holds()) << "> 6.5";
    EXPECT_FALSE(high(Person().had(hba1c, 1, 6, 1, 4)).holds()) << "> 6 can be 6.2";
    EXPECT_FALSE(high(Person().had(hba1c, 1, 9, 1, 1)).holds()) << "< 9 can be 6.2";
    const Rules low =
        trait("codes = [\"LOINC:4548-4\"]\nvalue = [\"< 5\", \"> 3\"]\nunit = \"%\"\n");
    EXPECT_TRUE(low(Person().had(hba1c, 1, 4, 1)).holds());
    EXPECT_FALSE(low(Person().had(hba1c, 1, 3, 1)).holds());
    Event coded = event(hba1c, 1);
    coded.value_code = negative;
    const Rules value_code =
        trait("codes = [\"LOINC:4548-4\"]\nvalue_codes = [\"SNOMED:260385009\"]\n");
    EXPECT_TRUE(value_code(Person().had(coded)).holds());
    EXPECT_FALSE(value_code(Person().had(hba1c, 1)).holds());
}

TEST(Language, KnownUnitsOfAnAnalyte) {
    const std::string lab_percent = "kind = \"quantitative\"\ncodes = [\"LOINC:4548-4\"]\nunit = "
                                    "\"%\"\nlow = 3\nhigh = 20\n";
    EXPECT_NEAR(value(trait(lab_percent), Person().had(hba1c, 1, 48, 2)), 48 / 10.929 + 2.15, 0.01);
    EXPECT_TRUE(std::isnan(
        value(trait(lab_percent + "known_units = false\n"), Person().had(hba1c, 1, 48, 2))));
    EXPECT_TRUE(std::isnan(value(trait(lab_percent), Person().had(hba1c, 1, 48, 3))))
        << "unit and concept contradict";
    EXPECT_TRUE(std::isnan(value(trait(lab_percent), Person().had(hba1c, 1, 48, 0))));
    const Rules guessed = trait(lab_percent + "missing_unit = \"range\"\n");
    EXPECT_NEAR(value(guessed, Person().had(hba1c, 1, 48, 0)), 6.54, 0.01) << "48 % cannot be";
    EXPECT_NEAR(value(trait(lab_percent + "convert = [\"mmol/mol * 0.1\"]\n"),
                      Person().had(hba1c, 1, 48, 2)),
                4.8, 1e-12)
        << "what is written goes before what is known";
}

TEST(Language, DatesCloseTogether) {
    const Rules rules = trait("codes = [\"ICD10:E11\"]\nmin_dates = 2\nwithin_days = 30\n");
    EXPECT_EQ(status(rules, Person().had(e11, 0).had(e11, 31)), CaseStatus::excluded);
    const Person person = Person().had(e11, 0).had(e11, 100).had(e11, 130);
    EXPECT_EQ(rules(person).date, 100) << "the first of those that made it";
    EXPECT_EQ(trait("codes = [\"ICD10:E11\"]\nmin_dates = 2\nwithin_days = 30\ndate = "
                    "\"confirmed\"\n")(person)
                  .date,
              130);
}

TEST(Language, ObservationAroundAnEvent) {
    const Rules rules = trait("codes = [\"ICD10:E11\"]\nobserved_before_days = "
                              "10\nobserved_after_days = 5\n");
    Person person;
    person.periods = {{0, 20}, {21, 100}};
    EXPECT_TRUE(rules(Person(person).had(e11, 10)).holds());
    EXPECT_FALSE(rules(Person(person).had(e11, 9)).holds());
    EXPECT_FALSE(rules(Person(person).had(e11, 16)).holds());
    EXPECT_FALSE(rules(Person(person).had(e11, 25)).holds()) << "another period";
    EXPECT_TRUE(rules(Person(person).had(e11, 31)).holds());
}

const std::string others = R"(
[[trait]]
name = "drug"
kind = "criterion"
codes = ["ATC:A10"]
[[trait]]
name = "twice"
codes = ["ICD10:R73"]
min_dates = 2
)";

TEST(Language, DatesOfOthersAroundADate) {
    const Rules within = trait("codes = [\"ICD10:E11\"]\nwith = [\"drug 0..30\"]\n" + others);
    EXPECT_TRUE(within(Person().had(e11, 100).had(metformin, 130)).holds());
    EXPECT_TRUE(within(Person().had(e11, 100).had(metformin, 100)).holds());
    EXPECT_EQ(status(within, Person().had(e11, 100).had(metformin, 99)), CaseStatus::excluded);
    EXPECT_EQ(within(Person().had(e11, 10).had(e11, 100).had(metformin, 110)).date, 100)
        << "only the second date has the drug behind it";
    const Rules never = trait("codes = [\"ICD10:E11\"]\nwithout = [\"drug ..-1\"]\n" + others);
    EXPECT_TRUE(never(Person().had(e11, 100).had(metformin, 100)).holds());
    EXPECT_EQ(status(never, Person().had(e11, 100).had(metformin, 1)), CaseStatus::excluded);
    const Rules repeated =
        trait("codes = [\"ICD10:E11\"]\nwith = [\"drug .. times 2\"]\n" + others);
    EXPECT_FALSE(repeated(Person().had(e11, 1).had(metformin, 5).had(metformin, 5)).holds());
    EXPECT_TRUE(repeated(Person().had(e11, 1).had(metformin, 5).had(metformin, 6)).holds());
    const Rules first = trait("codes = [\"ICD10:E11\"]\nonly = \"first\"\nwithout = [\"drug "
                              "..-1\"]\n" +
                              others);
    EXPECT_TRUE(first(Person().had(e11, 1).had(metformin, 5).had(e11, 9)).holds());
    EXPECT_FALSE(first(Person().had(metformin, 0).had(e11, 1).had(e11, 9)).holds());
}

TEST(Language, AndOrNot) {
    const Rules either = trait("any_of = [\"drug\", \"twice\"]\n" + others);
    EXPECT_EQ(status(either, Person().had(metformin, 5)), CaseStatus::event_case);
    EXPECT_EQ(status(either, Person().had(r73, 5).had(r73, 6)), CaseStatus::event_case);
    EXPECT_EQ(status(either, Person().had(r73, 5)), CaseStatus::excluded) << "undecided";
    EXPECT_EQ(status(either, Person()), CaseStatus::control);
    const Rules counted = trait("any_of = [\"drug\", \"twice\"]\nmin_dates = 3\n" + others);
    EXPECT_TRUE(counted(Person().had(metformin, 5).had(r73, 5).had(r73, 6).had(r73, 7)).holds());
    EXPECT_FALSE(counted(Person().had(metformin, 5).had(r73, 5).had(r73, 6)).holds());
    const Rules both = trait("all_of = [\"drug\", \"twice\"]\ndate = \"confirmed\"\n" + others);
    EXPECT_EQ(both(Person().had(metformin, 9).had(r73, 5).had(r73, 6)).date, 9);
    EXPECT_EQ(status(both, Person().had(metformin, 9)), CaseStatus::control);
    EXPECT_EQ(status(both, Person().had(metformin, 9).had(r73, 5)), CaseStatus::excluded);
    EXPECT_EQ(status(both, Person().had(r73, 5)), CaseStatus::control) << "no drug: it is no";
    const Rules but_not = trait("codes = [\"ICD10:E11\"]\nnone_of = [\"twice\"]\n" + others);
    EXPECT_TRUE(but_not(Person().had(e11, 5)).holds());
    EXPECT_FALSE(but_not(Person().had(e11, 5).had(r73, 5).had(r73, 6)).holds());
    EXPECT_EQ(status(but_not, Person().had(e11, 5).had(r73, 5)), CaseStatus::excluded);
    const Rules two = trait("any_of = [\"drug\", \"twice\", \"e11\"]\nat_least = 2\ndate = "
                            "\"confirmed\"\n[[trait]]\nname = \"e11\"\ncodes = [\"ICD10:E11\"]\n" +
                            others);
    EXPECT_FALSE(two(Person().had(metformin, 5)).holds());
    EXPECT_EQ(two(Person().had(metformin, 5).had(e11, 50)).date, 50);
}

TEST(Language, OtherDefinitionsKeepFromBeingAControl) {
    const std::string base = "codes = [\"ICD10:E11\"]\n";
    EXPECT_EQ(status(trait(base + "control_exclude_if = [\"drug\"]\n" + others),
                     Person().had(metformin, 3)),
              CaseStatus::excluded);
    EXPECT_EQ(status(trait(base + "control_if = [\"drug\"]\n" + others), Person()),
              CaseStatus::excluded);
    EXPECT_EQ(
        status(trait(base + "control_if = [\"drug\"]\n" + others), Person().had(metformin, 3)),
        CaseStatus::control);
    EXPECT_EQ(status(trait(base + "case_exclude_if = [\"drug\"]\n" + others),
                     Person().had(e11, 1).had(metformin, 3)),
              CaseStatus::excluded);
}

TEST(FollowUp, EndsWithWhateverIsFirst) {
    const auto end = [](const Rules& rules, const Person& person) {
        return rules(person).follow.end;
    };
    const std::string base = "codes = [\"ICD10:E11\"]\n";
    Person person;
    person.periods = {{100, 200}, {300, 1000}};
    EXPECT_EQ(end(trait(base), person), 1000);
    EXPECT_EQ(trait(base)(person).follow.start, 100);
    EXPECT_EQ(end(trait(base), Person(person).had(e11, 350)), 350);
    EXPECT_TRUE(trait(base)(Person(person).had(e11, 350)).follow.event);
    EXPECT_EQ(end(trait(base + "observation_gaps = \"end\"\n"), person), 200);
    EXPECT_EQ(end(trait(base + "max_follow_days = 50\n"), person), 150);
    EXPECT_FALSE(trait(base + "max_follow_days = 50\n")(Person(person).had(e11, 190)).follow.event);
    EXPECT_EQ(end(trait(base + "admin_end = \"1971-01-01\"\n"), person), 365);
    EXPECT_EQ(end(trait(base + "follow_until = [\"drug\"]\n" + others),
                  Person(person).had(metformin, 170)),
              170);
    person.death = 500;
    EXPECT_EQ(end(trait(base), person), 500);
}

TEST(FollowUp, FromAnotherDefinitionOrTheCase) {
    const Rules after = trait(
        "kind = \"time_to_event\"\ncodes = [\"ICD10:E11\"]\nfollow_from = \"drug\"\n" + others);
    EXPECT_EQ(status(after, Person()), CaseStatus::not_applicable);
    EXPECT_EQ(after(Person().had(metformin, 50).had(e11, 80)).follow.start, 50);
    EXPECT_NEAR(time_at_risk(after, Person().had(metformin, 50).had(e11, 80)).time, 30 / 365.25,
                1e-12);
    EXPECT_EQ(status(after, Person().had(metformin, 50).had(e11, 40)), CaseStatus::prevalent);
    const Rules behind = trait("codes = [\"ICD10:E11\"]\nfollow_from = \"case\"\nmax_follow_days = "
                               "365\n");
    const TraitOutcome outcome = behind(Person().had(e11, 80));
    EXPECT_EQ(outcome.follow.start, 80);
    EXPECT_EQ(outcome.follow.end, 445);
    EXPECT_TRUE(std::isnan(behind(Person()).follow.end));
}

TEST(FollowUp, WhileTreatmentLasts) {
    const Rules rules = trait("codes = [\"ICD10:E11\"]\nfollow_from = \"drug\"\ntreatment = "
                              "[\"ATC:A10\"]\ngrace_days = 10\n" +
                              others);
    const auto supply = [](Day day, Day days) {
        Event e = event(metformin, day);
        e.end = day + days - 1;
        return e;
    };
    EXPECT_EQ(rules(Person().had(supply(100, 30))).follow.end, 139);
    EXPECT_EQ(rules(Person().had(supply(100, 30)).had(supply(140, 30))).follow.end, 179);
    EXPECT_EQ(rules(Person().had(supply(100, 30)).had(supply(141, 30))).follow.end, 139)
        << "a day without";
}

const std::string lab_percent =
    "kind = \"quantitative\"\ncodes = [\"LOINC:4548-4\"]\nunit = \"%\"\n";

TEST(Longitudinal, SlopeAreaCountAndDates) {
    Person person;
    person.had(hba1c, 0, 5, 1).had(hba1c, 365, 6, 1).had(hba1c, 730, 9, 1).had(hba1c, 730, 11, 1);
    const auto with = [&](const std::string& how) {
        return value(trait(lab_percent + "summary = \"" + how + "\"\n"), person);
    };
    // R: coef(lm(c(5, 6, 9, 11) ~ I(c(0, 365, 730, 730) / 365.25)))[2] gives 2.63816936488169
    EXPECT_NEAR(with("slope"), 2.63816936488169, 1e-13);
    EXPECT_NEAR(with("area"), (5.5 + 8) * 365 / 365.25, 1e-12) << "the mean of a day counts";
    EXPECT_EQ(with("count"), 4);
    EXPECT_EQ(value(trait("kind = \"quantitative\"\ncodes = [\"LOINC:4548-4\"]\nsummary = "
                          "\"dates\"\n"),
                    person),
              3);
    EXPECT_EQ(value(trait(lab_percent + "summary = \"count\"\n"), Person()), 0);
    const Person once = Person().had(hba1c, 5, 5, 1).had(hba1c, 5, 7, 1);
    EXPECT_TRUE(std::isnan(value(trait(lab_percent + "summary = \"slope\"\n"), once)));
    EXPECT_TRUE(std::isnan(value(trait(lab_percent + "summary = \"area\"\n"), once)));
}

TEST(Longitudinal, AroundAnIndexDate) {
    const Rules before = trait(lab_percent +
                               "index = \"drug\"\nindex_window = \"-100..-1\"\nsummary = "
                               "\"last\"\n" +
                               others);
    Person person;
    person.had(hba1c, 50, 5, 1).had(hba1c, 150, 7, 1).had(hba1c, 250, 6, 1);
    EXPECT_TRUE(std::isnan(value(before, person))) << "no index date";
    EXPECT_EQ(value(before, Person(person).had(metformin, 160)), 7);
    EXPECT_EQ(value(before, Person(person).had(metformin, 150)), 5);
    EXPECT_EQ(value(before, Person(person).had(metformin, 251)), 6);
}

TEST(Longitudinal, AdjustmentAddsBehindDividing) {
    EXPECT_EQ(
        value(trait(lab_percent + "adjust_drugs = [\"ATC:A10\"]\nadjust_divide = 0.5\nadjust_add = "
                                  "1\n"),
              Person().had(metformin, 1).had(hba1c, 2, 3, 1)),
        7);
}

TEST(Attrition, TellsWhoIsLostWhere) {
    const Rules rules = trait("codes = [\"ICD10:E11\"]\nmin_dates = 2\nsex = "
                              "\"female\"\ncase_exclude = [\"ICD10:E10\"]\n");
    AttritionCounts counts;
    Person man, unseen;
    man.sex = 1;
    unseen.periods.clear();
    for (const Person& person :
         {man, unseen, Person(), Person().had(marked(negated, event(e11, 1))), Person().had(e11, 1),
          Person().had(e11, 1).had(e11, 2), Person().had(e11, 1).had(e11, 2).had(e10, 3)})
        counts.add(rules(person));
    std::string told;
    for (const AttritionRow& row : attrition_rows(rules.definition(), counts))
        told += row.path + " " + row.step + " " + std::to_string(row.left) + " -" +
                std::to_string(row.lost) + "\n";
    EXPECT_EQ(told, "case persons 7 -0\n"
                    "case female 6 -1\n"
                    "case with an observation period 5 -1\n"
                    "case with one of the codes 4 -1\n"
                    "case not recorded as absent 3 -1\n"
                    "case inside observation 3 -0\n"
                    "case on enough dates 2 -1\n"
                    "case without what excludes cases 1 -1\n"
                    "case cases 1 -0\n"
                    "control observed persons whom the trait concerns 5 -0\n"
                    "control not cases 4 -1\n"
                    "control not prevalent 4 -0\n"
                    "control without what excludes cases 3 -1\n"
                    "control without some dates that are not enough: controls 2 -1\n");
    std::vector<std::uint64_t> numbers(AttritionCounts::size);
    counts.write(numbers);
    AttritionCounts again;
    again.add(numbers);
    EXPECT_EQ(again.steps, counts.steps);
    EXPECT_EQ(again.excluded, counts.excluded);
}

TEST(Attrition, EndsWithTheCasesOfATimeToEvent) {
    const Rules rules = trait("kind = \"time_to_event\"\ncodes = [\"ICD10:E11\"]\n");
    AttritionCounts counts;
    Person dead;
    dead.death = 50;
    for (const Person& person : {Person(dead).had(e11, 40), Person(dead).had(e11, 60),
                                 Person(dead).had(e11, 0), Person(dead)})
        counts.add(rules(person));
    const auto rows = attrition_rows(rules.definition(), counts);
    EXPECT_EQ(counts.status[static_cast<std::size_t>(CaseStatus::event_case)], 1u);
    for (const AttritionRow& row : rows) {
        if (row.step == "cases") {
            EXPECT_EQ(row.left, 1u);
        }
        if (row.step == "inside observation") {
            EXPECT_EQ(row.left, 3u);
        }
    }
    EXPECT_EQ(rows.back().left, 2u) << "controls: never, and after death";
}

TEST(Attrition, HidesSmallNumbersAndWhatGivesThemAway) {
    const auto shown = [](std::vector<AttritionRow> rows) {
        std::string out;
        for (const SuppressedRow& row : suppress_small(rows, 5))
            out += row.left + "/" + row.lost + " ";
        return out;
    };
    EXPECT_EQ(shown({{"case", "", 100, 0}, {"case", "", 98, 2}, {"case", "", 60, 38}}),
              "100/0 -/<5 60/- ");
    EXPECT_EQ(shown({{"case", "", 100, 0}, {"case", "", 3, 97}, {"case", "", 3, 0}}),
              "100/0 <5/- <5/0 ");
    EXPECT_EQ(
        shown(
            {{"case", "", 100, 0}, {"case", "", 98, 2}, {"case", "", 96, 2}, {"case", "", 94, 2}}),
        "100/0 -/<5 -/<5 94/<5 ");
    EXPECT_EQ(shown({{"case", "", 100, 0}, {"case", "", 50, 50}, {"case", "", 0, 50}}),
              "100/0 50/50 0/50 ");
    // 170 cases: 15 lost of 185. The controls must not tell it in another way.
    EXPECT_EQ(suppress_small({{"case", "", 185, 0}, {"case", "", 170, 15}}, 40)[1].left, "-");
    const auto controls = suppress_small({{"case", "", 185, 0},
                                          {"case", "", 170, 15},
                                          {"control", "", 1007, 0},
                                          {"control", "", 837, 170},
                                          {"control", "", 822, 15}},
                                         40);
    EXPECT_EQ(controls[2].left + " " + controls[3].left + "/" + controls[3].lost + " " +
                  controls[4].left + "/" + controls[4].lost,
              "1,007 -/- 822/<40");
    const auto sum = suppress_small({{"case", "", 185, 0},
                                     {"case", "", 170, 15},
                                     {"control", "", 1007, 0},
                                     {"control", "", 837, 170},
                                     {"control", "", 837, 0}},
                                    40);
    EXPECT_EQ(sum[4].left, "-") << "1007 - 837 would be the cases";
}

} // namespace
} // namespace salus
