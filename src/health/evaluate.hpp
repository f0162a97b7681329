#pragma once

#include "health/definition.hpp"
#include "health/event_store.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace salus {

/// What an event means for a trait; one event can mean several things.
enum EventRole : std::uint8_t {
    counts_as_code = 1,
    counts_as_drug = 2,
    excludes_case = 4,
    excludes_control = 8,
    adjusts_value = 16,
};

/// Codes and units as an event store numbers them.
struct Vocabulary {
    std::span<const std::string> codes;
    std::span<const std::uint32_t> concepts; // [code]
    std::span<const std::string> units;
};

/// A trait definition over the codes and units of one event store. O(codes) bytes.
class Trait {
public:
    Trait(TraitDefinition definition, const Vocabulary& vocabulary);

    const TraitDefinition& definition() const noexcept { return definition_; }
    std::uint8_t role(std::uint32_t code) const noexcept { return role_[code]; }
    /// `value` in the unit of the trait; NaN if its unit is not accepted or it is not plausible.
    double harmonised(double value, std::uint32_t unit) const noexcept;

private:
    struct Line {
        double factor, offset; // factor 0: unit not accepted
    };
    TraitDefinition definition_;
    std::vector<std::uint8_t> role_; // [code]
    std::vector<Line> units_;        // [unit]
};

/// Where a person stands to a trait with cases.
enum class CaseStatus : std::uint8_t {
    control,
    event_case,
    excluded,       // neither: evidence for both, or not enough
    prevalent,      // a case before the washout was over
    not_applicable, // of the other sex
    unobserved,     // without any observation period
};

struct CaseResult {
    CaseStatus status = CaseStatus::unobserved;
    Day date = 0;            // of a case
    std::uint32_t dates = 0; // different days that count
};

/// Rules for binary and first_date traits, in this order: other sex; not observed; case_exclude;
/// enough dates and span (then washout and age); some dates but not enough, or control_exclude;
/// control. `person.events` may leave out events without a role. Cost O(events log events). Never
/// throws.
CaseResult case_status(const Trait& trait, const PersonView& person);

/// A person in a time_to_event trait, in years of 365.25 days; all NaN if not in it.
struct TimeAtRisk {
    double event = 0; // 1 event at the end, 0 censored there
    double time = 0;  // end of the time at risk
    double entry = 0; // its begin; 0 if years are counted from there
};

/// At risk from the start of observation (and washout_days later, and not before min_age) to the
/// end of observation, death or max_age, gaps between observation periods included. The event is
/// the case of case_status without its washout and age: before the time at risk it takes the person
/// out, behind it the person is censored. Left out are all that are neither case nor control, and
/// who is at risk for no day.
TimeAtRisk time_at_risk(const Trait& trait, const PersonView& person);

/// The value of a quantitative trait in its unit; NaN without enough values. Median of an even
/// number of values: mean of the middle two. Of two values on one day the one that comes first in
/// the store is first.
double measured_value(const Trait& trait, const PersonView& person);

/// The value that goes into the phenotype table: 0/1 (1 = event in a time_to_event trait), a value,
/// or days since 1970-01-01; NaN = missing.
double trait_value(const Trait& trait, const PersonView& person);

/// Many traits at once: each event is handed only to the traits that its code concerns.
class TraitPanel {
public:
    TraitPanel(std::vector<Trait> traits, std::size_t codes);
    std::size_t size() const noexcept { return traits_.size(); }
    const std::vector<Trait>& traits() const noexcept { return traits_; }
    /// Events of one person by trait; reused from person to person, one per thread.
    using Scratch = std::vector<std::vector<Event>>;
    /// Traits with a time at risk, ascending.
    const std::vector<std::size_t>& timed() const noexcept { return timed_; }
    /// Values of one person: one per trait, then time and entry of each in `timed`.
    std::size_t value_count() const noexcept { return traits_.size() + 2 * timed_.size(); }
    /// Values of one person. Cost O(events x traits per code + traits).
    void evaluate(const PersonView& person, Scratch& scratch, std::span<double> values) const;

private:
    std::vector<Trait> traits_;
    std::vector<std::vector<std::uint32_t>> concerns_; // [code] -> traits
    std::vector<std::size_t> timed_;
};

} // namespace salus
