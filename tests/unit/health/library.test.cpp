// The library of definitions in pipelines/phenotypes: read as one, each with a record made to match
// it.
#include "base/date.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "health/code.hpp"
#include "health/evaluate.hpp"
#include "health/explain.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

namespace salus {
namespace {

std::vector<std::filesystem::path> library() {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(
             std::filesystem::path(SALUS_SOURCE_DIR) / "pipelines/phenotypes"))
        if (entry.path().filename() != "demo.toml") files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
}

/// A code that the entry takes in: "ICD10:I21-I25" -> "ICD10:I21".
std::string code_of(const std::string& entry) {
    if (entry == "*") return "ICD10:R99";
    const std::size_t colon = entry.find(':');
    return entry.substr(0, entry.starts_with("LOINC") ? std::string::npos
                                                      : entry.find_first_of("-*", colon));
}

/// Every code and unit that a definition names.
struct Dictionary {
    explicit Dictionary(const Definitions& all) {
        std::set<std::string> found, measured{""};
        const auto take = [&](const std::vector<std::string>& list) {
            for (const std::string& entry : list)
                if (!entry.starts_with('@')) found.insert(code_of(entry));
        };
        for (const CodeSetDefinition& set : all.code_sets)
            take(set.codes);
        for (const TraitDefinition& t : all.traits) {
            for (const auto* list : {&t.codes, &t.drugs, &t.value_codes, &t.treatment})
                take(*list);
            measured.insert(t.unit);
        }
        codes.assign(found.begin(), found.end());
        units.assign(measured.begin(), measured.end());
        concepts.assign(codes.size(), 0);
    }
    static std::uint32_t place(const std::vector<std::string>& list, const std::string& one) {
        return static_cast<std::uint32_t>(std::lower_bound(list.begin(), list.end(), one) -
                                          list.begin());
    }
    std::vector<std::string> codes, units;
    std::vector<std::uint32_t> concepts;
};

/// Makes up a person for whom a definition holds.
class Witness {
public:
    Witness(const Definitions& all, const Dictionary& dictionary)
        : all_(all), dictionary_(dictionary) {
        for (const TraitDefinition& t : all.traits)
            if (t.sex == "male") men_.insert(t.name);
    }

    TraitOutcome outcome(const TraitDefinition& t, const TraitPanel& panel) {
        events_.clear();
        const Day day = day_from_civil(2015, 6, 1);
        make(t, day);
        std::stable_sort(events_.begin(), events_.end(),
                         [](const Event& a, const Event& b) { return a.day < b.day; });
        const double age = std::clamp(45.0, t.min_age, t.max_age) + 5;
        const Period whole{day_from_civil(2000, 1, 1), day_from_civil(2024, 1, 1)};
        PersonView person;
        person.sex = men_.contains(t.name) ? 1 : 2;
        person.birth = day - 365.25 * age;
        person.death = NAN;
        person.periods = {&whole, 1};
        person.events = events_;
        TraitPanel::Scratch scratch;
        return panel.evaluate(person, scratch)[*panel.find(t.name)];
    }

private:
    const TraitDefinition& trait(const std::string& name) const {
        return *std::find_if(all_.traits.begin(), all_.traits.end(),
                             [&](const auto& t) { return t.name == name; });
    }
    std::string first_code(const std::string& entry) const {
        const auto name = named_code_set(entry);
        if (!name) return code_of(entry);
        const auto set = std::find_if(all_.code_sets.begin(), all_.code_sets.end(),
                                      [&](const auto& s) { return s.name == *name; });
        return first_code(set->codes.front());
    }
    static double number(const TraitDefinition& t) {
        double low = std::isfinite(t.low) ? t.low : 1, high = std::isfinite(t.high) ? t.high : 100;
        for (const std::string& written : t.value)
            (parse_value_test(written)->above ? low : high) = parse_value_test(written)->limit;
        return low + (high - low) / 3;
    }
    void add(const TraitDefinition& t, Day day) {
        static const std::vector<std::string> kinds{
            "", "condition", "measurement", "drug", "procedure", "observation", "death"};
        static const std::vector<std::string> sources{"",          "inpatient",    "outpatient",
                                                      "emergency", "primary_care", "registry"};
        const auto place = [](const std::vector<std::string>& list, const std::string& word) {
            return static_cast<std::uint8_t>(std::find(list.begin(), list.end(), word) -
                                             list.begin());
        };
        Event e;
        e.day = e.end = day;
        e.code = Dictionary::place(dictionary_.codes, first_code(t.codes.front()));
        e.value = number(t);
        e.unit = Dictionary::place(dictionary_.units, t.unit);
        if (!t.event_kinds.empty())
            e.kind = static_cast<EventKind>(place(kinds, t.event_kinds.front()));
        if (!t.sources.empty())
            e.source = static_cast<EventSource>(place(sources, t.sources.front()));
        if (t.primary_position) e.flags = primary_position;
        if (!t.value_codes.empty())
            e.value_code = Dictionary::place(dictionary_.codes, first_code(t.value_codes.front()));
        events_.push_back(e);
    }
    void make(const TraitDefinition& t, Day day) {
        const std::int64_t dates = t.quantitative() ? 3 : t.min_dates;
        const auto step = static_cast<Day>(
            std::max<std::int64_t>(1, dates > 1 ? (t.min_span_days + dates - 2) / (dates - 1) : 1));
        if (!t.codes.empty())
            for (Day i = 0; i < dates; ++i)
                add(t, day + i * step);
        for (std::size_t i = 0; t.codes.empty() && i < t.any_of.size(); ++i)
            if (i < static_cast<std::size_t>(t.at_least)) make(trait(t.any_of[i]), day);
        for (const std::string& name : t.all_of)
            make(trait(name), day);
        if (t.follow_from != "observation" && t.follow_from != "case")
            make(trait(t.follow_from), day - 400);
        for (const std::string& written : t.with)
            for (Day i = 0; i < dates; ++i) {
                const DateRelation relation = *parse_relation(written);
                for (Day k = 0; k < relation.times; ++k)
                    make(trait(relation.name),
                         day + i * step + std::max<Day>(0, relation.window.from) + k);
            }
    }

    const Definitions& all_;
    const Dictionary& dictionary_;
    std::set<std::string> men_;
    std::vector<Event> events_;
};

TEST(Library, EachDefinitionHasACase) {
    const Definitions all = read_definitions(library());
    const Dictionary dictionary(all);
    const TraitPanel panel(all, {dictionary.codes, dictionary.concepts, dictionary.units});
    Witness witness(all, dictionary);
    std::size_t results = 0;
    for (const TraitDefinition& t : all.traits) {
        const TraitOutcome outcome = witness.outcome(t, panel);
        if (t.quantitative())
            EXPECT_FALSE(std::isnan(outcome.value)) << t.name;
        else
            EXPECT_TRUE(outcome.holds()) << explain(all, t);
        EXPECT_GT(t.doc.size(), 10u) << t.name;
        if (t.kind != "criterion") ++results;
    }
    EXPECT_GE(results, 40u);
}

TEST(Library, CodesHaveTheFormOfTheirSystem) {
    const Definitions all = read_definitions(library());
    const auto check = [](const std::vector<std::string>& list, const std::string& owner) {
        for (const std::string& entry : list) {
            if (entry.starts_with('@') || entry.find('*') != std::string::npos) continue;
            const std::string code = code_of(entry);
            const std::size_t colon = code.find(':');
            EXPECT_TRUE(normalise_code(code.substr(0, colon), code.substr(colon + 1)))
                << owner << ": " << entry;
        }
    };
    for (const CodeSetDefinition& set : all.code_sets)
        check(set.codes, set.name);
    for (const TraitDefinition& t : all.traits)
        for (const auto* list : {&t.codes, &t.except_codes, &t.drugs, &t.value_codes,
                                 &t.case_exclude, &t.control_exclude, &t.adjust_drugs})
            check(*list, t.name);
}

} // namespace
} // namespace salus
