#include "health/rules.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace salus {
namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

struct DatedValue {
    Day day = 0;
    double value = 0;
};

double mean(const std::vector<DatedValue>& values) {
    double sum = 0;
    for (const DatedValue& v : values)
        sum += v.value;
    return sum / static_cast<double>(values.size());
}

/// Units per year by least squares; NaN if all values are of one day.
double slope(const std::vector<DatedValue>& values) {
    double day = 0;
    for (const DatedValue& v : values)
        day += v.day - values.front().day;
    day /= static_cast<double>(values.size());
    const double middle = mean(values);
    double across = 0, along = 0;
    for (const DatedValue& v : values) {
        const double x = (v.day - values.front().day - day) / days_per_year;
        across += x * (v.value - middle);
        along += x * x;
    }
    return along > 0 ? across / along : missing;
}

/// Units times years under straight lines from day to day; NaN if all values are of one day.
double area(const std::vector<DatedValue>& values) {
    double sum = 0, earlier = 0;
    Day before = values.front().day;
    bool first = true;
    for (std::size_t i = 0; i < values.size();) {
        std::size_t j = i;
        double total = 0;
        for (; j < values.size() && values[j].day == values[i].day; ++j)
            total += values[j].value;
        const double now = total / static_cast<double>(j - i);
        if (!first) sum += (values[i].day - before) / days_per_year * (now + earlier) / 2;
        before = values[i].day;
        earlier = now;
        first = false;
        i = j;
    }
    return values.back().day > values.front().day ? sum : missing;
}

double median(std::vector<DatedValue>& values) {
    std::sort(values.begin(), values.end(),
              [](const DatedValue& a, const DatedValue& b) { return a.value < b.value; });
    const std::size_t middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle].value
                                  : (values[middle - 1].value + values[middle].value) / 2;
}

double summarise(std::vector<DatedValue>& values, Summary how) {
    const auto less = [](const DatedValue& a, const DatedValue& b) { return a.value < b.value; };
    switch (how) {
    case Summary::median:
        return median(values);
    case Summary::mean:
        return mean(values);
    case Summary::first:
        return values.front().value;
    case Summary::last:
        return values.back().value;
    case Summary::max:
        return std::max_element(values.begin(), values.end(), less)->value;
    case Summary::min:
        return std::min_element(values.begin(), values.end(), less)->value;
    case Summary::slope:
        return slope(values);
    case Summary::area:
        return area(values);
    case Summary::count:
    case Summary::dates:
        break;
    }
    return static_cast<double>(values.size());
}

/// Values of one person on the way through the rules of one trait.
class Measurement {
public:
    Measurement(const TraitView& view, TraitOutcome& out)
        : view_(view), trait_(view.trait), rule_(view.trait.definition()), out_(out) {}

    void run() {
        const bool observed = !view_.person.periods.empty();
        if (!sex_fits(view_))
            out_.status = CaseStatus::not_applicable;
        else
            pass(CaseStep::sex);
        if (out_.step != CaseStep::sex || !observed) return;
        pass(CaseStep::enrolled);
        out_.status = CaseStatus::excluded;
        if (trait_.has_index() && !view_.others[trait_.index].holds()) return;
        for (const Event& event : view_.person.events) // ascending, as the days
            if ((trait_.role(event.code) & adjusts_value) != 0 && (event.flags & negated) == 0)
                drugs_.push_back(event.day);
        for (const Event& event : view_.person.events)
            if ((trait_.role(event.code) & counts_as_code) != 0) take(event);
        finish();
    }

private:
    void pass(CaseStep step) { out_.step = std::max(out_.step, step); }
    bool counts_only() const {
        return trait_.summary == Summary::count || trait_.summary == Summary::dates;
    }

    /// How far an event gets; its value where it gets to the end.
    CaseStep step_of(const Event& event, double& value) const {
        const CaseStep step = event_step(view_, event);
        if (step < CaseStep::valued) return step;
        if (trait_.summary != Summary::dates) {
            if (event.comparator != 0 || std::isnan(event.value)) return CaseStep::source;
            value = trait_.harmonised(event);
            if (std::isnan(value)) return CaseStep::source;
        }
        if (!age_fits(view_, event.day)) return CaseStep::valued;
        if (!in_window(event.day)) return CaseStep::aged;
        return relations_fit(view_, event.day) ? CaseStep::related : CaseStep::windowed;
    }
    bool in_window(Day day) const {
        if (!trait_.has_index()) return true;
        const std::int64_t behind = std::int64_t{day} - view_.others[trait_.index].date;
        return behind >= trait_.index_window.from && behind <= trait_.index_window.to;
    }

    void take(const Event& event) {
        double value = 0;
        const CaseStep step = step_of(event, value);
        pass(step);
        if (step != CaseStep::related) return;
        if (trait_.summary == Summary::dates && !values_.empty() && values_.back().day == event.day)
            return;
        const auto behind = std::upper_bound(drugs_.begin(), drugs_.end(), event.day);
        if (behind != drugs_.begin() && event.day - *(behind - 1) <= rule_.adjust_days)
            value = value / rule_.adjust_divide + rule_.adjust_add;
        values_.push_back({event.day, value});
    }

    void finish() {
        out_.date_count = static_cast<std::uint32_t>(values_.size());
        if (!counts_only() &&
            (values_.empty() || values_.size() < static_cast<std::size_t>(rule_.min_values)))
            return;
        out_.value = summarise(values_, trait_.summary);
        if (!std::isnan(out_.value)) pass(CaseStep::complete);
    }

    const TraitView& view_;
    const Trait& trait_;
    const TraitDefinition& rule_;
    TraitOutcome& out_;
    std::vector<Day> drugs_;
    std::vector<DatedValue> values_;
};

} // namespace

void measure(const TraitView& view, TraitOutcome& outcome) { Measurement(view, outcome).run(); }

} // namespace salus
