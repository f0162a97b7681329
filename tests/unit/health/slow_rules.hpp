#pragma once

#include "unit/health/definition_rules.hpp"

#include <map>
#include <optional>
#include <set>

namespace salus::rule_tests {

/// What a definition says of a person, slowly and as docs/phenotypes.md puts it: sets of days, no
/// shortcuts, nothing shared with the program but the definition itself.
class SlowRules {
public:
    SlowRules(const Definitions& all, const Person& person) : all_(all), p_(person) {}

    struct Answer {
        std::string status = "excluded";
        std::optional<Day> date;
        std::set<Day> dates;
        double value = std::nan("");
        std::optional<std::pair<double, double>> follow;
        bool event = false;
        bool yes() const { return status == "case"; }
        bool open() const { return status == "excluded" || status == "prevalent"; }
    };

    Answer operator()(const std::string& name) {
        if (const auto known = answers_.find(name); known != answers_.end()) return known->second;
        const TraitDefinition& t = *std::find_if(all_.traits.begin(), all_.traits.end(),
                                                 [&](const auto& d) { return d.name == name; });
        Answer answer = t.kind == "quantitative" ? measured(t) : decided(t);
        if (!answer.yes()) answer.dates.clear();
        answers_[name] = answer;
        return answer;
    }

private:
    using Days = std::set<Day>;
    using Names = std::vector<std::string>;

    static bool listed(const Names& list, std::uint32_t code) {
        return std::any_of(list.begin(), list.end(), [&](const std::string& entry) {
            return codes[code].starts_with(entry); // E11.9 lies below E11
        });
    }
    bool observed(const TraitDefinition& t, Day day) const {
        if (!t.inside_observation) return true;
        for (const Period& p : p_.periods) {
            bool whole = true;
            for (Day d = day - static_cast<Day>(t.observed_before_days);
                 d <= day + t.observed_after_days; ++d)
                whole = whole && p.start <= d && d <= p.end;
            if (whole) return true;
        }
        return false;
    }
    static double converted(const TraitDefinition& t, double value, std::uint32_t unit) {
        double out = std::nan("");
        if (units[unit] == t.unit || (units[unit].empty() && t.missing_unit == "assume"))
            out = value;
        for (const std::string& written : t.convert)
            if (parse_conversion(written)->unit == units[unit])
                out = parse_conversion(written)->factor * value + parse_conversion(written)->offset;
        return out;
    }
    static double in_unit(const TraitDefinition& t, double value, std::uint32_t unit) {
        const double out = converted(t, value, unit);
        return out >= t.low && out <= t.high ? out : std::nan("");
    }
    static bool value_ok(const TraitDefinition& t, const Event& e) {
        if (!t.value_codes.empty() &&
            (e.value_code == no_code || !listed(t.value_codes, e.value_code)))
            return false;
        for (const std::string& test : t.value) {
            if (std::isnan(in_unit(t, e.value, e.unit))) return false;
            const ValueTest r = *parse_value_test(test);
            // Everything that the value can be: 1 <, 2 <=, 3 >=, 4 >.
            const double v = e.value;
            std::vector<double> can{v};
            if (e.comparator == 1) can = {v - 1e-9, v - 1e9};
            if (e.comparator == 2) can = {v, v - 1e9};
            if (e.comparator == 3) can = {v, v + 1e9};
            if (e.comparator == 4) can = {v + 1e-9, v + 1e9};
            for (double& x : can)
                x = converted(t, x, e.unit);
            for (const double x : can)
                if (!(r.above ? (r.inclusive ? x >= r.limit : x > r.limit)
                              : (r.inclusive ? x <= r.limit : x < r.limit)))
                    return false;
        }
        return true;
    }
    bool event_ok(const TraitDefinition& t, const Event& e) const {
        if ((e.flags & negated) != 0 || !observed(t, e.day)) return false;
        if (!t.event_kinds.empty() && std::find(t.event_kinds.begin(), t.event_kinds.end(),
                                                to_string(e.kind)) == t.event_kinds.end())
            return false;
        const std::map<EventSource, std::string> sources{
            {EventSource::inpatient, "inpatient"},
            {EventSource::primary_care, "primary_care"},
            {EventSource::unknown, ""}};
        if (!t.sources.empty() &&
            std::find(t.sources.begin(), t.sources.end(), sources.at(e.source)) == t.sources.end())
            return false;
        if (t.primary_position && (e.flags & primary_position) == 0) return false;
        return value_ok(t, e);
    }
    Days days_of(const TraitDefinition& t, const Names& list) const {
        Days out;
        for (const Event& e : p_.events)
            if (listed(list, e.code) && (e.flags & negated) == 0 && observed(t, e.day))
                out.insert(e.day);
        return out;
    }
    bool related(const TraitDefinition& t, Day day) {
        const auto found = [&](const std::string& written) {
            const DateRelation r = *parse_relation(written);
            std::int64_t n = 0;
            for (const Day other : (*this)(r.name).dates) {
                const double behind = static_cast<double>(other) - day;
                n += behind >= r.window.from && behind <= r.window.to ? 1 : 0;
            }
            return n >= r.times;
        };
        for (const std::string& written : t.with)
            if (!found(written)) return false;
        for (const std::string& written : t.without)
            if (found(written)) return false;
        return true;
    }
    bool right_sex(const TraitDefinition& t) const {
        return t.sex == "any" || (t.sex == "male" && p_.sex == 1) ||
               (t.sex == "female" && p_.sex == 2);
    }
    bool right_age(const TraitDefinition& t, Day day) const {
        if (t.min_age == 0 && t.max_age == 150) return true;
        const double age = (day - p_.birth) / 365.25;
        return age >= t.min_age && age < t.max_age + 1;
    }

    Answer decided(const TraitDefinition& t);
    void settle(const TraitDefinition& t, const Days& dates, bool evidence, bool enough,
                std::optional<Day> first, std::optional<Day> on, Answer& out);
    void follow(const TraitDefinition& t, Answer& out);
    Answer measured(const TraitDefinition& t);
    int holding(const Names& names, bool or_open) {
        int n = 0;
        for (const std::string& name : names) {
            const Answer other = (*this)(name);
            n += other.yes() || (or_open && other.open()) ? 1 : 0;
        }
        return n;
    }

    const Definitions& all_;
    const Person& p_;
    std::map<std::string, Answer> answers_;
};

} // namespace salus::rule_tests
