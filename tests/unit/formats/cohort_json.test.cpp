#include "formats/cohort_json.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "health/definition_text.hpp"
#include "health/evaluate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace salus {
namespace {

using ::testing::HasSubstr;

/// A cohort as ATLAS writes it: new users of a drug (concept 20 and below, not 21) with a year of
/// observation, women of 40 to 70, with the disease (concept 10) in the year before and without
/// the other (concept 30) at any time before.
std::string cohort(const std::string& changed = "", const std::string& by = "") {
    std::string json = R"({
  "cdmVersionRange": ">=5.0.0",
  "PrimaryCriteria": {
    "CriteriaList": [{"DrugExposure": {"CodesetId": 1, "First": true, "DrugTypeExclude": false}}],
    "ObservationWindow": {"PriorDays": 365, "PostDays": 0},
    "PrimaryCriteriaLimit": {"Type": "First"}
  },
  "ConceptSets": [
    {"id": 1, "name": "the drug", "expression": {"items": [
      {"concept": {"CONCEPT_ID": 20, "CONCEPT_NAME": "drug", "STANDARD_CONCEPT": "S"}, "includeDescendants": true},
      {"concept": {"CONCEPT_ID": 21}, "isExcluded": true, "includeDescendants": false}]}},
    {"id": 2, "name": "the disease", "expression": {"items": [{"concept": {"CONCEPT_ID": 10}}]}},
    {"id": 3, "name": "the other", "expression": {"items": [{"concept": {"CONCEPT_ID": 30}, "includeMapped": false}]}}
  ],
  "QualifiedLimit": {"Type": "First"},
  "ExpressionLimit": {"Type": "First"},
  "InclusionRules": [
    {"name": "disease", "expression": {"Type": "ALL", "CriteriaList": [
      {"Criteria": {"ConditionOccurrence": {"CodesetId": 2}},
       "StartWindow": {"Start": {"Days": 365, "Coeff": -1}, "End": {"Days": 0, "Coeff": 1}, "UseEventEnd": false},
       "Occurrence": {"Type": 2, "Count": 1, "IsDistinct": false}},
      {"Criteria": {"ConditionOccurrence": {"CodesetId": 3}},
       "StartWindow": {"Start": {"Coeff": -1}, "End": {"Days": 1, "Coeff": -1}},
       "Occurrence": {"Type": 0, "Count": 0}}],
      "DemographicCriteriaList": [], "Groups": []}},
    {"name": "women", "expression": {"Type": "ALL", "CriteriaList": [],
      "DemographicCriteriaList": [{"Age": {"Value": 40, "Extent": 70, "Op": "bt"}, "Gender": [{"CONCEPT_ID": 8532}]}],
      "Groups": []}}
  ],
  "EndStrategy": {"DateOffset": {"DateField": "StartDate", "Offset": 90}},
  "CensoringCriteria": [],
  "CollapseSettings": {"CollapseType": "ERA", "EraPad": 0},
  "CensorWindow": {}
})";
    if (!changed.empty()) {
        const std::size_t at = json.find(changed);
        EXPECT_NE(at, std::string::npos) << changed;
        json.replace(at, changed.size(), by);
    }
    return json;
}

TEST(CohortJson, BecomesDefinitions) {
    const Definitions read = cohort_definitions(cohort(), "c.json", "new_users");
    ASSERT_TRUE(read.problems.empty()) << DataError(read.problems).what();
    const std::string toml = definitions_as_toml(read);
    EXPECT_EQ(toml, R"([[code_set]]
name = "concepts_1"
doc = "the drug"
descendants_of = ["OMOP:20"]
except_codes = ["OMOP:21"]

[[code_set]]
name = "concepts_2"
doc = "the disease"
codes = ["OMOP:10"]

[[code_set]]
name = "concepts_3"
doc = "the other"
codes = ["OMOP:30"]

[[trait]]
name = "new_users"
doc = "Imported from an OHDSI cohort definition"
only = "first"
with = ["new_users.rule_1 -365..0"]
without = ["new_users.rule_2 ..-1"]
any_of = ["new_users.entry_1"]
sex = "female"
min_age = 40.0
max_age = 70.0
age_at = "date"
follow_from = "case"
max_follow_days = 90

[[trait]]
name = "new_users.entry_1.ever"
kind = "criterion"
doc = "all such events, observed or not"
codes = ["@concepts_1"]
event_kinds = ["drug"]
inside_observation = false

[[trait]]
name = "new_users.entry_1"
kind = "criterion"
doc = "entry event of the cohort"
codes = ["@concepts_1"]
event_kinds = ["drug"]
observed_before_days = 365
without = ["new_users.entry_1.ever ..-1"]

[[trait]]
name = "new_users.rule_1"
kind = "criterion"
doc = "criterion around the entry"
codes = ["@concepts_2"]
event_kinds = ["condition"]

[[trait]]
name = "new_users.rule_2"
kind = "criterion"
doc = "criterion around the entry"
codes = ["@concepts_3"]
event_kinds = ["condition"]
)");
    const Definitions again = parse_definitions(toml, "again");
    ASSERT_TRUE(again.problems.empty()) << UsageError(again.problems).what();
    EXPECT_EQ(definitions_as_toml(again), toml);
}

class FlatTree : public ConceptTree {
public:
    bool is_below(std::uint32_t concept_id, std::uint32_t ancestor) const override {
        return concept_id == ancestor || (ancestor == 20 && (concept_id == 21 || concept_id == 22));
    }
};

TEST(CohortJson, TakesTheRightPersons) {
    const std::vector<std::string> codes{"OMOP:10", "OMOP:21", "OMOP:22", "OMOP:30"}, units{""};
    const std::vector<std::uint32_t> concepts{10, 21, 22, 30};
    enum Code : std::uint32_t { disease, excluded_drug, drug, other };
    const FlatTree tree;
    const TraitPanel panel(cohort_definitions(cohort(), "c.json", "c"),
                           {codes, concepts, units, &tree});
    const auto outcome = [&](std::vector<std::pair<Code, Day>> had, std::uint8_t sex = 2) {
        std::vector<Event> events;
        for (const auto& [code, day] : had) {
            Event e;
            e.code = code;
            e.day = e.end = day;
            e.kind = code == drug || code == excluded_drug ? EventKind::drug : EventKind::condition;
            events.push_back(e);
        }
        std::stable_sort(events.begin(), events.end(),
                         [](const Event& a, const Event& b) { return a.day < b.day; });
        const Period period{0, 5000};
        PersonView person;
        person.sex = sex;
        person.birth = -45 * 365.25;
        person.death = NAN;
        person.periods = {&period, 1};
        person.events = events;
        TraitPanel::Scratch scratch;
        return panel.evaluate(person, scratch)[*panel.find("c")];
    };
    const TraitOutcome in = outcome({{disease, 900}, {drug, 1000}});
    EXPECT_TRUE(in.holds());
    EXPECT_EQ(in.date, 1000);
    EXPECT_EQ(in.follow.end, 1090);
    EXPECT_FALSE(outcome({{disease, 900}, {excluded_drug, 1000}}).holds());
    EXPECT_FALSE(outcome({{disease, 900}, {drug, 1000}}, 1).holds()) << "a man";
    EXPECT_FALSE(outcome({{disease, 634}, {drug, 1000}}).holds()) << "disease too long before";
    EXPECT_FALSE(outcome({{disease, 100}, {drug, 200}}).holds()) << "not observed for a year";
    EXPECT_FALSE(outcome({{disease, 900}, {drug, 100}, {drug, 1000}}).holds()) << "no new user";
    EXPECT_FALSE(outcome({{disease, 900}, {other, 1}, {drug, 1000}}).holds());
    EXPECT_TRUE(outcome({{disease, 900}, {other, 1000}, {drug, 1000}}).holds());
}

std::string refusal_of_change(const std::string& changed, const std::string& by) {
    const Definitions read = cohort_definitions(cohort(changed, by), "c.json", "c");
    EXPECT_TRUE(read.traits.empty() || read.problems.empty());
    return read.problems.empty() ? "taken" : DataError(read.problems).what();
}

TEST(CohortJson, RefusesTheRestByItsPlace) {
    const std::vector<std::array<std::string, 3>> cases{
        {R"("DrugTypeExclude": false)", R"("DrugTypeExclude": true)",
         "PrimaryCriteria.CriteriaList[0].DrugExposure.DrugTypeExclude"},
        {R"("First": true)", R"("VisitType": [{"CONCEPT_ID": 9201}])",
         "PrimaryCriteria.CriteriaList[0].DrugExposure.VisitType"},
        {R"({"DrugExposure": {"CodesetId": 1)", R"({"DrugEra": {"CodesetId": 1)",
         "PrimaryCriteria.CriteriaList[0].DrugEra"},
        {R"("CodesetId": 2)", R"("CodesetId": 7)",
         "InclusionRules[0].expression.CriteriaList[0].Criteria.ConditionOccurrence.CodesetId"},
        {R"("includeMapped": false)", R"("includeMapped": true)",
         "ConceptSets[2].expression.items[0].includeMapped"},
        {R"("Type": 2, "Count": 1)", R"("Type": 2, "Count": 2)",
         "InclusionRules[0].expression.CriteriaList[0].Occurrence"},
        {R"("expression": {"Type": "ALL", "CriteriaList": [
      {"Criteria")",
         R"("expression": {"Type": "ANY", "CriteriaList": [
      {"Criteria")",
         "InclusionRules[0].expression.Type"},
        {R"("UseEventEnd": false)", R"("UseEventEnd": true)",
         "InclusionRules[0].expression.CriteriaList[0].StartWindow.UseEventEnd"},
        {R"("DateField": "StartDate")", R"("DateField": "EndDate")",
         "EndStrategy.DateOffset.DateField"},
        {R"({"DateOffset": {)", R"({"CustomEra": {"GapDays": 30}, "DateOffset": {)",
         "EndStrategy.CustomEra"},
        {R"("CensoringCriteria": [])", R"("CensoringCriteria": [{"Death": {}}])",
         "CensoringCriteria"},
        {R"("CensorWindow": {})", R"("CensorWindow": {"StartDate": "2020-01-01"})", "CensorWindow"},
        {R"("Op": "bt")", R"("Op": "!bt")",
         "InclusionRules[1].expression.DemographicCriteriaList[0].Age"},
        {R"([{"CONCEPT_ID": 8532}])", R"([{"CONCEPT_ID": 8521}])",
         "InclusionRules[1].expression.DemographicCriteriaList[0].Gender"},
        {R"({"Coeff": -1})", R"({"Coeff": 1})",
         "InclusionRules[0].expression.CriteriaList[1].StartWindow.Start"},
        {R"("PriorDays": 365)", R"("PriorDays": "a year")",
         "PrimaryCriteria.ObservationWindow.PriorDays"},
        {R"("CONCEPT_ID": 20,)", R"("CONCEPT_ID": -1,)",
         "ConceptSets[0].expression.items[0].concept.CONCEPT_ID"},
        {R"([{"DrugExposure": {"CodesetId": 1, "First": true, "DrugTypeExclude": false}}])", "[]",
         "PrimaryCriteria.CriteriaList"},
    };
    for (const auto& [changed, by, where] : cases)
        EXPECT_THAT(refusal_of_change(changed, by), HasSubstr("c.json, " + where)) << by;
}

TEST(CohortJson, ValuesNeedAUnit) {
    const std::string drug = R"({"DrugExposure": {"CodesetId": 1, "First": true, )"
                             R"("DrugTypeExclude": false}})";
    EXPECT_THAT(
        refusal_of_change(drug, R"({"Measurement": {"CodesetId": 1, "ValueAsNumber": {"Value": 7, )"
                                R"("Op": "gte"}}})"),
        HasSubstr("Measurement.Unit"));
    const Definitions read = cohort_definitions(
        cohort(drug, R"({"Measurement": {"CodesetId": 1, "ValueAsNumber": {"Value": 7, "Op": )"
                     R"("gte"}, "Unit": [{"CONCEPT_ID": 8554}]}})"),
        "c.json", "c");
    ASSERT_TRUE(read.problems.empty()) << DataError(read.problems).what();
    EXPECT_EQ(read.traits.at(1).value, std::vector<std::string>{">= 7"});
    EXPECT_EQ(read.traits.at(1).unit, "%");
}

TEST(CohortJson, EventsOfAnyConcept) {
    const Definitions read = cohort_definitions(
        cohort(R"({"ConditionOccurrence": {"CodesetId": 3}})", R"({"Death": {}})"), "c.json", "c");
    ASSERT_TRUE(read.problems.empty()) << DataError(read.problems).what();
    EXPECT_EQ(read.traits.back().codes, std::vector<std::string>{"*"});
    EXPECT_EQ(read.traits.back().event_kinds, std::vector<std::string>{"death"});
}

TEST(CohortJson, NeedsJson) {
    for (const char* bad : {"", "{", "[1, 2", "{\"a\": 1,}"})
        EXPECT_THROW(cohort_definitions(bad, "c.json", "c"), DataError) << bad;
    EXPECT_FALSE(cohort_definitions("[]", "c.json", "c").problems.empty());
    EXPECT_FALSE(cohort_definitions("{}", "c.json", "c").problems.empty());
}

} // namespace
} // namespace salus
