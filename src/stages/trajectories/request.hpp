#pragma once

#include "stages/risk_model/columns.hpp"
#include "stages/trajectories/trajectories.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace salus::trajectories {

/// "current_smoker = 0", "ldl - 38.7", "ldl + 10", "bmi * 0.9".
struct Change {
    std::string column;
    char sign = '=';
    double value = 0;
    double of(double before) const noexcept;
};
std::optional<Change> parse_change(std::string_view written);

struct Scenario {
    std::string written;
    std::size_t covariate = 0;
    Change change;
};

/// All that the parameters name, found in the phenotype file.
struct Request {
    struct Condition {
        std::string name;
        bool known = true; // the trait says of everybody observed whether it holds
    };
    std::vector<Condition> conditions;
    std::vector<std::string> covariates;
    std::vector<Scenario> scenarios;
    std::vector<std::string> transitions() const; // names of the conditions, then "death"
};
/// Adds a problem for each thing that is wrong.
Request make_request(const TrajectoriesParams& params, const risk_models::SampleColumns& columns,
                     std::vector<Problem>& problems);

} // namespace salus::trajectories
