#include "health/evaluate.hpp"

#include "base/error.hpp"
#include "health/rules.hpp"

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

/// Washout, the begin of follow-up and age, which a case must fit as well.
void limit_case(const TraitView& view, TraitOutcome& outcome) {
    if (!outcome.holds()) return;
    const TraitDefinition& rule = view.trait.definition();
    const bool criterion = view.trait.kind() == TraitKind::criterion;
    const bool early = (rule.washout_days > 0 &&
                        outcome.date < view.person.periods.front().start + rule.washout_days) ||
                       (view.trait.follow_from == FollowFrom::definition &&
                        outcome.date < view.others[view.trait.start].date);
    if (early) {
        outcome.status = criterion ? CaseStatus::control : CaseStatus::prevalent;
        return;
    }
    outcome.step = std::max(outcome.step, CaseStep::washed_out);
    if (rule.age_at == "case" && !age_fits(view, outcome.date)) {
        outcome.status = criterion ? CaseStatus::control : CaseStatus::excluded;
        outcome.excluded_by = ExcludedBy::age;
        return;
    }
    outcome.step = CaseStep::complete;
}

/// A time_to_event trait is what its follow-up says.
void settle_times(TraitOutcome& outcome, bool dated_case) {
    const bool followed = !std::isnan(outcome.follow.end);
    if (followed) {
        outcome.status = outcome.follow.event ? CaseStatus::event_case : CaseStatus::control;
        outcome.excluded_by = ExcludedBy::nothing;
        // A case behind the end of follow-up is lost at the last step.
        if (outcome.follow.event)
            outcome.step = CaseStep::complete;
        else
            outcome.step = std::min(outcome.step, CaseStep::washed_out);
    } else if (dated_case) {
        outcome.status = CaseStatus::prevalent;
        outcome.step = std::min(outcome.step, CaseStep::not_excluded);
    } else if (outcome.status == CaseStatus::control) {
        outcome.status = CaseStatus::excluded;
        outcome.excluded_by = ExcludedBy::age;
    }
}

void clear(TraitOutcome& outcome) {
    std::vector<Day> dates = std::move(outcome.dates); // keeps its memory
    dates.clear();
    outcome = {};
    outcome.dates = std::move(dates);
}

void decide(const TraitView& view, TraitOutcome& outcome) {
    clear(outcome);
    if (view.trait.kind() == TraitKind::quantitative) return measure(view, outcome);
    decide_case(view, outcome);
    if (view.trait.kind() == TraitKind::time_to_event) {
        const bool dated_case = outcome.holds();
        follow_up(view, outcome);
        limit_case(view, outcome);
        settle_times(outcome, dated_case);
    } else {
        limit_case(view, outcome);
        if (view.trait.kind() == TraitKind::binary) follow_up(view, outcome);
    }
    if (!outcome.holds()) outcome.dates.clear();
}

} // namespace

double trait_value(const Trait& trait, const TraitOutcome& outcome) {
    constexpr double missing = std::numeric_limits<double>::quiet_NaN();
    switch (trait.kind()) {
    case TraitKind::quantitative:
        return outcome.value;
    case TraitKind::first_date:
        return outcome.holds() ? outcome.date : missing;
    default:
        if (outcome.holds()) return 1;
        return outcome.status == CaseStatus::control ? 0 : missing;
    }
}

TraitPanel::TraitPanel(const Definitions& definitions, const StoreDictionary& dictionary)
    : order_(evaluation_order(definitions.traits)), concerns_(dictionary.codes.size()) {
    SALUS_ASSERT(order_.size() == definitions.traits.size());
    const CodeSets sets(definitions.code_sets, dictionary);
    for (std::size_t t = 0; t < definitions.traits.size(); ++t)
        places_.emplace(definitions.traits[t].name, t);
    for (const TraitDefinition& definition : definitions.traits)
        traits_.emplace_back(definition, sets, dictionary, places_);
    for (std::size_t t = 0; t < traits_.size(); ++t)
        for (std::uint32_t c = 0; c < concerns_.size(); ++c)
            if (traits_[t].role(c) != 0) concerns_[c].push_back(static_cast<std::uint32_t>(t));
}

std::optional<std::size_t> TraitPanel::find(std::string_view name) const {
    const auto found = places_.find(name);
    if (found == places_.end()) return std::nullopt;
    return found->second;
}

std::span<const TraitOutcome> TraitPanel::evaluate(const PersonView& person,
                                                   Scratch& scratch) const {
    scratch.events.resize(traits_.size());
    scratch.outcomes.resize(traits_.size());
    for (auto& events : scratch.events)
        events.clear();
    for (const Event& event : person.events)
        for (const std::uint32_t t : concerns_[event.code])
            scratch.events[t].push_back(event);
    PersonView part = person;
    for (const std::size_t t : order_) {
        part.events = scratch.events[t];
        decide({traits_[t], part, scratch.outcomes}, scratch.outcomes[t]);
    }
    return scratch.outcomes;
}

} // namespace salus
