#pragma once

#include "base/error.hpp"
#include "models/model_terms.hpp"
#include "models/risk_sets.hpp"
#include "stages/risk_model/columns.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace salus::risk_models {

enum class Kind { logistic, firth, linear, cox, cause_specific, fine_gray, equation };
std::string_view to_string(Kind kind) noexcept;
constexpr bool is_survival(Kind kind) noexcept { return kind >= Kind::cox; }
constexpr bool is_binary(Kind kind) noexcept {
    return kind == Kind::logistic || kind == Kind::firth;
}

/// `NAME: KIND(OUTCOME, option = value, ...) ~ FORMULA`. Options: competing = TRAIT, ties = efron,
/// breslow or exact, strata, cluster, offset = COLUMN, net = ALPHA (elastic net). Of a published
/// equation the formula is its name in the file of equations.
struct Declaration {
    std::string written, name;
    Kind kind = Kind::cox;
    std::string outcome, competing, strata, cluster, offset;
    enum class Tied { efron, breslow, exact } tied = Tied::efron;
    std::optional<double> net; // mixing of lasso and ridge
    std::string formula_text;
    Formula formula;

    /// Columns that a person must have to be in the model.
    std::vector<std::string> columns() const;
};
std::optional<Declaration> parse_declaration(std::string_view written, std::string& why);

/// Models whose commas inside parentheses were taken for those of a list (on the command line), put
/// together again.
std::vector<std::string> whole_models(const std::vector<std::string>& pieces);

/// All models, checked against the columns. Adds a problem for each thing that is wrong.
std::vector<Declaration> read_declarations(const std::vector<std::string>& written,
                                           const SampleColumns& columns,
                                           std::vector<Problem>& problems);

/// Problem of a name that is no column.
Problem unknown_column(const std::string& name, const SampleColumns& columns,
                       std::string_view where);

} // namespace salus::risk_models
