#pragma once

#include "run/context.hpp"
#include "stages/risk_model/saved.hpp"
#include "stages/risk_validation/measures.hpp"

#include <string>
#include <vector>

namespace salus::risk_validation {

/// Files and what the parameters choose from them; the same on every rank.
struct Plan {
    std::filesystem::path model, phenotypes, episodes; // episodes: empty if there are none
    std::vector<std::filesystem::path> scores;
    std::vector<risk_models::FittedModel> models; // those that are judged
    std::vector<risk_models::EquationRow> equations;
    TableData proportional{risk_models::proportional_table()}; // of the file
    std::vector<double> horizons;                              // of the file
    std::vector<std::size_t> chosen;                           // of them those that are judged
    std::vector<std::string> strata; // of the parameter, and what cross-fits left out
    bool internal = true;            // the people are those of the model's file
    risk_models::PeopleRules rules;
};
/// UsageError for names that are not there, DataError for people who trained the model where they
/// must not be.
Plan make_plan(const RiskValidationParams& params, const RunContext& context);

/// A column that divides people: "group", "age / 10".
struct Strata {
    std::string column;
    std::vector<std::string> level; // [person]
};

/// People of a model, once for every horizon, with the levels of all strata.
struct ModelPeople {
    std::vector<Judged> horizons;
    std::vector<Strata> strata;
    std::uint64_t overlap = 0; // people who trained the model
    std::string note;          // why nobody can be judged
};
ModelPeople read_model_people(const Plan& plan, const RiskValidationParams& params,
                              std::size_t model);

} // namespace salus::risk_validation
