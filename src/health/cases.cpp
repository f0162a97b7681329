#include "health/rules.hpp"

#include <algorithm>
#include <optional>

namespace salus {
namespace {

using Places = std::vector<std::size_t>;

void sort_days(std::vector<Day>& days) {
    std::sort(days.begin(), days.end());
    days.erase(std::unique(days.begin(), days.end()), days.end());
}

/// Different days of events with `role`, wherever they were recorded.
std::size_t count_days(const TraitView& view, unsigned role) {
    std::vector<Day> days;
    for (const Event& event : view.person.events)
        if ((view.trait.role(event.code) & role) != 0 && (event.flags & negated) == 0 &&
            observation_fits(view, event.day))
            days.push_back(event.day);
    sort_days(days);
    return days.size();
}

bool any_holds(const TraitView& view, const Places& places) {
    return std::any_of(places.begin(), places.end(),
                       [&](std::size_t t) { return view.others[t].holds(); });
}

/// Yes, no, or neither.
enum class Verdict : std::uint8_t { no, yes, open };

Verdict verdict(const TraitOutcome& outcome) noexcept {
    return outcome.holds() ? Verdict::yes : outcome.undecided() ? Verdict::open : Verdict::no;
}

/// Whether at least `wanted` of `places` hold.
Verdict at_least(const TraitView& view, const Places& places, std::size_t wanted) {
    std::size_t yes = 0, open = 0;
    for (const std::size_t t : places) {
        const Verdict one = verdict(view.others[t]);
        yes += one == Verdict::yes ? 1 : 0;
        open += one == Verdict::open ? 1 : 0;
    }
    if (yes >= wanted) return Verdict::yes;
    return yes + open >= wanted ? Verdict::open : Verdict::no;
}

/// Dates of a case that were reached, of the first group of dates that is enough.
struct Confirmed {
    Day first = 0, on = 0;
};

/// The first day on which enough dates lie within within_days, with the span that they need.
std::optional<Confirmed> confirm(const TraitDefinition& rule, const std::vector<Day>& days) {
    std::size_t begin = 0;
    for (std::size_t i = 0; i < days.size(); ++i) {
        if (rule.within_days > 0)
            while (days[i] - days[begin] > rule.within_days)
                ++begin;
        if (i + 1 - begin >= static_cast<std::size_t>(rule.min_dates) &&
            days[i] - days[begin] >= rule.min_span_days)
            return Confirmed{days[begin], days[i]};
    }
    return std::nullopt;
}

/// One person on the way through the rules of one trait.
class Decision {
public:
    Decision(const TraitView& view, TraitOutcome& out)
        : view_(view), trait_(view.trait), rule_(view.trait.definition()), out_(out) {}

    void run() {
        if (!enters()) return;
        collect();
        const bool kept = relate();
        const auto confirmed = confirm(rule_, days_);
        const Verdict all = at_least(view_, trait_.all_of, trait_.all_of.size());
        const Verdict none = without_any();
        advance(kept, confirmed.has_value(), all, none);
        if (out_.step == CaseStep::none_of && !case_excluded()) pass(CaseStep::not_excluded);
        out_.date_count = static_cast<std::uint32_t>(days_.size());
        if (case_excluded())
            deny(ExcludedBy::case_exclude);
        else if (confirmed && all == Verdict::yes && none == Verdict::yes)
            accept(*confirmed);
        else
            refuse(confirmed.has_value(), all, none);
    }

private:
    void pass(CaseStep step) { out_.step = std::max(out_.step, step); }
    void exclude(ExcludedBy why) {
        out_.status = CaseStatus::excluded;
        out_.excluded_by = why;
    }

    /// Neither case nor control; a criterion does not hold.
    void deny(ExcludedBy why) {
        exclude(why);
        if (trait_.kind() == TraitKind::criterion) out_.status = CaseStatus::control;
    }

    bool enters() {
        if (!sex_fits(view_)) {
            out_.status = CaseStatus::not_applicable;
            return false;
        }
        pass(CaseStep::sex);
        if (view_.person.periods.empty()) return false;
        pass(CaseStep::observed);
        if (trait_.follow_from == FollowFrom::definition && !view_.others[trait_.start].holds()) {
            out_.status = CaseStatus::not_applicable;
            return false;
        }
        pass(CaseStep::enrolled);
        return true;
    }

    /// Days that count before other definitions around them are looked at.
    void collect() {
        for (const Event& event : view_.person.events) {
            if ((trait_.role(event.code) & counts_as_code) == 0) continue;
            const CaseStep step = event_step(view_, event);
            pass(step);
            if (step == CaseStep::valued) days_.push_back(event.day);
        }
        if (!days_.empty() && !rule_.drugs.empty())
            for (const Event& event : view_.person.events)
                if ((trait_.role(event.code) & counts_as_drug) != 0 &&
                    (event.flags & negated) == 0 && observation_fits(view_, event.day))
                    days_.push_back(event.day);
        if (!trait_.has_dates())
            take_date_of(trait_.all_of, trait_.all_of.size());
        else if (rule_.at_least > 1)
            take_date_of(trait_.any_of, static_cast<std::size_t>(rule_.at_least));
        else
            for (const std::size_t t : trait_.any_of)
                if (view_.others[t].holds())
                    days_.insert(days_.end(), view_.others[t].dates.begin(),
                                 view_.others[t].dates.end());
        sort_days(days_);
        if (!days_.empty())
            pass(CaseStep::valued);
        else if (!trait_.has_dates())
            pass(CaseStep::recorded);
    }

    /// One date for several definitions that hold together.
    void take_date_of(const Places& places, std::size_t wanted) {
        std::vector<Day> dates;
        for (const std::size_t t : places)
            if (view_.others[t].holds()) dates.push_back(view_.others[t].date);
        if (dates.size() < wanted) return;
        std::sort(dates.begin(), dates.end());
        days_.push_back(trait_.date == ChosenDate::first  ? dates.front()
                        : trait_.date == ChosenDate::last ? dates.back()
                                                          : dates[wanted - 1]);
    }

    /// Leaves the days with the right definitions around them; true if any.
    bool relate() {
        found_ = !days_.empty();
        if (found_ && trait_.only == ChosenDates::first)
            days_.erase(days_.begin() + 1, days_.end());
        if (found_ && trait_.only == ChosenDates::last) days_.erase(days_.begin(), days_.end() - 1);
        if (rule_.age_at == "date")
            std::erase_if(days_, [&](Day day) { return !age_fits(view_, day); });
        if (!trait_.with.empty() || !trait_.without.empty())
            std::erase_if(days_, [&](Day day) { return !relations_fit(view_, day); });
        return !days_.empty();
    }

    Verdict without_any() const {
        const Verdict any = at_least(view_, trait_.none_of, 1);
        if (any == Verdict::open) return any;
        return any == Verdict::yes ? Verdict::no : Verdict::yes;
    }

    void advance(bool kept, bool counted, Verdict all, Verdict none) {
        if (!kept) return;
        pass(CaseStep::related);
        if (!counted) return;
        pass(CaseStep::counted);
        if (all != Verdict::yes) return;
        pass(CaseStep::all_of);
        if (none == Verdict::yes) pass(CaseStep::none_of);
    }

    bool case_excluded() const {
        return (!rule_.case_exclude.empty() &&
                count_days(view_, excludes_case) >=
                    static_cast<std::size_t>(rule_.case_exclude_dates)) ||
               any_holds(view_, trait_.case_exclude_if);
    }

    void accept(const Confirmed& confirmed) {
        out_.date = trait_.date == ChosenDate::last ? days_.back() : confirmed.first;
        if (trait_.date == ChosenDate::confirmed) {
            out_.date = confirmed.on;
            for (const std::size_t t : trait_.all_of)
                out_.date = std::max(out_.date, view_.others[t].date);
        }
        out_.status = CaseStatus::event_case;
        out_.dates = days_;
    }

    /// Not a case: a control, unless something speaks against it. Dates of its own that are not
    /// enough do; definitions that do not hold together are as good as none.
    void refuse(bool confirmed, Verdict all, Verdict none) {
        const bool no = all == Verdict::no || none == Verdict::no;
        const bool open = all == Verdict::open || none == Verdict::open;
        if (trait_.kind() == TraitKind::criterion) {
            out_.status = CaseStatus::control;
            if (!no && (open || (!confirmed && any_open()))) exclude(ExcludedBy::undecided);
            return;
        }
        if (found_ && (trait_.has_dates() || !no))
            return exclude(open ? ExcludedBy::undecided : ExcludedBy::too_few_dates);
        if (!found_ && !no && (!trait_.has_dates() || any_open()))
            return exclude(ExcludedBy::undecided);
        if (!rule_.control_exclude.empty() && count_days(view_, excludes_control) > 0)
            return exclude(ExcludedBy::control_exclude);
        if (any_holds(view_, trait_.control_exclude_if))
            return exclude(ExcludedBy::control_exclude_if);
        if (at_least(view_, trait_.control_if, trait_.control_if.size()) != Verdict::yes)
            return exclude(ExcludedBy::control_if);
        out_.status = CaseStatus::control;
    }

    /// Whether any_of could still turn out to hold.
    bool any_open() const {
        return !trait_.any_of.empty() &&
               at_least(view_, trait_.any_of, static_cast<std::size_t>(rule_.at_least)) ==
                   Verdict::open;
    }

    const TraitView& view_;
    const Trait& trait_;
    const TraitDefinition& rule_;
    TraitOutcome& out_;
    std::vector<Day> days_;
    bool found_ = false; // some date, whatever stands around it
};

} // namespace

void decide_case(const TraitView& view, TraitOutcome& outcome) { Decision(view, outcome).run(); }

} // namespace salus
