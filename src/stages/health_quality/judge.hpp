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

/// A month of one table at one site.
struct MonthlyRate {
    std::string table;
    std::int64_t site = 0;
    std::int32_t month = 0; // year x 12 + month - 1
    std::uint64_t rows = 0;
    bool breaks = false; // between the month before and this one
    double ratio = 0;    // NaN unless `breaks`
};

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

/// Months of every table and site from its first to its last, months without rows included, and
/// what jumps; findings by table and site.
std::vector<MonthlyRate> monthly_rates(const Plan& plan, const HealthQualityParams& params,
                                       const Counted& counted, std::vector<Finding>& findings);

/// Digit preference and mixtures of units, by concept; persons that are there twice.
void judge_contents(const HealthQualityParams& params, const Counted& counted,
                    std::vector<Finding>& findings);

std::string month_text(std::int32_t month);

} // namespace salus::health_quality
