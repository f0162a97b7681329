#include "health/rules.hpp"

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

/// Day `days` behind `day`; open windows stay open.
std::int64_t shifted(Day day, Day days) noexcept { return std::int64_t{day} + days; }

bool has_dates(const std::vector<Day>& dates, Day day, const TraitRelation& relation) noexcept {
    const std::int64_t from = shifted(day, relation.window.from),
                       to = shifted(day, relation.window.to);
    const auto first = std::lower_bound(dates.begin(), dates.end(), from,
                                        [](Day d, std::int64_t limit) { return d < limit; });
    const auto last = std::upper_bound(first, dates.end(), to,
                                       [](std::int64_t limit, Day d) { return limit < d; });
    return last - first >= static_cast<std::ptrdiff_t>(relation.times);
}

} // namespace

bool sex_fits(const TraitView& view) noexcept {
    const std::string& sex = view.trait.definition().sex;
    return sex == "any" || view.person.sex == (sex == "male" ? 1 : 2);
}

bool age_fits(const TraitView& view, Day day) noexcept {
    const TraitDefinition& rule = view.trait.definition();
    if (rule.min_age <= 0 && rule.max_age >= 150) return true;
    const double age = (day - view.person.birth) / days_per_year;
    return age >= rule.min_age && age < rule.max_age + 1; // false if the birth is not known
}

bool observation_fits(const TraitView& view, Day day) noexcept {
    const TraitDefinition& rule = view.trait.definition();
    if (!rule.inside_observation) return true;
    return std::any_of(view.person.periods.begin(), view.person.periods.end(), [&](Period p) {
        return p.start <= day && day <= p.end && day - p.start >= rule.observed_before_days &&
               p.end - day >= rule.observed_after_days;
    });
}

bool relations_fit(const TraitView& view, Day day) noexcept {
    const auto there = [&](const TraitRelation& relation) {
        return has_dates(view.others[relation.other].dates, day, relation);
    };
    return std::all_of(view.trait.with.begin(), view.trait.with.end(), there) &&
           std::none_of(view.trait.without.begin(), view.trait.without.end(), there);
}

CaseStep event_step(const TraitView& view, const Event& event) {
    if ((event.flags & negated) != 0) return CaseStep::recorded;
    if (!observation_fits(view, event.day)) return CaseStep::affirmed;
    if (!view.trait.source_fits(event)) return CaseStep::inside;
    return view.trait.value_fits(event) ? CaseStep::valued : CaseStep::source;
}

} // namespace salus
