#include "unit/health/slow_rules.hpp"

#include <numeric>

namespace salus::rule_tests {

SlowRules::Answer SlowRules::decided(const TraitDefinition& t) {
    Answer out;
    if (!right_sex(t)) return out.status = "not_applicable", out;
    if (p_.periods.empty()) return out.status = "unobserved", out;
    if (t.follow_from != "observation" && t.follow_from != "case" && !(*this)(t.follow_from).yes())
        return out.status = "not_applicable", out;

    Days dates;
    for (const Event& e : p_.events)
        if (listed(t.codes, e.code) && !listed(t.except_codes, e.code) && event_ok(t, e))
            dates.insert(e.day);
    if (!dates.empty()) dates.merge(days_of(t, t.drugs));
    const bool alone = t.codes.empty() && t.any_of.empty();
    const Names& together = alone ? t.all_of : t.any_of;
    const int wanted = alone ? static_cast<int>(t.all_of.size()) : static_cast<int>(t.at_least);
    if (alone || t.at_least > 1) {
        std::vector<Day> each;
        for (const std::string& name : together)
            if ((*this)(name).yes()) each.push_back(*(*this)(name).date);
        std::sort(each.begin(), each.end());
        if (static_cast<int>(each.size()) >= wanted)
            dates.insert(t.date == "first"  ? each.front()
                         : t.date == "last" ? each.back()
                                            : each[static_cast<std::size_t>(wanted - 1)]);
    } else {
        for (const std::string& name : t.any_of)
            for (const Day day : (*this)(name).dates)
                dates.insert(day);
    }
    const bool evidence = !dates.empty();
    if (evidence && t.only == "first") dates = {*dates.begin()};
    if (evidence && t.only == "last") dates = {*dates.rbegin()};
    Days left;
    for (const Day day : dates)
        if (related(t, day) && (t.age_at == "case" || right_age(t, day))) left.insert(day);

    std::optional<Day> first, on;
    for (const Day end : left) {
        Days group;
        for (const Day day : left)
            if (day <= end && (t.within_days == 0 || end - day <= t.within_days)) group.insert(day);
        if (static_cast<std::int64_t>(group.size()) < t.min_dates) continue;
        if (end - *group.begin() < t.min_span_days) continue;
        first = *group.begin();
        on = end;
        break;
    }
    settle(t, left, evidence, on.has_value(), first, on, out);
    if (t.kind == "binary") follow(t, out);
    return out;
}

void SlowRules::settle(const TraitDefinition& t, const Days& dates, bool evidence, bool enough,
                       std::optional<Day> first, std::optional<Day> on, Answer& out) {
    const bool criterion = t.kind == "criterion";
    const std::string negative = criterion ? "control" : "excluded";
    const bool alone = t.codes.empty() && t.any_of.empty();
    const int all = static_cast<int>(t.all_of.size());
    const bool all_yes = holding(t.all_of, false) == all, all_no = holding(t.all_of, true) < all;
    const bool none_yes = holding(t.none_of, true) == 0, none_no = holding(t.none_of, false) > 0;
    const bool no = all_no || none_no, open = !no && !(all_yes && none_yes);
    const bool any_open = !t.any_of.empty() && holding(t.any_of, false) < t.at_least &&
                          holding(t.any_of, true) >= t.at_least;
    const bool shut_out =
        (!t.case_exclude.empty() &&
         static_cast<std::int64_t>(days_of(t, t.case_exclude).size()) >= t.case_exclude_dates) ||
        holding(t.case_exclude_if, false) > 0;
    if (shut_out) {
        out.status = negative;
    } else if (enough && all_yes && none_yes) {
        out.date = t.date == "last" ? *dates.rbegin() : *first;
        if (t.date == "confirmed") {
            out.date = on;
            for (const std::string& name : t.all_of)
                out.date = std::max(*out.date, *(*this)(name).date);
        }
        const Day start = p_.periods.front().start + static_cast<Day>(t.washout_days);
        const bool named = t.follow_from != "observation" && t.follow_from != "case";
        if ((t.washout_days > 0 && *out.date < start) ||
            (named && *out.date < *(*this)(t.follow_from).date))
            out.status = criterion ? "control" : "prevalent";
        else
            out.status = t.age_at == "date" || right_age(t, *out.date) ? "case" : negative;
        out.dates = dates;
    } else if (criterion) {
        out.status = open || (!no && !enough && any_open) ? "excluded" : "control";
    } else if (evidence ? !alone || !no : !no && (alone || any_open)) {
        out.status = "excluded";
    } else if ((!t.control_exclude.empty() && !days_of(t, t.control_exclude).empty()) ||
               holding(t.control_exclude_if, false) > 0 ||
               holding(t.control_if, false) < static_cast<int>(t.control_if.size())) {
        out.status = "excluded";
    } else {
        out.status = "control";
    }
}

void SlowRules::follow(const TraitDefinition& t, Answer& out) {
    if (out.status != "case" && out.status != "control") return;
    double start = p_.periods.front().start + static_cast<double>(t.washout_days);
    if (t.follow_from == "case") {
        if (!out.yes()) return;
        start = *out.date;
    } else if (t.follow_from != "observation") {
        start = *(*this)(t.follow_from).date;
    }
    double end = p_.periods.back().end;
    if (t.observation_gaps == "end") {
        bool found = false;
        for (const Period& p : p_.periods)
            if (!found && p.end >= start) {
                found = true;
                start = std::max<double>(start, p.start);
                end = p.end;
            }
        if (!found) return;
    }
    if (!std::isnan(p_.death)) end = std::min(end, p_.death);
    if (t.max_follow_days > 0) end = std::min(end, start + static_cast<double>(t.max_follow_days));
    if (!t.admin_end.empty()) end = std::min<double>(end, *parse_date(t.admin_end));
    for (const std::string& name : t.follow_until)
        if ((*this)(name).yes()) end = std::min<double>(end, *(*this)(name).date);
    if (!t.treatment.empty()) {
        // Day by day: covered from the start on, without a day uncovered.
        const auto covered = [&](double day) {
            for (const Event& e : p_.events)
                if (listed(t.treatment, e.code) && (e.flags & negated) == 0 && e.day <= day &&
                    day <= e.end + static_cast<double>(t.grace_days))
                    return true;
            return false;
        };
        if (!covered(start)) return;
        double last = start;
        while (covered(last + 1))
            ++last;
        end = std::min(end, last);
    }
    if (out.yes() && t.follow_from != "case") {
        if (*out.date < start) return;
        if (*out.date <= end) {
            end = *out.date;
            out.event = true;
        }
    }
    if (end >= start)
        out.follow = {start, end};
    else
        out.event = false;
}

SlowRules::Answer SlowRules::measured(const TraitDefinition& t) {
    Answer out;
    if (!right_sex(t) || p_.periods.empty()) return out;
    if (!t.index.empty() && !(*this)(t.index).yes()) return out;
    std::vector<std::pair<Day, double>> values;
    Days days;
    for (const Event& e : p_.events) {
        if (!listed(t.codes, e.code) || listed(t.except_codes, e.code) || !event_ok(t, e)) continue;
        double v = 0;
        if (t.summary != "dates") {
            if (e.comparator != 0) continue;
            v = in_unit(t, e.value, e.unit);
            if (std::isnan(v)) continue;
        }
        if (!right_age(t, e.day) || !related(t, e.day)) continue;
        if (!t.index.empty()) {
            const DayWindow w = *parse_window(t.index_window);
            const double behind = static_cast<double>(e.day) - *(*this)(t.index).date;
            if (behind < w.from || behind > w.to) continue;
        }
        std::optional<Day> drug;
        for (const Event& d : p_.events)
            if (listed(t.adjust_drugs, d.code) && (d.flags & negated) == 0 && d.day <= e.day)
                drug = d.day;
        if (drug && e.day - *drug <= t.adjust_days) v = v / t.adjust_divide + t.adjust_add;
        values.emplace_back(e.day, v);
        days.insert(e.day);
    }
    const auto n = static_cast<double>(values.size());
    if (t.summary == "count") return out.value = n, out;
    if (t.summary == "dates") return out.value = static_cast<double>(days.size()), out;
    if (values.empty() || n < static_cast<double>(t.min_values)) return out;
    std::vector<double> v;
    for (const auto& one : values)
        v.push_back(one.second);
    const double mean = std::accumulate(v.begin(), v.end(), 0.0) / n;
    if (t.summary == "first") out.value = v.front();
    if (t.summary == "last") out.value = v.back();
    if (t.summary == "mean") out.value = mean;
    if (t.summary == "slope" && days.size() > 1) {
        // Normal equations of a line: n, sums of x, y, xx, xy with x in years from 1970.
        long double x = 0, y = 0, xx = 0, xy = 0;
        for (const auto& [day, value] : values) {
            const long double year = day / 365.25L;
            x += year, y += value, xx += year * year, xy += year * value;
        }
        out.value = static_cast<double>((n * xy - x * y) / (n * xx - x * x));
    }
    if (t.summary == "area" && days.size() > 1) {
        std::map<Day, std::pair<double, int>> by_day;
        for (const auto& [day, value] : values)
            by_day[day].first += value, ++by_day[day].second;
        out.value = 0;
        for (auto at = std::next(by_day.begin()); at != by_day.end(); ++at) {
            const auto before = std::prev(at);
            out.value += (at->first - before->first) / 365.25 *
                         (at->second.first / at->second.second +
                          before->second.first / before->second.second) /
                         2;
        }
    }
    std::sort(v.begin(), v.end());
    if (t.summary == "max") out.value = v.back();
    if (t.summary == "min") out.value = v.front();
    if (t.summary == "median")
        out.value =
            v.size() % 2 == 1 ? v[v.size() / 2] : (v[v.size() / 2 - 1] + v[v.size() / 2]) / 2;
    return out;
}

} // namespace salus::rule_tests
