#pragma once

#include "models/elastic_net.hpp"
#include "models/hazard_likelihood.hpp"
#include "models/outcome_likelihood.hpp"
#include "models/survival_curves.hpp"
#include "parallel/communicator.hpp"
#include "stages/risk_model/people.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace salus::risk_models {

/// Pieces of all ranks in rank order.
JoinBlocks join_over(const Communicator& comm);

/// Cumulative baseline hazard of a stratum at the means of the columns.
struct Baseline {
    double stratum = 0; // value of the strata column; 0 without
    std::vector<double> time, cumulative, variance;
};

/// Coefficients in the units of the columns, the intercept first where there is one.
struct Estimates {
    std::vector<double> coefficients, error, robust_error; // robust_error empty if not asked for
    std::vector<std::uint8_t> aliased, endless;
    NewtonFit newton;
    double center = 0;            // sum of coefficients x means: the predictor of the baseline
    double residual_variance = 0; // linear
    std::vector<Baseline> baseline;
    std::optional<ProportionalHazards> proportional;
    std::vector<double> fraction_missing, degrees_of_freedom; // of imputations; else empty
};

struct PathPoint {
    double lambda, deviance, error;
    std::size_t nonzero;
    bool chosen;
};

/// A model as it is saved and applied.
struct FittedModel {
    Declaration declaration;
    std::vector<ModelTerm> terms;
    Estimates event;
    std::optional<Estimates> competing; // hazard of the competing event, cause-specific
    std::vector<PathPoint> path;
    std::vector<double> mean, deviation; // [term] of the training people
    std::uint64_t people = 0, events = 0, competing_events = 0;
    double last_time = 0; // nobody was under observation behind it
    std::string time_unit;
    std::size_t imputations = 0;
};

/// Cells that are missing in the data, filled: samples ascending.
struct FilledColumn {
    std::vector<std::uint32_t> sample;
    std::vector<double> value;
};
using Completed = std::map<std::string, FilledColumn>; // one completed data set

/// How models are fitted.
struct FitRule {
    CensoringTies censoring_ties = CensoringTies::events_first;
    std::size_t net_folds = 10, net_lambdas = 100;
    std::uint64_t seed = 1;
    bool errors = true;                        // robust ones as well
    std::span<const Completed> completed = {}; // each is fitted, and the fits are pooled
    const Completed* filled = nullptr;         // the one that is fitted
};

/// Fits a model to rows of its people (they may repeat). All ranks alike; each holds the rows of
/// its blocks. Memory of a rank: 8 B x columns x rows / ranks (twice with late entries), 80 B x
/// rows.
FittedModel fit_model(const Declaration& model, const People& people, const SampleColumns& columns,
                      std::span<const ModelTerm> terms, std::span<const std::uint32_t> rows,
                      const FitRule& rule, const Communicator& comm);

/// Columns of the design for these rows; UsageError of a formula that cannot be expanded.
std::vector<ModelTerm> expand_terms(const Declaration& model, const People& people,
                                    const SampleColumns& columns,
                                    std::span<const std::uint32_t> rows);

/// Absolute risk of people by a fitted model.
class RiskFunction {
public:
    explicit RiskFunction(const FittedModel& model);
    /// \param lp, competing_lp  linear predictors (with intercept); \param stratum  value of the
    /// strata column. NaN for a stratum that the model has not seen, or behind the last time.
    double risk(double lp, double competing_lp, double stratum, double horizon) const;

private:
    double cause_specific(double lp, double other, const Baseline& a, const Baseline& b,
                          double horizon) const;
    const FittedModel& model_;
};

/// Linear predictors from values of columns by name.
struct Predictors {
    std::vector<double> event, competing;
};
Predictors linear_predictors(const FittedModel& model, const ColumnValues& values,
                             std::size_t people);

} // namespace salus::risk_models
