#pragma once

#include "models/ordinal.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace salus::association {

/// The null model of an ordinal trait, and what the tests that start from it need.
struct OrdinalPlan {
    std::size_t levels = 0;
    std::vector<std::uint32_t> level;             // [member of the sample set]
    std::vector<std::vector<double>> design = {}; // [covariate][member], padded, no intercept
    std::vector<double> offset = {};              // [member], padded; empty: none
    std::vector<double> coefficients = {};        // thresholds, then covariates
    // Columns U of the plan with U'U = the expected information that thresholds and covariates
    // take; the first is weight / root of the sum of weights.
    std::size_t first_weighted = 0, weighted = 0, square_column = 0;
    double root_weight = 0;
};

/// Most levels of an ordinal trait; one with more is better analysed as quantitative.
inline constexpr std::size_t most_ordinal_levels = 50;

/// Levels 0, 1 ... in the order of the values that occur.
struct Levels {
    std::size_t count = 0;
    std::vector<std::uint32_t> of; // as the values
};
Levels levels_of(std::span<const double> values);

/// A fitted null model. `problem` says why there is none.
struct OrdinalNull {
    OrdinalPlan plan;
    std::vector<double> residual;
    std::vector<std::vector<double>> weighted;
    std::string problem;
};
/// \param basis  [covariate][member], orthonormal.
/// \param offset [member], held fixed; may be empty.
OrdinalNull fit_ordinal_null(std::span<const double> values,
                             std::span<const std::vector<double>> basis,
                             std::span<const double> offset);

} // namespace salus::association
