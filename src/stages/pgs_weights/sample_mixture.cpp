#include "models/low_rank_mixture.hpp"
#include "parallel/parallel_for.hpp"
#include "stages/pgs_weights/methods.hpp"

#include <algorithm>
#include <cmath>

namespace salus::pgs_weights {
namespace {

constexpr const char* mixture_method = "mixture";

/// The chains as a whole, the same on every rank.
class MixtureChains {
public:
    static constexpr std::size_t width = 2 + mixture_components;

    MixtureChains(const SamplingInput& input, std::uint64_t seed)
        : now(static_cast<std::size_t>(input.params.mixture_chains)), alive(now.size(), 1),
          h2_trace(now.size()), p_trace(now.size()), records(now.size()), seed_(seed),
          variants_(static_cast<double>(input.statistics.size())) {
        for (std::size_t c = 0; c < now.size(); ++c) {
            // Shares of effects that are not 0 from 0.001 to 0.1, split as 5 : 3 : 1 : 1.
            const double place = now.size() == 1
                                     ? 0.5
                                     : static_cast<double>(c) / static_cast<double>(now.size() - 1);
            const double p = 1e-3 * std::pow(100.0, place);
            now[c].share = {1 - p, 0.5 * p, 0.3 * p, 0.1 * p, 0.1 * p};
            double spread = 0;
            for (std::size_t k = 0; k < mixture_components; ++k)
                spread += now[c].share[k] * mixture_scales[k];
            now[c].variance = std::max(input.h2, 1e-3) / (variants_ * spread);
            records[c] = {.method = mixture_method, .chain = c, .start = p};
        }
        for (const double b : input.statistics.effect)
            marginal_ += b * b;
    }
    void update(std::span<const double> sums, std::uint64_t iteration, bool keep) {
        for (std::size_t chain = 0; chain < now.size(); ++chain) {
            if (alive[chain] == 0) continue;
            const double* s = sums.data() + chain * width;
            MixtureSums all{.h2 = s[0], .norm = s[1], .count = {}};
            std::copy_n(s + 2, mixture_components, all.count.begin());
            if (!std::isfinite(all.h2) || !(all.norm <= 2 * marginal_)) {
                alive[chain] = 0;
                records[chain].status = "diverged";
                continue;
            }
            now[chain] = draw_mixture(all, variants_,
                                      Rng(seed_, "pgs_weights.mixture.global",
                                          static_cast<std::uint64_t>(chain) << 32 | iteration));
            if (!keep) continue;
            h2_trace[chain].push_back(all.h2);
            p_trace[chain].push_back(1 - now[chain].share[0]);
        }
    }

    std::vector<MixtureParameters> now;
    std::vector<std::uint8_t> alive;
    std::vector<std::vector<double>> h2_trace, p_trace;
    std::vector<ChainRecord> records;

private:
    double marginal_ = 0;
    std::uint64_t seed_;
    double variants_;
};

Sampled conclude(MixtureChains& chains) {
    std::vector<std::vector<double>> h2, p;
    std::vector<double> h2_means, p_means;
    for (std::size_t c = 0; c < chains.now.size(); ++c) {
        if (chains.alive[c] == 0) continue;
        h2.push_back(chains.h2_trace[c]);
        p.push_back(chains.p_trace[c]);
        h2_means.push_back(mean_of(h2.back()));
        p_means.push_back(mean_of(p.back()));
        chains.records[c].h2 = h2_means.back();
        chains.records[c].p = p_means.back();
    }
    Sampled result{
        .columns = {{mixture_method, "found", ""}}, .chains = chains.records, .parameters = {}};
    if (h2.empty()) {
        result.columns = {{mixture_method, "failed", "all_chains_diverged"}};
        return result;
    }
    result.parameters = {{mixture_method, "h2", mean_of(h2_means), chain_agreement(h2)},
                         {mixture_method, "p", mean_of(p_means), chain_agreement(p)}};
    // Shares of tiny effects hardly matter and mix slowly: h2 is what has to agree.
    if (!(result.parameters[0].agreement.r_hat < 1.1)) result.columns[0].reason = "h2_not_mixed";
    return result;
}

} // namespace

Sampled sample_mixture(const SamplingInput& input, RunContext& context) {
    const OwnBlocks& blocks = input.blocks;
    std::vector<LowRankLd> ld(blocks.size());
    parallel_tasks(blocks.size(), [&](std::size_t own) {
        ld[own] = low_rank_ld(blocks[own].view(input.statistics), input.params.eigen_share);
    });
    const bool unsolved =
        std::any_of(ld.begin(), ld.end(), [](const LowRankLd& one) { return !one.solved; });
    if (context.comm().any(unsolved))
        return {.columns = {{mixture_method, "failed", "no_eigenvalues"}},
                .chains = {},
                .parameters = {}};
    MixtureChains chains(input, context.seed());
    std::deque<LowRankMixtureBlock> samplers;
    for (std::size_t own = 0; own < blocks.size(); ++own)
        samplers.emplace_back(
            blocks[own].view(input.statistics), ld[own],
            LowRankMixtureBlock::Options{.chains = chains.now.size(),
                                         .seed = context.seed(),
                                         .first_variant = blocks[own].range.begin});
    run_sweeps({.method = mixture_method,
                .chains = chains.now.size(),
                .width = MixtureChains::width,
                .burn_in = static_cast<std::uint64_t>(input.params.burn_in),
                .kept = static_cast<std::uint64_t>(input.params.kept_iterations),
                .sweep =
                    [&](std::size_t own, std::size_t chain, std::uint64_t iteration, bool keep,
                        std::span<double> out) {
                        const MixtureSums some =
                            samplers[own].sweep(chain, iteration, chains.now[chain], keep);
                        out[0] = some.h2;
                        out[1] = some.norm;
                        std::copy(some.count.begin(), some.count.end(), out.begin() + 2);
                    },
                .update = [&](std::span<const double> sums, std::uint64_t iteration,
                              bool keep) { chains.update(sums, iteration, keep); }},
               blocks, chains.alive, context);
    Sampled result = conclude(chains);
    if (result.columns[0].status == "found")
        result.weights = write_sampled(
            mixture_method, 1, input.statistics, blocks,
            [&](std::size_t own, std::size_t) { return chain_mean(samplers[own], chains.alive); },
            context);
    return result;
}

} // namespace salus::pgs_weights
