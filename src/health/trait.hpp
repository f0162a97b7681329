#pragma once

#include "health/code_set.hpp"
#include "health/definition.hpp"
#include "health/event_store.hpp"
#include "health/units.hpp"

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

/// What an event means for a trait; one event can mean several things.
enum EventRole : std::uint8_t {
    counts_as_code = 1,
    counts_as_drug = 2,
    excludes_case = 4,
    excludes_control = 8,
    adjusts_value = 16,
    treats = 32,
};

enum class TraitKind : std::uint8_t { binary, quantitative, first_date, time_to_event, criterion };
enum class ChosenDate : std::uint8_t { first, confirmed, last };
enum class ChosenDates : std::uint8_t { all, first, last };
enum class Summary : std::uint8_t {
    median,
    mean,
    first,
    last,
    max,
    min,
    slope,
    area,
    count,
    dates
};
enum class FollowFrom : std::uint8_t { observation, own_case, definition };

/// A relation to another definition of the same panel.
struct TraitRelation {
    std::size_t other = 0; // its place
    DayWindow window;
    std::size_t times = 1;
};

/// A trait definition over the codes and units of one event store. O(codes) bytes.
class Trait {
public:
    using Places = std::map<std::string, std::size_t, std::less<>>; // of all definitions, by name

    Trait(TraitDefinition definition, const CodeSets& sets, const StoreDictionary& dictionary,
          const Places& places);

    const TraitDefinition& definition() const noexcept { return definition_; }
    TraitKind kind() const noexcept { return kind_; }
    std::uint8_t role(std::uint32_t code) const noexcept { return role_[code]; }
    /// The value of an event in the unit of the trait; NaN if its unit is not accepted or it is not
    /// plausible.
    double harmonised(const Event& event) const;
    /// Whether the event may count by what kind of event it is, and by where and in which position
    /// it was recorded.
    bool source_fits(const Event& event) const noexcept;
    /// Whether the value of the event, with its comparator, surely fulfils the conditions on it.
    bool value_fits(const Event& event) const;

    // Places of other definitions, and choices that are texts in the definition.
    std::vector<std::size_t> any_of, all_of, none_of, case_exclude_if, control_exclude_if,
        control_if, follow_until;
    std::vector<TraitRelation> with, without;
    std::size_t start = 0, index = 0; // follow_from = definition; index: see has_index()
    ChosenDate date = ChosenDate::first;
    ChosenDates only = ChosenDates::all;
    Summary summary = Summary::median;
    FollowFrom follow_from = FollowFrom::observation;
    DayWindow index_window;
    double admin_end = std::numeric_limits<double>::infinity();

    bool has_index() const noexcept { return !definition_.index.empty(); }
    /// Whether dates of its own make it, and not only that other definitions hold.
    bool has_dates() const noexcept {
        return !definition_.codes.empty() || !definition_.any_of.empty();
    }

private:
    void set_choices(const Places& places);
    void set_roles(const CodeSets& sets, std::size_t codes);
    void set_units(const StoreDictionary& dictionary);
    std::vector<Line> lines_of(std::span<const std::string> units,
                               const UnitConverter* converter) const;
    const Line& line(const Event& event) const noexcept {
        return lines_[quantity_[event.code] * units_without_.size() + event.unit];
    }

    TraitDefinition definition_;
    TraitKind kind_ = TraitKind::binary;
    std::vector<std::uint8_t> role_;                       // [code]
    std::vector<char> value_code_;                         // [code], empty: any
    std::vector<std::uint16_t> quantity_;                  // [code], what it measures
    std::vector<std::optional<UnitConverter>> converters_; // [quantity]
    std::vector<Line> lines_;         // [quantity, unit]; factor 0: unit not accepted
    std::vector<char> units_without_; // [unit], 1: no unit was written
    std::vector<ValueTest> tests_;
    unsigned kinds_ = 0, sources_ = 0; // bits of what may count; 0: all
};

} // namespace salus
