#pragma once

#include "stages/health_quality/phases.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace salus::health_quality {

/// A row of the result.
struct Finding {
    Check check = Check::cdm_table;
    std::string table = {}, field = {}, site = {}; // site: "" = all
    std::uint32_t concept_id = 0, unit = 0;
    Tally tally = {};
    double threshold = 0; // per cent
    std::string verdict = {}, reason = {};

    double percent() const noexcept;
};

/// FAIL above the threshold (WARN for signs), WARN if rows are at fault within a threshold below 50
/// per cent, NOT_APPLICABLE if nothing was examined, else PASS. Keeps a reason that is there.
void judge(Finding& finding);

/// All that the phases counted.
struct Counted {
    Tallies tallies;
    Contents contents;
    People people;
    std::unordered_map<std::uint32_t, Concept> concepts;
};

/// Findings of the rules of the plan, in their order.
std::vector<Finding> judge_rules(const Plan& plan, const HealthQualityParams& params,
                                 const Counted& counted);

/// Digit preference and mixtures of units, by concept; persons that are there twice.
void judge_contents(const HealthQualityParams& params, const Counted& counted,
                    std::vector<Finding>& findings);

} // namespace salus::health_quality
