#pragma once

#include "stages/risk_validation/judged.hpp"
#include "stages/risk_validation/tables.hpp"

#include <string>

namespace salus::risk_validation {

/// What is to be known of models before somebody uses them: purpose, data, performance, limits.
/// Mitchell et al. 2019, doi:10.1145/3287560.3287596.
struct Card {
    const Plan& plan;
    const RiskValidationParams& params;
    TableData measures;
    TableData summaries{summaries_table()}, groups{score_groups_table()},
        tests{group_tests_table()};

    void append(const TableData& rows);
    /// The fifths of a model and their tests.
    void append_groups(const TableData& of_groups, const TableData& of_tests);
    /// Holds no person and no suppressed number.
    std::string json() const;
    TableData limits() const;
};

/// Largest differences between levels of each column, of measures that can be compared.
TableData gaps_of(const TableData& measures);

} // namespace salus::risk_validation
