#pragma once

#include "base/error.hpp"
#include "health/evaluate.hpp"
#include "health/rules.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace salus::rule_tests {

inline const std::vector<std::string> codes{"ICD10:E10.9", "ICD10:E11",       "ICD10:E11.9",
                                            "ICD10:R73",   "LOINC:4548-4",    "ATC:A10BA02",
                                            "ICD10:O24",   "SNOMED:260385009"};
inline const std::vector<std::uint32_t> concepts{201254, 201826, 443729, 0, 3004410, 0, 4058243, 0};
inline const std::vector<std::string> units{"", "%", "mmol/mol", "mmol/mol?"};
enum Code : std::uint32_t { e10, e11, e119, r73, hba1c, metformin, o24, negative };

/// Diabetes (201820) > type 2 (201826) > with complications (443729); type 1 (201254) apart.
class SmallTree : public ConceptTree {
public:
    bool is_below(std::uint32_t concept_id, std::uint32_t ancestor) const override {
        if (concept_id == ancestor) return true;
        if (ancestor == 201820)
            return concept_id == 201826 || concept_id == 443729 || concept_id == 201254;
        return ancestor == 201826 && concept_id == 443729;
    }
};
inline const SmallTree tree;

struct Person {
    std::uint8_t sex = 2;
    double birth = day_from_civil(1960, 1, 1), death = std::nan("");
    std::vector<Period> periods{{0, 20000}};
    std::vector<Event> events;

    Person& had(const Event& event) {
        events.push_back(event);
        std::stable_sort(events.begin(), events.end(),
                         [](const Event& a, const Event& b) { return a.day < b.day; });
        return *this;
    }
    Person& had(Code code, Day day, double value = std::nan(""), std::uint32_t unit = 0,
                std::uint8_t comparator = 0) {
        Event event;
        event.day = event.end = day;
        event.comparator = comparator;
        event.code = code;
        event.unit = unit;
        event.value = value;
        return had(event);
    }
    PersonView view() const {
        PersonView person;
        person.sex = sex;
        person.birth = birth;
        person.death = death;
        person.periods = periods;
        person.events = events;
        return person;
    }
};

/// Definitions over the codes above, and what they make of one person.
struct Rules {
    explicit Rules(std::string_view toml)
        : definitions(parse_definitions(toml, "test")),
          panel((check(), definitions), {codes, concepts, units, &tree}) {}
    TraitOutcome operator()(const Person& person, std::string_view name = "t") const {
        TraitPanel::Scratch scratch;
        return panel.evaluate(person.view(), scratch)[*panel.find(name)];
    }
    const Trait& trait(std::string_view name = "t") const {
        return panel.traits()[*panel.find(name)];
    }
    const TraitDefinition& definition() const { return trait().definition(); }

    Definitions definitions;
    TraitPanel panel;

private:
    void check() const {
        if (!definitions.problems.empty()) throw UsageError(definitions.problems);
    }
};

/// One trait `t` with these keys, and whatever definitions stand behind it.
inline Rules trait(std::string_view keys) {
    return Rules("[[trait]]\nname = \"t\"\n" + std::string(keys));
}
inline CaseStatus status(const Rules& rules, const Person& person) { return rules(person).status; }
inline double value(const Rules& rules, const Person& person) {
    return trait_value(rules.trait(), rules(person));
}
inline TimeAtRisk time_at_risk(const Rules& rules, const Person& person) {
    return salus::time_at_risk(rules.trait(), person.view(), rules(person));
}

} // namespace salus::rule_tests
