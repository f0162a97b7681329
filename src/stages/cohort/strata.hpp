#pragma once

#include "models/matching.hpp"
#include "stages/cohort/columns.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace salus::matching {

/// Who stands where in the selection.
enum class Role : std::uint8_t { out = 0, control = 1, case_ = 2 };

struct AttritionStep {
    std::string rule;
    std::uint64_t cases = 0, controls = 0; // left behind it
};

/// Eligible people, in sample order.
struct Eligible {
    std::vector<Role> role;             // [sample]
    std::vector<std::uint32_t> stratum; // [sample] of those not out; numbered by first appearance
    std::uint32_t strata = 0;
    std::vector<double> value; // [sample] nearest; 0 everywhere without
    std::vector<AttritionStep> steps;
};
/// Reads the columns and applies the rules in their order. Memory 8 bytes x samples x (exact + 3).
Eligible find_eligible(const CohortParams& params, const Request& request, const H5File& file);

/// A matched set of one case and one control, by sample.
struct SamplePair {
    std::uint32_t case_sample = 0, control_sample = 0;
    double distance = 0;
};
/// Matches within the strata that are `unit` modulo `units`. Ties are broken by random numbers
/// keyed by (seed, sample).
std::vector<SamplePair> match_strata(const CohortParams& params, const Eligible& eligible,
                                     std::uint64_t seed, std::uint64_t unit, std::uint64_t units);

} // namespace salus::matching
