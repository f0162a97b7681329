#pragma once

#include "base/date.hpp"
#include "health/code_set.hpp"
#include "schema/document.hpp"

#include <cstdint>
#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

/// One [[trait]] of a definitions file, as written. docs/phenotypes.md explains the language.
struct TraitDefinition {
    std::string name, doc, unit, kind = "binary";
    // Which events count.
    std::vector<std::string> codes, except_codes, drugs, event_kinds, sources, value, value_codes;
    bool primary_position = false, inside_observation = true;
    std::int64_t observed_before_days = 0, observed_after_days = 0;
    std::string only = "all";
    std::vector<std::string> with, without;
    // Other definitions.
    std::vector<std::string> any_of, all_of, none_of;
    std::int64_t at_least = 1;
    // All but quantitative: who is a case, who is a control.
    std::int64_t min_dates = 1, min_span_days = 0, within_days = 0;
    std::string date = "first";
    std::vector<std::string> case_exclude, control_exclude;
    std::int64_t case_exclude_dates = 1;
    std::vector<std::string> case_exclude_if, control_exclude_if, control_if;
    std::int64_t washout_days = 0;
    std::string sex = "any", age_at = "case";
    double min_age = 0, max_age = 150;
    // Follow-up.
    std::string time_scale = "observation", follow_from = "observation", admin_end;
    std::vector<std::string> follow_until, treatment;
    std::int64_t grace_days = 30, max_follow_days = 0;
    std::string observation_gaps = "bridge";
    // Values.
    std::vector<std::string> convert;
    bool known_units = true;
    std::string missing_unit = "drop", summary = "median";
    double low = -std::numeric_limits<double>::infinity(),
           high = std::numeric_limits<double>::infinity();
    std::int64_t min_values = 1;
    std::vector<std::string> adjust_drugs;
    double adjust_divide = 1, adjust_add = 0;
    std::int64_t adjust_days = 365;
    std::string index, index_window = "..";

    bool quantitative() const noexcept { return kind == "quantitative"; }
    /// What stands on events or values of its own, not on other definitions alone.
    bool has_codes() const noexcept { return !codes.empty(); }
    /// Names of all definitions that this one needs.
    std::vector<std::string> needs() const;
};

/// Declarations of the keys of a [[trait]] and of a [[code_set]]: types, defaults, ranges,
/// documentation.
const RecordOf<TraitDefinition>& trait_record();
const RecordOf<CodeSetDefinition>& code_set_record();

/// `value` of a unit as a value in the unit of the trait: factor * value + offset.
struct UnitConversion {
    std::string unit;
    double factor = 1, offset = 0;
};
/// "mmol/L * 38.67", "mmol/mol * 0.09148 + 2.152"; nothing if it is not written so.
std::optional<UnitConversion> parse_conversion(std::string_view text);

/// Days from a date, both included; an open side is the limit of its type.
struct DayWindow {
    Day from = std::numeric_limits<Day>::min(), to = std::numeric_limits<Day>::max();
};
/// "-30..0", "..-1", "0..", ".."; nothing if it is not written so or is empty.
std::optional<DayWindow> parse_window(std::string_view text);

/// "NAME WINDOW" or "NAME WINDOW times N": so many different dates of another definition in a
/// window around a date of this one.
struct DateRelation {
    std::string name;
    DayWindow window;
    std::int64_t times = 1;
};
std::optional<DateRelation> parse_relation(std::string_view text);

/// ">= 6.5"; operators <, <=, >, >=.
struct ValueTest {
    bool above = true, inclusive = true;
    double limit = 0;
};
std::optional<ValueTest> parse_value_test(std::string_view text);

/// What definitions files say: code sets and traits in the order of the text.
struct Definitions {
    std::vector<CodeSetDefinition> code_sets;
    std::vector<TraitDefinition> traits;
    std::vector<Problem> problems; // everything that is wrong, with lines and near misses
};
Definitions parse_definitions(std::string_view toml, std::string_view name);

/// Reads definitions files as if they were one; UsageError with all their problems.
Definitions read_definitions(std::span<const std::filesystem::path> paths);
Definitions read_definitions(const std::filesystem::path& path);

/// Traits in an order in which each stands behind all that it needs: indices into `traits`. A
/// circle, or a name that is not there, ends it: what cannot be placed is missing.
std::vector<std::size_t> evaluation_order(const std::vector<TraitDefinition>& traits);

/// True if `name` can be the name of a trait or covariate: letters, digits, `_`, `-` and `.`, a
/// letter first.
bool is_trait_name(std::string_view name) noexcept;

} // namespace salus
