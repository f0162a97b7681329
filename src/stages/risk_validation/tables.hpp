#pragma once

#include "base/table_spec.hpp"

namespace salus::risk_validation {

TableSpec measures_table();
TableSpec gaps_table();
TableSpec summaries_table();
TableSpec score_groups_table();
TableSpec group_tests_table();
TableSpec roc_table();
TableSpec calibration_table();
TableSpec decision_table();
TableSpec distribution_table();
TableSpec limits_table();

} // namespace salus::risk_validation
