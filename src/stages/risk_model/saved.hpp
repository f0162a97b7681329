#pragma once

#include "stages/risk_model/equation.hpp"
#include "stages/risk_model/fit.hpp"

#include <span>
#include <string>
#include <vector>

namespace salus::risk_models {

/// Tables of a saved model: they hold no person, and all that applying it needs.
TableSpec models_table();
TableSpec coefficients_table();
TableSpec baseline_table();
TableSpec path_table();
TableSpec absolute_risk_table();
TableSpec curves_table();
TableSpec optimism_table();
TableSpec proportional_table();
/// `horizons`: columns risk_1 .. of the table `predictions/MODEL`; `crossed`: and cross_risk_1 ..
TableSpec predictions_table(const std::string& model, std::size_t horizons, bool crossed);

/// A model with who was left out of it.
struct ModelReport {
    FittedModel model;
    Attrition lost;
    std::uint64_t held_out = 0;
    std::string reason; // why there are no estimates, or what is to be known of them
};
std::string reason_of(const FittedModel& model);

TableData models_data(std::span<const ModelReport> reports);
TableData coefficients_data(std::span<const ModelReport> reports);
TableData baseline_data(std::span<const ModelReport> reports);
TableData path_data(std::span<const ModelReport> reports);
TableData proportional_data(std::span<const ModelReport> reports);

/// The same as JSON, for other tools.
std::string models_json(std::span<const ModelReport> reports, std::span<const double> horizons);

/// Reads the tables back. DataError if they do not hold together.
std::vector<FittedModel> read_models(const H5File& file);

} // namespace salus::risk_models
