#include "base/text.hpp"
#include "models/continuous_shrinkage.hpp"
#include "stages/pgs_weights/methods.hpp"

#include <algorithm>
#include <cmath>

namespace salus::pgs_weights {
namespace {

constexpr const char* shrinkage_method = "continuous_shrinkage";

/// The chains of all settings, the same on every rank: those that find phi, then those of each
/// fixed phi.
class ShrinkageChains {
public:
    static constexpr std::size_t width = 6;

    ShrinkageChains(const SamplingInput& input, std::uint64_t seed)
        : each(static_cast<std::size_t>(input.params.shrinkage_chains)), n_(input.mean_n),
          seed_(seed), variants_(static_cast<double>(input.statistics.size())) {
        settings.push_back(0);
        settings.insert(settings.end(), input.params.shrinkage_phis.begin(),
                        input.params.shrinkage_phis.end());
        for (const double phi : settings)
            for (std::size_t c = 0; c < each; ++c) {
                // Starts of phi a hundred times apart.
                now.push_back({.phi = phi > 0 ? phi : std::pow(0.01, static_cast<double>(c % 3))});
                records.push_back({.method = name_of(phi), .chain = c, .start = now.back().phi});
            }
        alive.assign(now.size(), 1);
        h2_trace.resize(now.size());
        phi_trace.resize(now.size());
        for (const double b : input.statistics.effect)
            marginal_ += b * b;
    }
    static std::string name_of(double phi) {
        return phi > 0 ? text(shrinkage_method, "_phi", phi) : std::string(shrinkage_method);
    }
    void update(std::span<const double> sums, std::uint64_t iteration, bool keep) {
        for (std::size_t chain = 0; chain < now.size(); ++chain) {
            if (alive[chain] == 0) continue;
            const double* s = sums.data() + chain * width;
            const ShrinkageSums all{.fit = s[0],
                                    .explained = s[1],
                                    .penalty = s[2],
                                    .rate = s[3],
                                    .norm = s[4],
                                    .solved = s[5] == 0};
            const bool automatic = settings[chain / each] == 0;
            now[chain] = draw_shrinkage(all, now[chain], n_, variants_, automatic,
                                        Rng(seed_, "pgs_weights.continuous_shrinkage.global",
                                            static_cast<std::uint64_t>(chain) << 32 | iteration));
            const bool finite = std::isfinite(now[chain].phi) && std::isfinite(now[chain].sigma2);
            if (!all.solved || !finite || !(all.norm <= 2 * marginal_)) {
                alive[chain] = 0;
                records[chain].status = all.solved ? "diverged" : "not_positive_definite";
                continue;
            }
            if (!keep) continue;
            h2_trace[chain].push_back(all.explained / n_);
            phi_trace[chain].push_back(std::log(now[chain].phi));
        }
    }

    std::size_t each;
    std::vector<double> settings; // phi; 0: found by the chains
    std::vector<ShrinkageParameters> now;
    std::vector<std::uint8_t> alive;
    std::vector<std::vector<double>> h2_trace, phi_trace; // phi as logarithm
    std::vector<ChainRecord> records;

private:
    double n_, marginal_ = 0;
    std::uint64_t seed_;
    double variants_;
};

/// The column of a setting and what its chains agree on.
void conclude(ShrinkageChains& chains, std::size_t setting, Sampled& result) {
    const std::string name = ShrinkageChains::name_of(chains.settings[setting]);
    std::vector<std::vector<double>> h2, phi;
    std::vector<double> h2_means, phi_means;
    for (std::size_t c = setting * chains.each; c < (setting + 1) * chains.each; ++c) {
        if (chains.alive[c] == 0) continue;
        h2.push_back(chains.h2_trace[c]);
        phi.push_back(chains.phi_trace[c]);
        h2_means.push_back(mean_of(h2.back()));
        phi_means.push_back(mean_of(phi.back()));
        chains.records[c].h2 = h2_means.back();
        chains.records[c].phi = std::exp(phi_means.back());
    }
    if (h2.empty()) {
        const bool unsolved = chains.records[setting * chains.each].status != "diverged";
        result.columns.push_back(
            {name, "failed", unsolved ? "not_positive_definite" : "all_chains_diverged"});
        return;
    }
    SampledColumn column{name, "found", ""};
    result.parameters.push_back({name, "h2", mean_of(h2_means), chain_agreement(h2)});
    if (!(result.parameters.back().agreement.r_hat < 1.1)) column.reason = "h2_not_mixed";
    if (chains.settings[setting] == 0) {
        result.parameters.push_back(
            {name, "phi", std::exp(mean_of(phi_means)), chain_agreement(phi)});
        if (!(result.parameters.back().agreement.r_hat < 1.1) && column.reason.empty())
            column.reason = "phi_not_mixed";
    }
    result.columns.push_back(column);
}

} // namespace

Sampled sample_shrinkage(const SamplingInput& input, RunContext& context) {
    const OwnBlocks& blocks = input.blocks;
    ShrinkageChains chains(input, context.seed());
    std::deque<ContinuousShrinkageBlock> samplers;
    for (std::size_t own = 0; own < blocks.size(); ++own)
        samplers.emplace_back(
            blocks[own].view(input.statistics),
            ContinuousShrinkageBlock::Options{.chains = chains.now.size(),
                                              .seed = context.seed(),
                                              .first_variant = blocks[own].range.begin});
    run_sweeps({.method = shrinkage_method,
                .chains = chains.now.size(),
                .width = ShrinkageChains::width,
                .burn_in = static_cast<std::uint64_t>(input.params.burn_in),
                .kept = static_cast<std::uint64_t>(input.params.kept_iterations),
                .sweep =
                    [&](std::size_t own, std::size_t chain, std::uint64_t iteration, bool keep,
                        std::span<double> out) {
                        const ShrinkageSums some =
                            samplers[own].sweep(chain, iteration, chains.now[chain], keep);
                        out[0] = some.fit;
                        out[1] = some.explained;
                        out[2] = some.penalty;
                        out[3] = some.rate;
                        out[4] = some.norm;
                        out[5] = some.solved ? 0 : 1;
                    },
                .update = [&](std::span<const double> sums, std::uint64_t iteration,
                              bool keep) { chains.update(sums, iteration, keep); }},
               blocks, chains.alive, context);
    Sampled result;
    std::vector<std::size_t> found;
    for (std::size_t setting = 0; setting < chains.settings.size(); ++setting) {
        conclude(chains, setting, result);
        if (result.columns.back().status == "found") found.push_back(setting);
    }
    result.chains = chains.records;
    if (!found.empty())
        result.weights = write_sampled(
            shrinkage_method, found.size(), input.statistics, blocks,
            [&](std::size_t own, std::size_t set) {
                const std::size_t first = found[set] * chains.each;
                return chain_mean(samplers[own], chains.alive, first, first + chains.each);
            },
            context);
    return result;
}

} // namespace salus::pgs_weights
