#pragma once

#include "stages/health_quality/judge.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace salus::health_quality {

/// A month of one table at one site.
struct MonthlyRate {
    std::string table;
    std::int64_t site = 0;
    std::int32_t month = 0; // year x 12 + month - 1
    std::uint64_t rows = 0;
    bool breaks = false; // between the month before and this one
    double ratio = std::numeric_limits<double>::quiet_NaN(); // NaN unless `breaks`
    bool outlier = false;
    double expected = ratio, low = ratio, high = ratio; // NaN where the month is not judged
};

/// Rows of one kind of code in a month.
struct MonthlyCode {
    std::string table;
    std::int64_t site = 0;
    std::int32_t month = 0;
    std::string system;
    std::uint64_t rows = 0;
    bool switches = false; // the system stops or starts here
};

struct MonthlyCounts {
    std::vector<MonthlyRate> rates;
    std::vector<MonthlyCode> codes;
};

/// Months of every table and site from its first to the last of the table, months without rows
/// included; what jumps, what is not as expected, and where code systems change. Findings by table
/// and site.
MonthlyCounts monthly_counts(const Plan& plan, const HealthQualityParams& params,
                             const Counted& counted, std::vector<Finding>& findings);

std::string month_text(std::int32_t month);

} // namespace salus::health_quality
