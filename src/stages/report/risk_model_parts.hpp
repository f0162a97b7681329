#pragma once

#include "stages/report/risk_models.hpp"

#include <cstdint>
#include <string>

namespace salus::report {

/// Parts of what is shown of one risk model; pure. Each is empty if its data are not there. Groups
/// of fewer than `min_cell` people are not shown.

/// Pictures of events over time by fifth of predicted risk, and of the competing event.
std::string incidence_figure(const RiskModel& m, std::uint64_t min_cell);
std::string competing_figure(const RiskModel& m, std::uint64_t min_cell);
/// A picture of `metric` in every level of the column that fits left out, with the mean over them.
std::string levels_figure(const RiskModel& m, const std::string& metric, std::string_view words,
                          std::uint64_t min_cell);
/// Means of measures over the levels of each column.
std::string summaries_table(const RiskModel& m);
/// Fifths of predicted risk with their mean times, and the tests that they are alike.
std::string fifths_table(const RiskModel& m, std::uint64_t min_cell);
/// Tests of effects that change with time.
std::string proportional_table(const RiskModel& m);
/// What imputation had to fill, and how much is not known because of it.
std::string imputation_part(const RiskModel& m, std::uint64_t min_cell);

/// Words for a measure; empty if it is not listed.
std::string_view measure_words(std::string_view metric);
/// " at 5 years"; empty without times.
std::string at_horizon(const RiskModel& m);

} // namespace salus::report
