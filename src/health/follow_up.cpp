#include "health/rules.hpp"

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

/// Day on which treatment that covers `start` ends, with its grace; nothing if there is none.
std::optional<double> treated_until(const TraitView& view, double start) {
    const std::int64_t grace = view.trait.definition().grace_days;
    std::vector<std::pair<std::int64_t, std::int64_t>> supplies;
    for (const Event& event : view.person.events)
        if ((view.trait.role(event.code) & treats) != 0 && (event.flags & negated) == 0)
            supplies.emplace_back(event.day, std::max(event.day, event.end) + grace);
    std::sort(supplies.begin(), supplies.end());
    std::optional<std::int64_t> reach;
    for (const auto& [from, to] : supplies) {
        if (static_cast<double>(from) > start && (!reach || from > *reach + 1)) break;
        if (static_cast<double>(to) >= start) reach = std::max(reach.value_or(to), to);
    }
    if (!reach) return std::nullopt;
    return static_cast<double>(*reach);
}

/// Follow-up of one person, from the outside to the inside.
class Follow {
public:
    explicit Follow(const TraitView& view) : view_(view), rule_(view.trait.definition()) {}

    /// False if there is no day of it.
    bool find(const TraitOutcome& outcome) {
        const auto& periods = view_.person.periods;
        switch (view_.trait.follow_from) {
        case FollowFrom::observation:
            start = static_cast<double>(periods.front().start + rule_.washout_days);
            break;
        case FollowFrom::own_case:
            if (!outcome.holds()) return false;
            start = outcome.date;
            break;
        case FollowFrom::definition:
            start = view_.others[view_.trait.start].date;
            break;
        }
        end = periods.back().end;
        if (rule_.observation_gaps == "end" && !in_one_period()) return false;
        if (view_.trait.kind() == TraitKind::time_to_event && !keep_age()) return false;
        shorten(view_.person.death);
        shorten(view_.trait.admin_end);
        if (rule_.max_follow_days > 0) shorten(start + static_cast<double>(rule_.max_follow_days));
        for (const std::size_t t : view_.trait.follow_until)
            if (view_.others[t].holds()) shorten(view_.others[t].date);
        if (rule_.treatment.empty()) return true;
        const auto treated = treated_until(view_, start);
        if (treated) shorten(*treated);
        return treated.has_value();
    }

    double start = 0, end = 0;

private:
    void shorten(double limit) {
        if (!std::isnan(limit)) end = std::min(end, limit);
    }
    /// From `start`, or the next day under observation, to the end of that period.
    bool in_one_period() {
        for (const Period& period : view_.person.periods) {
            if (period.end < start) continue;
            start = std::max(start, static_cast<double>(period.start));
            end = period.end;
            return true;
        }
        return false;
    }
    bool keep_age() {
        const double birth = view_.person.birth;
        const bool limited = rule_.min_age > 0 || rule_.max_age < 150;
        if ((limited || rule_.time_scale == "age") && std::isnan(birth)) return false;
        if (rule_.min_age > 0) start = std::max(start, birth + rule_.min_age * days_per_year);
        if (rule_.max_age < 150) shorten(birth + (rule_.max_age + 1) * days_per_year);
        return true;
    }

    const TraitView& view_;
    const TraitDefinition& rule_;
};

} // namespace

void follow_up(const TraitView& view, TraitOutcome& outcome) {
    if (outcome.status != CaseStatus::event_case && outcome.status != CaseStatus::control) return;
    Follow follow(view);
    if (!follow.find(outcome)) return;
    const bool after = view.trait.follow_from == FollowFrom::own_case;
    const bool timed = view.trait.kind() == TraitKind::time_to_event;
    bool event = false;
    if (outcome.holds() && !after) {
        if (outcome.date < follow.start || (timed && outcome.date <= follow.start)) return;
        event = outcome.date <= follow.end;
        if (event) follow.end = outcome.date;
    }
    if (follow.end < follow.start || (timed && !(follow.end > follow.start))) return;
    outcome.follow = {follow.start, follow.end, event};
}

TimeAtRisk time_at_risk(const Trait& trait, const PersonView& person, const TraitOutcome& outcome) {
    const FollowUp& follow = outcome.follow;
    if (std::isnan(follow.end)) return {follow.end, follow.end, follow.end};
    const double zero = trait.definition().time_scale == "age" ? person.birth : follow.start;
    return {follow.event ? 1.0 : 0.0, (follow.end - zero) / days_per_year,
            (follow.start - zero) / days_per_year};
}

} // namespace salus
