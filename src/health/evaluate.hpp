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

/// Where a person stands to a binary or first_date trait.
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

/// The value of a quantitative trait in its unit; NaN without enough values. Median of an even
/// number of values: mean of the middle two. Of two values on one day the one that comes first in
/// the store is first.
double measured_value(const Trait& trait, const PersonView& person);

/// The value that goes into the phenotype table: 0/1, a value, or days since 1970-01-01; NaN =
/// missing.
double trait_value(const Trait& trait, const PersonView& person);

/// Many traits at once: each event is handed only to the traits that its code concerns.
class TraitPanel {
public:
    TraitPanel(std::vector<Trait> traits, std::size_t codes);
    std::size_t size() const noexcept { return traits_.size(); }
    const std::vector<Trait>& traits() const noexcept { return traits_; }
    /// Events of one person by trait; reused from person to person, one per thread.
    using Scratch = std::vector<std::vector<Event>>;
    /// values[trait] of one person. Cost O(events x traits per code + traits).
    void evaluate(const PersonView& person, Scratch& scratch, std::span<double> values) const;

private:
    std::vector<Trait> traits_;
    std::vector<std::vector<std::uint32_t>> concerns_; // [code] -> traits
};

} // namespace salus
