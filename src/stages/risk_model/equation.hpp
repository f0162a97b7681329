#pragma once

#include "models/model_terms.hpp"
#include "stages/cohort/columns.hpp"
#include "store/h5.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace salus::risk_models {

/// A published risk equation, as its user wrote it down: a row for each coefficient with the
/// equation, the people whom it is for (rules joined by `&`; empty: all), the term and the value.
/// Terms in parentheses are no columns: `(baseline_survival)`: risk = 1 - S0^exp(lp); or
/// `(intercept)`: risk = 1 / (1 + exp(-lp)); `(scale_intercept)` and `(scale_slope)`: recalibrated
/// risk = 1 - exp(-exp(a + b log(-log(1 - risk)))).
struct EquationRow {
    std::string equation, people, term;
    double value;
};

/// DataError with line and column for what cannot be read.
std::vector<EquationRow> read_equations(const std::filesystem::path& path);

class Equation {
public:
    /// The rows of one name; none if it has no rows.
    Equation(std::span<const EquationRow> rows, std::string_view name);
    bool empty() const noexcept { return parts_.empty(); }
    std::vector<std::string> columns() const;
    struct Predicted {
        std::vector<double> lp, risk; // NaN for whom no part is
    };
    /// Where several parts fit a person, the first counts.
    Predicted predict(const ColumnValues& values, std::size_t people) const;

private:
    struct Part {
        std::string people;
        std::vector<matching::Condition> rules;
        std::vector<ModelTerm> terms;
        std::vector<double> coefficients;
        double baseline = -1, intercept = 0, scale_intercept = 0, scale_slope = 0;
        bool scaled = false;
    };
    std::vector<Part> parts_;
};

TableSpec equations_table();

} // namespace salus::risk_models
