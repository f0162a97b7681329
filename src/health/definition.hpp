#pragma once

#include "health/code.hpp"
#include "schema/document.hpp"

#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

/// One [[trait]] of a definitions file, as written. docs/phenotypes.md explains the language.
struct TraitDefinition {
    std::string name, doc, unit, kind = "binary";
    // What counts.
    std::vector<std::string> codes, except_codes, drugs;
    bool inside_observation = true;
    // All but quantitative: who is a case, who is a control.
    std::int64_t min_dates = 1, min_span_days = 0;
    std::string date = "first";
    std::vector<std::string> case_exclude, control_exclude;
    std::int64_t case_exclude_dates = 1, washout_days = 0;
    std::string sex = "any";
    double min_age = 0, max_age = 150;
    // Time to event: from when years are counted.
    std::string time_scale = "observation";
    // Quantitative: which values, in which unit.
    std::vector<std::string> convert;
    std::string missing_unit = "drop", summary = "median";
    double low = -std::numeric_limits<double>::infinity(),
           high = std::numeric_limits<double>::infinity();
    std::int64_t min_values = 1;
    std::vector<std::string> adjust_drugs;
    double adjust_divide = 1;
    std::int64_t adjust_days = 365;
};

/// Declaration of the keys of a [[trait]]: types, defaults, ranges, documentation.
const RecordOf<TraitDefinition>& trait_record();

/// `value` of a unit as a value in the unit of the trait: factor * value + offset.
struct UnitConversion {
    std::string unit;
    double factor = 1, offset = 0;
};
/// "mmol/L * 38.67", "mmol/mol * 0.09148 + 2.152"; nothing if it is not written so.
std::optional<UnitConversion> parse_conversion(std::string_view text);

/// Everything that is wrong with the text of a definitions file, with lines and near misses, and
/// the traits that could be read.
struct Definitions {
    std::vector<TraitDefinition> traits;
    std::vector<Problem> problems;
};
Definitions parse_definitions(std::string_view toml, std::string_view name);

/// Reads a definitions file; UsageError with all its problems.
std::vector<TraitDefinition> read_definitions(const std::filesystem::path& path);

/// True if `name` can be the name of a trait or covariate: letters, digits, `_`, `-` and `.`, a
/// letter first.
bool is_trait_name(std::string_view name) noexcept;

} // namespace salus
