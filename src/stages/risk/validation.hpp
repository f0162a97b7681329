#pragma once

#include "models/calibration.hpp"
#include "models/pgs_regression.hpp"
#include "store/h5.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace salus::risk {

/// Values of the people `who`.
std::vector<double> pick(const std::vector<double>& values, const std::vector<std::size_t>& who);

/// The people of the validation part who have everything, and what is known of them.
struct ValidationSet {
    std::string trait;
    OutcomeKind kind = OutcomeKind::quantitative;
    std::vector<double> outcome, score;          // [person]
    std::vector<std::vector<double>> covariates; // [covariate][person]
    std::vector<std::string> group;              // [person], may be empty
    std::vector<std::uint8_t> fold;              // [person]
};

/// Predictions of three models by fits to the other folds; empty if a fit did not converge.
struct Predictions {
    std::vector<double> covariates, both; // [person]
};
Predictions cross_predict(const ValidationSet& set, unsigned folds);

struct ValidationRule {
    std::size_t group_samples_min = 50, cases_min = 10, bootstrap_replicates = 500;
    std::uint64_t seed = 1;
};

/// Appends the measures of everybody and of each group to a validation_table(). Groups with too few
/// people or cases get one row `not_estimated` with the reason.
void append_measures(const ValidationSet& set, const Predictions& predictions,
                     const ValidationRule& rule, TableData& table);

/// Appends one row that says why a trait has no score.
void append_skipped(const std::string& trait, const std::string& reason, TableData& table);

} // namespace salus::risk
