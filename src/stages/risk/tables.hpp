#pragma once

#include "base/table_spec.hpp"

#include <string>

namespace salus::risk {

/// Tables of risk.h5. Those by trait are named `prefix/<trait>`.
TableSpec validation_table();
TableSpec tuning_table();
TableSpec scores_table(const std::string& trait);
TableSpec weights_table(const std::string& trait);
TableSpec calibration_table(const std::string& trait);
TableSpec quantiles_table(const std::string& trait);
TableSpec roc_table(const std::string& trait);

} // namespace salus::risk
