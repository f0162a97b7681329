#pragma once

#include "stages/health_quality/genomes.hpp"
#include "stages/health_quality/judge.hpp"
#include "stages/health_quality/rates.hpp"
#include "store/h5.hpp"

#include <span>
#include <string>

namespace salus::health_quality {

TableSpec checks_table();
TableSpec monthly_rates_table();
TableSpec monthly_codes_table();
TableData checks_data(std::span<const Finding> findings);
TableData monthly_rates_data(std::span<const MonthlyRate> rates);
TableData monthly_codes_data(std::span<const MonthlyCode> codes);

/// What the label says.
struct LabelFacts {
    const Plan& plan;
    const Counted& counted;
    std::span<const Finding> findings;
    Linkage linkage;
    std::uint64_t min_cell = 5;
};
/// The data-quality label as JSON: documentation, technical quality, coverage, process and access.
/// No number of people or rows from 1 to min_cell - 1 is in it, nor can one be computed from it.
std::string label_json(const LabelFacts& facts);

} // namespace salus::health_quality
