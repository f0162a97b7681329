#pragma once

#include "stages/cohort/strata.hpp"
#include "store/h5.hpp"

#include <span>
#include <string>
#include <vector>

namespace salus::matching {

TableSpec members_table();
TableSpec matched_sets_table();
TableSpec table_1_table();
TableSpec attrition_table();

/// Everyone in the cohort: cases with at least one control, numbered as sets in sample order, and
/// their controls with weights.
struct Members {
    std::vector<double> weight;            // [sample] 0 = not in the matched cohort
    std::vector<std::uint32_t> sets;       // [sample] of a case its set from 1, else 0
    std::uint64_t cases = 0, controls = 0; // different people
};
/// Controls of one set share the weight 1, so that cases and controls weigh the same; over sets it
/// adds up.
Members members_of(std::span<const SamplePair> pairs, std::size_t samples);

TableData members_data(const Eligible& eligible, const Members& members,
                       std::span<const std::string> ids);
TableData matched_sets_data(const Members& members, std::span<const SamplePair> pairs,
                            std::span<const std::string> ids);
TableData attrition_data(std::span<const AttritionStep> steps, const Members& members);
/// One row per variable and stage (before, after). Reads one column at a time.
TableData table_1_data(const CohortParams& params, const Request& request, const Eligible& eligible,
                       const Members& members, const H5File& file);

} // namespace salus::matching
