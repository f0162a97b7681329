#include "stages/pgs_weights/chains.hpp"

#include "base/error.hpp"
#include "base/interrupt.hpp"
#include "base/text.hpp"
#include "parallel/parallel_for.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <deque>
#include <numeric>

namespace salus::pgs_weights {
namespace {

constexpr double h2_least = 1e-3;

/// Numbers that some ranks have, on all ranks: every number comes from one rank.
void exchange(const Communicator& comm, std::vector<double>& values) {
    std::vector<std::uint64_t> bits(values.size());
    for (std::size_t i = 0; i < values.size(); ++i)
        bits[i] = std::bit_cast<std::uint64_t>(values[i]);
    comm.sum(std::span(bits));
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = std::bit_cast<double>(bits[i]);
}

/// The blocks of this rank and their samplers.
class OwnBlocks {
public:
    OwnBlocks(const PgsWeightsParams& params, const Statistics& s, const Parts& ld,
              std::span<const BlockRange> blocks, const RunContext& context)
        : blocks_(blocks), chains_(static_cast<std::size_t>(params.chains)) {
        const auto& comm = context.comm();
        for (std::size_t b = static_cast<std::size_t>(comm.rank()); b < blocks.size();
             b += static_cast<std::size_t>(comm.size())) {
            number_.push_back(b);
            loaded_.push_back(load_block(ld, blocks, b));
            samplers_.emplace_back(
                loaded_.back().view(s),
                PointNormalBlock::Options{.chains = chains_,
                                          .variants = static_cast<double>(s.size()),
                                          .shrink = params.shrink,
                                          .sign_jumps = params.sign_jumps,
                                          .seed = context.seed(),
                                          .first_variant = blocks[b].begin});
        }
    }
    /// One sweep; [block][chain][h2, causal, norm] of all blocks, zero for those of others.
    std::vector<double> sweep(std::uint64_t iteration, std::span<const ChainParameters> now,
                              std::span<const std::uint8_t> alive, bool keep) {
        std::vector<double> sums(blocks_.size() * chains_ * 3, 0.0);
        parallel_tasks(number_.size() * chains_, [&](std::size_t task) {
            const std::size_t own = task / chains_, chain = task % chains_;
            if (alive[chain] == 0) return;
            const ChainSums some = samplers_[own].sweep(chain, iteration, now[chain], keep);
            double* out = sums.data() + (number_[own] * chains_ + chain) * 3;
            out[0] = some.h2;
            out[1] = some.causal;
            out[2] = some.norm;
        });
        return sums;
    }
    /// [block][chain][least, largest] of the fitted effects.
    std::vector<double> ranges(std::span<const std::uint8_t> alive) {
        std::vector<double> out(blocks_.size() * chains_ * 2, 0.0);
        parallel_tasks(number_.size() * chains_, [&](std::size_t task) {
            const std::size_t own = task / chains_, chain = task % chains_;
            if (alive[chain] == 0) return;
            const auto range = samplers_[own].fitted_range(chain);
            out[(number_[own] * chains_ + chain) * 2] = range.least;
            out[(number_[own] * chains_ + chain) * 2 + 1] = range.largest;
        });
        return out;
    }
    /// Mean over some chains, of a block of this rank.
    std::vector<double> mean(std::size_t block, std::span<const std::uint8_t> kept) const {
        const auto own = std::find(number_.begin(), number_.end(), block);
        SALUS_ASSERT(own != number_.end());
        const auto& sampler = samplers_[static_cast<std::size_t>(own - number_.begin())];
        std::vector<double> sum(blocks_[block].size(), 0.0);
        double count = 0;
        for (std::size_t chain = 0; chain < chains_; ++chain) {
            if (kept[chain] == 0) continue;
            const auto some = sampler.mean(chain);
            for (std::size_t j = 0; j < sum.size(); ++j)
                sum[j] += some[j];
            ++count;
        }
        for (double& x : sum)
            x /= count;
        return sum;
    }

private:
    std::span<const BlockRange> blocks_;
    std::size_t chains_;
    std::vector<std::size_t> number_;
    std::deque<LoadedBlock> loaded_; // samplers look at them
    std::deque<PointNormalBlock> samplers_;
};

/// The chains as a whole, the same on every rank.
class Chains {
public:
    Chains(const PgsWeightsParams& params, const Statistics& s, double h2, double ld_score,
           std::uint64_t seed)
        : now(static_cast<std::size_t>(params.chains)), alive(now.size(), 1), h2_trace(now.size()),
          p_trace(now.size()), records(now.size()), ld_score_(ld_score), seed_(seed),
          variants_(static_cast<double>(s.size())) {
        for (std::size_t c = 0; c < now.size(); ++c) {
            const double share = now.size() == 1
                                     ? 0.5
                                     : static_cast<double>(c) / static_cast<double>(now.size() - 1);
            now[c] = {.h2 = std::max(h2, h2_least), .p = 1e-4 * std::pow(2000.0, share)};
            records[c].p_start = now[c].p;
        }
        for (const double b : s.effect)
            marginal_ += b * b;
    }
    void update(std::span<const double> sums, std::uint64_t iteration, bool keep) {
        const std::size_t c = now.size();
        for (std::size_t chain = 0; chain < c; ++chain) {
            if (alive[chain] == 0) continue;
            double h2 = 0, causal = 0, norm = 0;
            for (std::size_t at = chain * 3; at < sums.size(); at += 3 * c) {
                h2 += sums[at];
                causal += sums[at + 1];
                norm += sums[at + 2];
            }
            if (!std::isfinite(h2) || !(norm <= 2 * marginal_)) {
                alive[chain] = 0;
                records[chain].status = "diverged";
                continue;
            }
            now[chain].h2 = std::max(h2, h2_least);
            now[chain].p = draw_causal_share(causal, variants_, ld_score_, seed_, chain, iteration);
            if (!keep) continue;
            h2_trace[chain].push_back(now[chain].h2);
            p_trace[chain].push_back(now[chain].p);
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
    static double mean_of(const std::vector<double>& x) {
        return std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size());
    }

    std::vector<ChainParameters> now;
    std::vector<std::uint8_t> alive;
    std::vector<std::vector<double>> h2_trace, p_trace;
    std::vector<ChainRecord> records;

private:
    double ld_score_, marginal_ = 0;
    std::uint64_t seed_;
    double variants_;
};

AutoResult conclude(const Chains& chains) {
    AutoResult result{.chains = chains.records};
    std::vector<std::vector<double>> h2, p;
    for (std::size_t c = 0; c < chains.now.size(); ++c) {
        if (chains.alive[c] == 0) continue;
        h2.push_back(chains.h2_trace[c]);
        p.push_back(chains.p_trace[c]);
        result.h2_mean += Chains::mean_of(h2.back());
        result.p_mean += Chains::mean_of(p.back());
    }
    if (h2.empty()) {
        result.status = "failed";
        result.reason = "all_chains_diverged";
        return result;
    }
    result.h2_mean /= static_cast<double>(h2.size());
    result.p_mean /= static_cast<double>(p.size());
    result.h2 = chain_agreement(h2);
    result.p = chain_agreement(p);
    result.status = "found";
    if (!(result.h2.r_hat < 1.1))
        result.reason = "h2_not_mixed";
    else if (!(result.p.r_hat < 1.1))
        result.reason = "p_not_mixed";
    return result;
}

} // namespace

AutoResult run_chains(const PgsWeightsParams& params, const Statistics& s, const Parts& ld,
                      std::span<const BlockRange> blocks, double h2, double mean_ld_score,
                      RunContext& context, Parts& weights) {
    const auto& comm = context.comm();
    OwnBlocks own = collectively(comm, "loading the correlations",
                                 [&] { return OwnBlocks(params, s, ld, blocks, context); });
    Chains chains(params, s, h2, mean_ld_score, context.seed());
    const auto burn_in = static_cast<std::uint64_t>(params.burn_in);
    const std::uint64_t all = burn_in + static_cast<std::uint64_t>(params.kept_iterations);
    for (std::uint64_t i = 0; i < all; ++i) {
        const bool keep = i >= burn_in;
        auto sums = own.sweep(i, chains.now, chains.alive, keep);
        exchange(comm, sums);
        chains.update(sums, i, keep);
        if (comm.any(interrupt_requested()))
            throw Interrupted({.what = text("stopped in iteration ", i + 1, " of ", all),
                               .where = "stage pgs_weights",
                               .why = "the chains begin again when the job goes on",
                               .help = {}});
        if ((i + 1) % 100 == 0)
            context.log().info(
                text("iteration ", i + 1, " of ", all, " of ", chains.now.size(), " chains"));
    }
    auto ranges = own.ranges(chains.alive);
    exchange(comm, ranges);
    chains.filter(ranges);
    const AutoResult result = conclude(chains);
    if (result.status == "failed") return result;
    const auto rank = static_cast<std::size_t>(comm.rank()),
               ranks = static_cast<std::size_t>(comm.size());
    // Every rank has its blocks only: it gives them to the one that writes, which may be another.
    std::vector<double> all_weights(s.size(), 0.0);
    for (std::size_t b = rank; b < blocks.size(); b += ranks) {
        const auto mean = own.mean(b, chains.alive);
        for (std::size_t j = 0; j < mean.size(); ++j)
            all_weights[blocks[b].begin + j] = mean[j] * s.scale[blocks[b].begin + j];
    }
    exchange(comm, all_weights);
    weights = context.for_each_unit("auto", blocks.size(), [&](std::uint64_t b, PartWriter& part) {
        part.write_array<double>(
            "weights",
            std::span<const double>(all_weights).subspan(blocks[b].begin, blocks[b].size()), {},
            Compression::none);
    });
    return result;
}

} // namespace salus::pgs_weights
