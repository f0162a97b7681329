#pragma once

#include "health/evaluate.hpp"

#include <span>
#include <vector>

namespace salus {

constexpr double days_per_year = 365.25;

/// A trait and a person; `others` are the outcomes of all definitions, of which those that the
/// trait needs are known. `person.events` may leave out events without a role in the trait.
struct TraitView {
    const Trait& trait;
    const PersonView& person;
    std::span<const TraitOutcome> others;
};

bool sex_fits(const TraitView& view) noexcept;
bool age_fits(const TraitView& view, Day day) noexcept;
/// Whether a period of observation takes in `day` with as much before and after it as is asked for;
/// always true where observation does not matter.
bool observation_fits(const TraitView& view, Day day) noexcept;
/// Whether `day` has the dates of other definitions around it that it must have, and none other.
bool relations_fit(const TraitView& view, Day day) noexcept;
/// How far an event with a code of the trait gets: recorded to valued. Values are looked at for
/// their conditions only.
CaseStep event_step(const TraitView& view, const Event& event);

/// Rules of all traits but quantitative ones, in this order: other sex; not observed; case_exclude;
/// enough dates and span and all other definitions (then washout and age); some dates but not
/// enough, something undecided, or control_exclude; control. Cost O(events log events).
void decide_case(const TraitView& view, TraitOutcome& outcome);
/// The value of a quantitative trait in its unit, NaN without enough values. Median of an even
/// number of values: mean of the middle two. Of two values on one day the one that comes first in
/// the store is first; slope by least squares, area by trapezoids through the means of each day.
void measure(const TraitView& view, TraitOutcome& outcome);
/// Fills `outcome.follow` of a case or control.
void follow_up(const TraitView& view, TraitOutcome& outcome);

} // namespace salus
