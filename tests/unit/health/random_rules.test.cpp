// Random definitions that use each other, and random persons: the program against a slow version.
#include "base/random.hpp"
#include "base/text.hpp"
#include "health/explain.hpp"
#include "unit/health/slow_rules.hpp"

namespace salus {
namespace {

using namespace rule_tests;

class Dice {
public:
    Dice(std::uint64_t seed, std::string_view what, std::uint64_t n) : rng_(seed, what, n) {}
    bool often(double p) { return rng_.bernoulli(p); }
    std::int64_t below(std::int64_t n) {
        return static_cast<std::int64_t>(rng_.below(static_cast<std::uint64_t>(n)));
    }
    double uniform() { return rng_.uniform(); }
    const std::string& of(const std::vector<std::string>& list) {
        return list[static_cast<std::size_t>(below(static_cast<std::int64_t>(list.size())))];
    }
    std::vector<std::string> some(const std::vector<std::string>& list, std::int64_t most) {
        std::vector<std::string> out;
        for (std::int64_t n = 1 + below(most); n > 0; --n)
            if (const std::string& one = of(list);
                std::find(out.begin(), out.end(), one) == out.end())
                out.push_back(one);
        return out;
    }
    std::string window() {
        const std::int64_t from = below(40) - 20;
        const std::string left = often(0.3) ? "" : text(from);
        return text(left, "..", often(0.3) ? "" : text(from + below(30)));
    }

private:
    Rng rng_;
};

void events(Dice& d, TraitDefinition& t) {
    t.codes = d.some(codes, 3);
    if (d.often(0.2)) t.except_codes = d.some(codes, 1);
    if (d.often(0.2))
        t.inside_observation = false;
    else if (d.often(0.2))
        t.observed_before_days = d.below(10), t.observed_after_days = d.below(10);
    if (d.often(0.2)) t.sources = d.some({"inpatient", "primary_care"}, 2);
    if (d.often(0.1)) t.event_kinds = {"condition"};
    if (d.often(0.1)) t.primary_position = true;
    if (d.often(0.1)) t.value_codes = d.some(codes, 4);
}

void unit(Dice& d, TraitDefinition& t) {
    t.unit = "%";
    t.known_units = false; // units.test.cpp has those
    if (d.often(0.5)) t.convert = {"mmol/mol * 0.5 + 1"};
    if (d.often(0.2)) t.convert = {"mmol/mol? * -1 + 9"};
    if (d.often(0.3)) t.missing_unit = "assume";
    if (d.often(0.3)) t.low = 3, t.high = 9;
}

void combination(Dice& d, TraitDefinition& t, const std::vector<std::string>& known) {
    if (d.often(0.3)) t.any_of = d.some(known, 3);
    if (d.often(0.3)) t.all_of = d.some(known, 2);
    if (d.often(0.2)) t.none_of = d.some(known, 2);
    if (d.often(0.2)) t.with = {text(d.of(known), " ", d.window(), d.often(0.3) ? " times 2" : "")};
    if (d.often(0.2)) t.without = {text(d.of(known), " ", d.window())};
    if (d.often(0.15)) t.case_exclude_if = d.some(known, 1);
    if (t.kind == "binary" && d.often(0.15)) t.control_exclude_if = d.some(known, 1);
    if (t.kind == "binary" && d.often(0.1)) t.control_if = d.some(known, 1);
    if (t.kind == "binary" && d.often(0.15)) t.follow_from = d.of(known);
    if (t.kind == "binary" && d.often(0.15)) t.follow_until = d.some(known, 2);
    if (!t.any_of.empty() && d.often(0.4)) {
        t.codes.clear();
        if (t.any_of.size() > 1 && d.often(0.5)) t.at_least = 2;
    } else if (!t.all_of.empty() && t.any_of.empty() && d.often(0.4)) {
        t.codes.clear();
    }
}

TraitDefinition case_trait(Dice& d, const std::vector<std::string>& known) {
    TraitDefinition t;
    t.kind = d.often(0.4) ? "criterion" : d.often(0.2) ? "first_date" : "binary";
    events(d, t);
    if (d.often(0.3)) {
        t.value = {text(d.of({"<", "<=", ">", ">="}), " ", 3 + d.below(6))};
        unit(d, t);
    }
    if (!known.empty()) combination(d, t, known);
    if (!t.codes.empty() && d.often(0.2)) t.drugs = d.some(codes, 1);
    t.date = d.of({"first", "confirmed", "last"});
    if ((!t.codes.empty() || !t.any_of.empty()) && t.at_least == 1) {
        if (d.often(0.4)) t.min_dates = 1 + d.below(3);
        if (d.often(0.3)) t.min_span_days = d.below(15);
        if (d.often(0.3)) t.within_days = t.min_span_days + 1 + d.below(20);
        if (d.often(0.2)) t.only = d.of({"first", "last"});
    }
    if (d.often(0.2)) t.case_exclude = d.some(codes, 1), t.case_exclude_dates = 1 + d.below(2);
    if (t.kind == "binary" && d.often(0.3)) t.control_exclude = d.some(codes, 2);
    if (d.often(0.3)) t.washout_days = d.below(60);
    if (d.often(0.1)) t.sex = d.of({"male", "female"});
    if (d.often(0.2)) t.min_age = static_cast<double>(d.below(2));
    if (d.often(0.2)) t.max_age = t.min_age;
    if (d.often(0.3)) t.age_at = "date";
    if (t.kind != "binary") return t;
    if (d.often(0.1)) t.follow_from = "case";
    if (d.often(0.2)) t.max_follow_days = 1 + d.below(50);
    if (d.often(0.2)) t.admin_end = format_date(static_cast<Day>(d.below(90)));
    if (d.often(0.3)) t.observation_gaps = "end";
    if (d.often(0.1)) t.treatment = d.some(codes, 2), t.grace_days = d.below(9);
    return t;
}

TraitDefinition value_trait(Dice& d, const std::vector<std::string>& known) {
    TraitDefinition t;
    t.kind = "quantitative";
    events(d, t);
    unit(d, t);
    t.summary =
        d.of({"median", "mean", "first", "last", "max", "min", "slope", "area", "count", "dates"});
    t.min_values = 1 + d.below(2);
    if (d.often(0.3))
        t.adjust_drugs = d.some(codes, 1), t.adjust_divide = 0.5, t.adjust_add = 1,
        t.adjust_days = d.below(30);
    if (d.often(0.3)) t.index = d.of(known), t.index_window = d.window();
    if (d.often(0.2)) t.with = {text(d.of(known), " ", d.window())};
    if (d.often(0.1)) t.sex = "male";
    if (d.often(0.1)) t.max_age = 0;
    return t;
}

Definitions definitions(std::uint64_t n) {
    Dice d(3, "definitions", n);
    Definitions all;
    std::vector<std::string> known;
    for (int i = 0; i < 8; ++i) {
        TraitDefinition t = i < 6 ? case_trait(d, known) : value_trait(d, known);
        t.name = text("t", i);
        if (!t.quantitative()) known.push_back(t.name);
        all.traits.push_back(t);
    }
    std::reverse(all.traits.begin(), all.traits.end()); // the order in the file does not matter
    return all;
}

Person person(std::uint64_t n) {
    Dice d(4, "person", n);
    Person p;
    p.sex = static_cast<std::uint8_t>(d.below(3));
    p.birth = d.often(0.1) ? NAN : static_cast<double>(-d.below(700));
    if (d.often(0.2)) p.death = static_cast<double>(d.below(120));
    p.periods.clear();
    Day start = 0;
    for (std::int64_t k = d.often(0.05) ? 0 : 1 + d.below(3); k > 0; --k) {
        start += static_cast<Day>(1 + d.below(10));
        p.periods.push_back({start, start + static_cast<Day>(d.below(60))});
        start = p.periods.back().end + 1;
    }
    for (std::int64_t k = d.below(25); k > 0; --k) {
        Event e;
        e.day = static_cast<Day>(d.below(100));
        e.end = e.day + static_cast<Day>(d.below(15));
        e.kind = d.often(0.7) ? EventKind::condition : EventKind::measurement;
        e.code = static_cast<std::uint32_t>(d.below(static_cast<std::int64_t>(codes.size())));
        e.comparator = static_cast<std::uint8_t>(d.often(0.7) ? 0 : d.below(5));
        e.unit = static_cast<std::uint32_t>(d.below(4));
        e.value = d.often(0.1) ? NAN : static_cast<double>(2 + d.below(9));
        e.source = d.often(0.4)   ? EventSource::inpatient
                   : d.often(0.5) ? EventSource::primary_care
                                  : EventSource::unknown;
        if (d.often(0.3)) e.flags |= primary_position;
        if (d.often(0.1)) e.flags |= negated;
        if (d.often(0.3))
            e.value_code =
                static_cast<std::uint32_t>(d.below(static_cast<std::int64_t>(codes.size())));
        p.had(e);
    }
    return p;
}

const std::map<CaseStatus, std::string> words{{CaseStatus::control, "control"},
                                              {CaseStatus::event_case, "case"},
                                              {CaseStatus::excluded, "excluded"},
                                              {CaseStatus::prevalent, "prevalent"},
                                              {CaseStatus::not_applicable, "not_applicable"},
                                              {CaseStatus::unobserved, "unobserved"}};

void compare(const TraitDefinition& t, const TraitOutcome& found, const SlowRules::Answer& slow) {
    if (t.quantitative()) {
        if (std::isnan(slow.value))
            EXPECT_TRUE(std::isnan(found.value));
        else
            EXPECT_NEAR(found.value, slow.value, 1e-9 * (1 + std::fabs(slow.value))) << t.summary;
        return;
    }
    ASSERT_EQ(words.at(found.status), slow.status);
    if (found.holds()) {
        EXPECT_EQ(found.date, *slow.date);
        EXPECT_EQ(std::set<Day>(found.dates.begin(), found.dates.end()), slow.dates);
    }
    ASSERT_EQ(std::isnan(found.follow.end), !slow.follow.has_value());
    if (!slow.follow) return;
    EXPECT_EQ(found.follow.start, slow.follow->first);
    EXPECT_EQ(found.follow.end, slow.follow->second);
    EXPECT_EQ(found.follow.event, slow.event);
}

TEST(RandomRules, AgreeWithASlowVersion) {
    std::map<std::string, int> seen;
    for (std::uint64_t n = 0; n < 200; ++n) {
        const Definitions all = definitions(n);
        const TraitPanel panel(all, {codes, concepts, units, &tree});
        TraitPanel::Scratch scratch; // used again, as in the stage
        for (std::uint64_t k = 0; k < 60; ++k) {
            const Person one = person(n * 60 + k);
            SlowRules slow(all, one);
            const auto found = panel.evaluate(one.view(), scratch);
            for (std::size_t t = 0; t < all.traits.size(); ++t) {
                const auto expected = slow(all.traits[t].name);
                compare(all.traits[t], found[t], expected);
                if (HasFailure())
                    FAIL() << "definitions " << n << ", person " << k << "\n"
                           << explain(all, all.traits[t]);
                ++seen[expected.status];
                seen["followed"] += expected.follow.has_value() ? 1 : 0;
                seen["event"] += expected.event ? 1 : 0;
                seen["value"] += std::isnan(expected.value) ? 0 : 1;
            }
        }
    }
    for (const char* what : {"case", "control", "excluded", "prevalent", "not_applicable",
                             "unobserved", "followed", "event", "value"})
        EXPECT_GT(seen[what], 200) << what << " was tried often";
}

} // namespace
} // namespace salus
