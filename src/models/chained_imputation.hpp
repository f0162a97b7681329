#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace salus {

/// A column with missing cells, or one that helps to fill others.
struct ChainColumn {
    std::string name;           // of its random numbers
    std::vector<double> values; // [person] not finite = missing
    /// Unordered: enters the regressions of other columns as indicators of these levels.
    std::vector<double> levels = {};
};

struct ChainInput {
    std::vector<ChainColumn> columns;          // filled in this order
    std::vector<std::vector<double>> known;    // [predictor][person] finite: outcome and so on
    std::span<const std::uint64_t> person_key; // [person] index of its random numbers
};

struct ChainRule {
    std::size_t cycles = 10, donors = 5;
    std::uint64_t seed = 1;
    std::string stream; // names the random numbers
};

/// Multiple imputation by chained equations with predictive mean matching: a missing cell takes the
/// value of one of the `donors` people whose prediction, by a regression on all other columns, is
/// nearest to its own, by a draw of the regression from its posterior. Whoever has the prediction
/// of the chosen one may give as well. van Buuren & Groothuis-Oudshoorn 2011,
/// doi:10.18637/jss.v045.i03; Little 1988, doi:10.2307/1391878 (type 1 matching). A function of
/// data, seed and imputation alone. O(cycles x columns x (N C^2 + N log N)), 8 N (C + 3) bytes for
/// C predictors. Columns have at least one known value.
/// \return [column][missing cell, in the order of the people]
std::vector<std::vector<double>> impute_chained(const ChainInput& input, const ChainRule& rule,
                                                std::uint64_t imputation);

} // namespace salus
