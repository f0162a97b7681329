#pragma once

#include "models/chain_diagnostics.hpp"
#include "stages/pgs_weights/blocks.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace salus::pgs_weights {

/// What became of one chain of LDpred2-auto.
struct ChainRecord {
    double p_start = 0, h2 = 0, p = 0; // means of the kept iterations
    double range = 0;                  // of the fitted effects
    std::string status = "kept";       // kept, diverged, narrow
};

/// Weights from many chains that estimate h2 and p themselves.
struct AutoResult {
    std::vector<ChainRecord> chains;
    ChainAgreement h2, p; // of the kept chains
    double h2_mean = 0, p_mean = 0;
    std::string status, reason; // status: found or failed
};

/// (all) Runs the chains on all blocks; ranks hold the correlations of theirs and exchange three
/// numbers for each block and chain after every sweep, which every rank adds in the order of the
/// blocks. Weights of the kept chains, averaged, are in the parts of phase `auto`: weights
/// [variant]. Memory per rank: 8 B x sum of squared block sizes / ranks + 32 B x variants x chains
/// / ranks.
AutoResult run_chains(const PgsWeightsParams& params, const Statistics& statistics, const Parts& ld,
                      std::span<const BlockRange> blocks, double h2, double mean_ld_score,
                      RunContext& context, Parts& weights);

} // namespace salus::pgs_weights
