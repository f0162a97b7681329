#pragma once

#include "models/score_stacking.hpp"
#include "run/context.hpp"
#include "stages/pgs_stacking/pgs_stacking.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace salus::pgs_stacking {

/// A set of weights that may become part of the stack.
struct Candidate {
    std::string name, column;    // of the weights without weight_; of the scores
    std::string status = "used"; // used, not_scored, missing, constant
    std::size_t place = 0;       // among the used ones
};

/// Who the scores are tuned on; the same on every rank.
struct Tuning {
    StackingData data; // scores of the used candidates
    std::vector<Candidate> candidates;
    std::string trait, weights_table, genome_build;
    std::vector<std::string> covariates;
    std::uint64_t samples = 0, not_listed = 0, failed_quality = 0, not_scored = 0, no_outcome = 0,
                  no_covariate = 0; // left out, by the first reason that holds
    std::uint64_t cases = 0;
    std::vector<std::string> used() const;
};

/// Names that the phenotypes and the weights offer, checked. Adds a problem for each wrong one.
struct Choice {
    std::string trait, weights_table;
    OutcomeKind kind = OutcomeKind::quantitative;
    std::vector<std::string> covariates;
};
Choice choose(const PgsStackingParams& params, const std::filesystem::path& phenotypes,
              const std::filesystem::path& weights, std::vector<Problem>& problems);

/// Reads everything. UsageError for wrong names; DataError if people of the statistics are among
/// those of the tuning, or too few people or scores are left. Memory: 8 B x people x columns.
Tuning read_tuning(const PgsStackingParams& params, const RunContext& context);

} // namespace salus::pgs_stacking
