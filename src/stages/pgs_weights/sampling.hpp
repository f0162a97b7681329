#pragma once

#include "models/chain_diagnostics.hpp"
#include "stages/pgs_weights/blocks.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace salus::pgs_weights {

/// The blocks of this rank (cyclic) with their correlations, which stay in memory.
class OwnBlocks {
public:
    OwnBlocks(const Parts& ld, std::span<const BlockRange> blocks, const Communicator& comm);
    std::size_t size() const noexcept { return loaded_.size(); }
    std::size_t all() const noexcept { return blocks_.size(); }
    std::size_t number(std::size_t own) const noexcept { return number_[own]; }
    const LoadedBlock& operator[](std::size_t own) const noexcept { return loaded_[own]; }
    std::span<const BlockRange> ranges() const noexcept { return blocks_; }

private:
    std::span<const BlockRange> blocks_;
    std::vector<std::size_t> number_;
    std::deque<LoadedBlock> loaded_; // samplers look at them
};

/// What became of one chain. NaN: the method has no such number.
struct ChainRecord {
    static constexpr double none = std::numeric_limits<double>::quiet_NaN();
    std::string method;
    std::size_t chain = 0;
    double start = none, h2 = none, p = none, phi = none; // means of the kept iterations
    double range = none;                                  // of the fitted effects
    std::string status = "kept";
};

/// What the kept chains of a method say about a parameter.
struct ParameterRecord {
    std::string method, parameter;
    double mean = 0;
    ChainAgreement agreement;
};

/// A set of weights from chains.
struct SampledColumn {
    std::string name, status, reason; // status: found or failed
};
struct Sampled {
    std::vector<SampledColumn> columns;
    std::vector<ChainRecord> chains;
    std::vector<ParameterRecord> parameters;
    std::optional<Parts> weights = {}; // weights [found column][variant]
    const ParameterRecord* parameter(std::string_view name) const noexcept;
};

/// What chains are run on.
struct SamplingInput {
    const PgsWeightsParams& params;
    const Statistics& statistics;
    const OwnBlocks& blocks;
    double h2, mean_ld_score;
    double mean_n;
};

/// How chains are swept over the blocks.
struct Sweeps {
    std::string_view method;
    std::size_t chains = 1;
    std::size_t width = 1; // numbers that a sweep of a block leaves
    std::uint64_t burn_in = 0, kept = 1;
    /// One sweep of a chain over a block of this rank.
    std::function<void(std::size_t own, std::size_t chain, std::uint64_t iteration, bool keep,
                       std::span<double> out)>
        sweep;
    /// What all blocks left, added in their order, [chain][width]; the same on every rank.
    std::function<void(std::span<const double> sums, std::uint64_t iteration, bool keep)> update;
};
/// (all) Runs the sweeps. Ranks exchange the numbers of each block and chain after each and add
/// them in the order of the blocks. \param alive  [chain] 0: the chain is left out.
void run_sweeps(const Sweeps& sweeps, const OwnBlocks& blocks,
                const std::vector<std::uint8_t>& alive, const RunContext& context);

/// Numbers that some ranks have, on all ranks: every number comes from one rank.
void exchange(const Communicator& comm, std::vector<double>& values);

/// (all) Writes weights of sets per ALT copy (phase METHOD), [set][variant]. \param mean
/// standardised effects of a set in a block of this rank.
Parts write_sampled(
    std::string_view method, std::size_t sets, const Statistics& statistics,
    const OwnBlocks& blocks,
    const std::function<std::vector<double>(std::size_t own, std::size_t set)>& mean,
    RunContext& context);

double mean_of(std::span<const double> values) noexcept;

/// Mean over the chains with `kept`, of what a block gives of each.
template <class Sampler>
std::vector<double> chain_mean(const Sampler& sampler, std::span<const std::uint8_t> kept,
                               std::size_t first = 0,
                               std::size_t last = std::numeric_limits<std::size_t>::max()) {
    std::vector<double> sum;
    double count = 0;
    for (std::size_t chain = first; chain < std::min(last, kept.size()); ++chain) {
        if (kept[chain] == 0) continue;
        const auto some = sampler.mean(chain);
        sum.resize(some.size(), 0.0);
        for (std::size_t j = 0; j < sum.size(); ++j)
            sum[j] += some[j];
        ++count;
    }
    for (double& x : sum)
        x /= count;
    return sum;
}

} // namespace salus::pgs_weights
