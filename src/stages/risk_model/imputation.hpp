#pragma once

#include "models/chained_imputation.hpp"
#include "stages/risk_model/fit.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace salus::risk_models {

struct ImputationRule {
    std::size_t imputations = 0, cycles = 10;
    std::vector<std::string> helpers; // further columns that inform the missing ones
    std::uint64_t seed = 1;
};

/// Fills the missing columns of training people, `imputations` times. The regressions of a column
/// hold all other columns of the formula and the helpers (those of factor() by level), offset,
/// strata by level, and the outcome: its value, or status and cumulative hazard of each event
/// (White & Royston 2009, doi:10.1002/sim.3618; Bartlett & Taylor 2016,
/// doi:10.1093/biostatistics/kxw005). Ranks divide the imputations; all get all. Nothing if nobody
/// lacks anything. DataError if a column has fewer than 10 known values.
std::vector<Completed> impute(const Declaration& model, const People& people,
                              const SampleColumns& columns, std::span<const std::uint32_t> rows,
                              const ImputationRule& rule, const Communicator& comm);

/// Fits of completed data sets as one: coefficients, centers and log cumulative hazards are means
/// (so that a prediction is the mean on the scale of its linear predictor), errors by Rubin's
/// rules. Log-likelihoods are means; the state is the worst.
FittedModel pooled(std::vector<FittedModel> fits);

} // namespace salus::risk_models
