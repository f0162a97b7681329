#pragma once

#include "health/trait.hpp"

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace salus {

/// Where a person stands to a trait with cases.
enum class CaseStatus : std::uint8_t {
    control,
    event_case,
    excluded,       // neither: evidence for both, or not enough
    prevalent,      // a case before follow-up began
    not_applicable, // of the other sex, or follow-up begins with something that they never had
    unobserved,     // without any observation period
};

/// How far a person got on the way to being a case, or having a value: the last step passed.
enum class CaseStep : std::uint8_t {
    person,       // is in the store
    sex,          // of the sex that the trait concerns
    observed,     // has an observation period
    enrolled,     // has the definition with which follow-up begins
    recorded,     // has an event with one of the codes, or a definition of any_of
    affirmed,     // not only negated ones
    inside,       // inside observation
    source,       // of the right kind, source and position
    valued,       // with a value that fits
    aged,         // quantitative: at the right age
    windowed,     // quantitative: in the window around index
    related,      // with and without other definitions around it
    counted,      // enough dates or values
    all_of,       // all definitions hold that must
    none_of,      // none that must not
    not_excluded, // no case_exclude
    washed_out,   // not too early
    complete,     // at the right age: a case, or a value
};

/// Why somebody is neither case nor control.
enum class ExcludedBy : std::uint8_t {
    nothing,
    case_exclude,
    too_few_dates,
    undecided, // a definition that it needs is neither yes nor no
    control_exclude,
    control_exclude_if,
    control_if,
    age,
};

/// Time under observation, in days since 1970-01-01; NaN = none.
struct FollowUp {
    double start = std::numeric_limits<double>::quiet_NaN(),
           end = std::numeric_limits<double>::quiet_NaN();
    bool event = false; // at the end; else censored there
};

/// What a person is to a trait.
struct TraitOutcome {
    CaseStatus status = CaseStatus::unobserved;
    CaseStep step = CaseStep::person;
    ExcludedBy excluded_by = ExcludedBy::nothing;
    Day date = 0;                                            // of a case
    std::uint32_t date_count = 0;                            // different days that count
    std::vector<Day> dates;                                  // these days, if the trait holds
    double value = std::numeric_limits<double>::quiet_NaN(); // of a quantitative trait
    FollowUp follow;

    bool holds() const noexcept { return status == CaseStatus::event_case; }
    /// Holds neither, nor does not: another definition cannot be decided by it.
    bool undecided() const noexcept {
        return status == CaseStatus::excluded || status == CaseStatus::prevalent;
    }
};

/// A person in a time_to_event trait, in years of 365.25 days; all NaN if not in it.
struct TimeAtRisk {
    double event = 0; // 1 event at the end, 0 censored there
    double time = 0;  // end of the time at risk
    double entry = 0; // its begin; 0 if years are counted from there
};
TimeAtRisk time_at_risk(const Trait& trait, const PersonView& person, const TraitOutcome& outcome);

/// The value that goes into the phenotype table: 0/1 (1 = event in a time_to_event trait), a value,
/// or days since 1970-01-01; NaN = missing.
double trait_value(const Trait& trait, const TraitOutcome& outcome);

/// All definitions at once: each event is handed only to the traits that its code concerns.
class TraitPanel {
public:
    /// UsageError if a code set needs a vocabulary that the store does not have.
    TraitPanel(const Definitions& definitions, const StoreDictionary& dictionary);
    std::size_t size() const noexcept { return traits_.size(); }
    /// In the order of the definitions, criteria included.
    const std::vector<Trait>& traits() const noexcept { return traits_; }
    /// Place of a definition; nothing if there is none of this name.
    std::optional<std::size_t> find(std::string_view name) const;

    /// Reused from person to person, one per thread.
    struct Scratch {
        std::vector<std::vector<Event>> events; // [trait]
        std::vector<TraitOutcome> outcomes;     // [trait]
    };
    /// What one person is to every trait. Cost O(events x traits per code + traits).
    std::span<const TraitOutcome> evaluate(const PersonView& person, Scratch& scratch) const;

private:
    std::vector<Trait> traits_;
    Trait::Places places_;
    std::vector<std::size_t> order_;                   // of evaluation
    std::vector<std::vector<std::uint32_t>> concerns_; // [code] -> traits
};

} // namespace salus
