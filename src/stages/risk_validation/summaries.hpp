#pragma once

#include "stages/risk_validation/judged.hpp"
#include "stages/risk_validation/tables.hpp"

#include <string>

namespace salus::risk_validation {

/// Random-effects summaries of measures over the levels of each column (sites, say), with the
/// interval in which the measure of another level is expected. Ratios on the log scale, areas and
/// concordances on the logit scale. DerSimonian & Laird 1986, doi:10.1016/0197-2456(86)90046-2;
/// Higgins, Thompson & Spiegelhalter 2009, doi:10.1111/j.1467-985x.2008.00552.x; Debray et al.
/// 2017, doi:10.1136/bmj.i6460.
TableData summaries_of(const TableData& measures);

/// Fifths of the people by predicted risk: mean time without event until the horizon, and tests
/// that their hazards (log-rank) and, with competing events, their incidences (Gray) are the same.
struct ScoreGroups {
    TableData groups{score_groups_table()}, tests{group_tests_table()};
    /// Groups of fewer than `people_min`, and fewer than `events_min` events, are not shown; nor is
    /// one more if such a number would follow from the sum.
    void add(const std::string& model, const Judged& people, const RiskValidationParams& params);
};

} // namespace salus::risk_validation
