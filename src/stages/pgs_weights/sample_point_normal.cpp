#include "models/point_normal.hpp"
#include "parallel/parallel_for.hpp"
#include "stages/pgs_weights/methods.hpp"

#include <algorithm>
#include <cmath>

namespace salus::pgs_weights {
namespace {

constexpr double h2_least = 1e-3;

/// The chains as a whole, the same on every rank.
class PointNormalChains {
public:
    PointNormalChains(const PgsWeightsParams& params, const Statistics& s, double h2,
                      double ld_score, std::uint64_t seed)
        : now(static_cast<std::size_t>(params.chains)), alive(now.size(), 1), h2_trace(now.size()),
          p_trace(now.size()), alpha_trace(now.size()), with_alpha(params.estimate_alpha),
          records(now.size()), ld_score_(ld_score), seed_(seed),
          variants_(static_cast<double>(s.size())) {
        for (std::size_t c = 0; c < now.size(); ++c) {
            const double share = now.size() == 1
                                     ? 0.5
                                     : static_cast<double>(c) / static_cast<double>(now.size() - 1);
            now[c] = {.h2 = std::max(h2, h2_least), .p = 1e-4 * std::pow(2000.0, share)};
            now[c].variance = now[c].h2 / (variants_ * now[c].p);
            records[c] = {.method = "auto", .chain = c, .start = now[c].p};
        }
        for (const double b : s.effect)
            marginal_ += b * b;
    }
    void update(std::span<const double> sums, std::uint64_t iteration, bool keep) {
        for (std::size_t chain = 0; chain < now.size(); ++chain) {
            if (alive[chain] == 0) continue;
            const double h2 = sums[chain * width], causal = sums[chain * width + 1],
                         norm = sums[chain * width + 2];
            ChainSums all{.h2 = h2, .causal = causal, .norm = norm};
            all.log_variance = sums[chain * width + 3];
            std::copy_n(sums.begin() + static_cast<std::ptrdiff_t>(chain * width + 4), alpha_points,
                        all.scaled.begin());
            if (!std::isfinite(h2) || !(norm <= 2 * marginal_)) {
                alive[chain] = 0;
                records[chain].status = "diverged";
                continue;
            }
            now[chain].h2 = std::max(h2, h2_least);
            now[chain].p = draw_causal_share(causal, variants_, ld_score_, seed_, chain, iteration);
            if (with_alpha) {
                const auto drawn = draw_alpha(all, now[chain].h2 / (variants_ * now[chain].p),
                                              seed_, chain, iteration);
                now[chain].alpha = drawn.alpha;
                now[chain].variance = drawn.variance;
            }
            if (!keep) continue;
            h2_trace[chain].push_back(now[chain].h2);
            p_trace[chain].push_back(now[chain].p);
            alpha_trace[chain].push_back(now[chain].alpha);
        }
    }
    /// Drops chains whose fitted effects have a narrower range than 0.95 of the 95th percentile.
    void filter(std::span<const double> ranges) {
        const std::size_t c = now.size();
        std::vector<double> alive_ranges;
        for (std::size_t chain = 0; chain < c; ++chain) {
            if (alive[chain] == 0) continue;
            double least = 0, largest = 0;
            for (std::size_t at = chain * 2; at < ranges.size(); at += 2 * c) {
                least = std::min(least, ranges[at]);
                largest = std::max(largest, ranges[at + 1]);
            }
            records[chain].range = largest - least;
            records[chain].h2 = mean_of(h2_trace[chain]);
            records[chain].p = mean_of(p_trace[chain]);
            alive_ranges.push_back(records[chain].range);
        }
        if (alive_ranges.empty()) return;
        std::sort(alive_ranges.begin(), alive_ranges.end());
        // Quantile between order statistics, as R's default.
        const double place = 0.95 * static_cast<double>(alive_ranges.size() - 1);
        const auto below = static_cast<std::size_t>(place);
        const double above = alive_ranges[std::min(below + 1, alive_ranges.size() - 1)];
        const double limit = 0.95 * (alive_ranges[below] + (place - static_cast<double>(below)) *
                                                               (above - alive_ranges[below]));
        for (std::size_t chain = 0; chain < c; ++chain)
            if (alive[chain] != 0 && !(records[chain].range > limit)) {
                alive[chain] = 0;
                records[chain].status = "narrow";
            }
    }
    static constexpr std::size_t width = 4 + alpha_points;
    std::vector<ChainParameters> now;
    std::vector<std::uint8_t> alive;
    std::vector<std::vector<double>> h2_trace, p_trace, alpha_trace;
    bool with_alpha;
    std::vector<ChainRecord> records;

private:
    double ld_score_, marginal_ = 0;
    std::uint64_t seed_;
    double variants_;
};

/// [block][chain][least, largest] of the fitted effects, on every rank.
std::vector<double> fitted_ranges(const OwnBlocks& blocks,
                                  const std::deque<PointNormalBlock>& samplers,
                                  std::span<const std::uint8_t> alive, const Communicator& comm) {
    const std::size_t chains = alive.size();
    std::vector<double> out(blocks.all() * chains * 2, 0.0);
    parallel_tasks(blocks.size() * chains, [&](std::size_t task) {
        const std::size_t own = task / chains, chain = task % chains;
        if (alive[chain] == 0) return;
        const auto range = samplers[own].fitted_range(chain);
        out[(blocks.number(own) * chains + chain) * 2] = range.least;
        out[(blocks.number(own) * chains + chain) * 2 + 1] = range.largest;
    });
    exchange(comm, out);
    return out;
}

Sampled conclude(const PointNormalChains& chains) {
    Sampled result{.columns = {{"auto", "found", ""}}, .chains = chains.records, .parameters = {}};
    std::vector<std::vector<double>> h2, p, alpha;
    std::vector<double> h2_means, p_means, alpha_means;
    for (std::size_t c = 0; c < chains.now.size(); ++c) {
        if (chains.alive[c] == 0) continue;
        h2.push_back(chains.h2_trace[c]);
        p.push_back(chains.p_trace[c]);
        alpha.push_back(chains.alpha_trace[c]);
        alpha_means.push_back(mean_of(alpha.back()));
        h2_means.push_back(mean_of(h2.back()));
        p_means.push_back(mean_of(p.back()));
    }
    if (h2.empty()) {
        result.columns = {{"auto", "failed", "all_chains_diverged"}};
        return result;
    }
    result.parameters = {{"auto", "h2", mean_of(h2_means), chain_agreement(h2)},
                         {"auto", "p", mean_of(p_means), chain_agreement(p)}};
    // Alpha hardly matters where effects are few or small, and need not have mixed.
    for (const ParameterRecord& r : result.parameters)
        if (!(r.agreement.r_hat < 1.1) && result.columns[0].reason.empty())
            result.columns[0].reason = r.parameter + "_not_mixed";
    if (chains.with_alpha)
        result.parameters.push_back(
            {"auto", "alpha", mean_of(alpha_means), chain_agreement(alpha)});
    return result;
}

} // namespace

Sampled sample_point_normal(const SamplingInput& input, RunContext& context) {
    const PgsWeightsParams& params = input.params;
    const OwnBlocks& blocks = input.blocks;
    PointNormalChains chains(params, input.statistics, input.h2, input.mean_ld_score,
                             context.seed());
    std::deque<PointNormalBlock> samplers;
    const std::span<const double> log_variance(input.statistics.log_variance);
    for (std::size_t own = 0; own < blocks.size(); ++own)
        samplers.emplace_back(
            blocks[own].view(input.statistics),
            PointNormalBlock::Options{
                .chains = chains.now.size(),
                .variants = static_cast<double>(input.statistics.size()),
                .shrink = params.shrink,
                .sign_jumps = params.sign_jumps,
                .seed = context.seed(),
                .first_variant = blocks[own].range.begin,
                .log_variance =
                    params.estimate_alpha
                        ? log_variance.subspan(blocks[own].range.begin, blocks[own].range.size())
                        : std::span<const double>()});
    run_sweeps({.method = "auto",
                .chains = chains.now.size(),
                .width = PointNormalChains::width,
                .burn_in = static_cast<std::uint64_t>(params.burn_in),
                .kept = static_cast<std::uint64_t>(params.kept_iterations),
                .sweep =
                    [&](std::size_t own, std::size_t chain, std::uint64_t iteration, bool keep,
                        std::span<double> out) {
                        const ChainSums some =
                            samplers[own].sweep(chain, iteration, chains.now[chain], keep);
                        out[0] = some.h2;
                        out[1] = some.causal;
                        out[2] = some.norm;
                        out[3] = some.log_variance;
                        std::copy(some.scaled.begin(), some.scaled.end(), out.begin() + 4);
                    },
                .update = [&](std::span<const double> sums, std::uint64_t iteration,
                              bool keep) { chains.update(sums, iteration, keep); }},
               blocks, chains.alive, context);
    chains.filter(fitted_ranges(blocks, samplers, chains.alive, context.comm()));
    Sampled result = conclude(chains);
    if (result.columns[0].status == "found")
        result.weights = write_sampled(
            "auto", 1, input.statistics, blocks,
            [&](std::size_t own, std::size_t) { return chain_mean(samplers[own], chains.alive); },
            context);
    return result;
}

} // namespace salus::pgs_weights
