#pragma once

#include "models/chain_draws.hpp"
#include "models/point_normal.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace salus {

/// The leading eigenvectors of the correlations of a block.
struct LowRankLd {
    std::size_t rank = 0;
    std::vector<double> q; // [variant][rank]: columns of Lambda^1/2 U'
    std::vector<double> w; // [rank]: Lambda^-1/2 U' z, z the z-scores
    bool solved = true;    // false: no eigenvalues were found
};
/// Keeps the largest eigenvalues that make up `share` of the sum of the positive ones. O(size^3).
LowRankLd low_rank_ld(const LdBlock& block, double share);

/// Variances of the components relative to that of the largest; the first is 0.
inline constexpr std::size_t mixture_components = 5;
inline constexpr std::array<double, mixture_components> mixture_scales{0, 0.001, 0.01, 0.1, 1};

/// Global state of a chain.
struct MixtureParameters {
    double variance = 1e-4; // of effects of the last component
    std::array<double, mixture_components> share{0.99, 0.005, 0.003, 0.001, 0.001};
};

/// What a sweep over a block left, to be summed over all blocks.
struct MixtureSums {
    double h2 = 0;   // |Q beta|^2
    double norm = 0; // beta'beta
    std::array<double, mixture_components> count{};
};

/// Gibbs sampler of a block under a mixture of normal effects (SBayesR) on low-rank LD (SBayesRC):
/// w ~ N(Q g, residual variance), g = sqrt(n) beta, beta of component k ~ N(0, scale_k variance).
/// The residual variance is 1, that of standardised traits, but in a block whose beta'beta exceeds
/// 1.1 times its |Q beta|^2 - effects that cancel each other - it is drawn from its scaled inverse
/// chi-square distribution and taken if above 0.7. Draws are a function of (seed, chain, iteration,
/// variant). O(size x rank) a sweep. Memory: 8 B x (size x 2 + rank) x chains.
/// Lloyd-Jones LR et al. 2019, doi:10.1038/s41467-019-12653-0; Zheng Z et al. 2024,
/// doi:10.1038/s41588-024-01704-y.
class LowRankMixtureBlock {
public:
    struct Options {
        std::size_t chains = 1;
        std::uint64_t seed = 1, first_variant = 0; // place of the block among all variants
        std::array<double, mixture_components> scales = mixture_scales;
        bool residual_draws = true; // false: the residual variance is always 1
    };
    /// `block` and `ld` must live as long.
    LowRankMixtureBlock(const LdBlock& block, const LowRankLd& ld, const Options& options);

    /// One sweep of a chain. \param keep  adds to the means.
    MixtureSums sweep(std::size_t chain, std::uint64_t iteration, const MixtureParameters& now,
                      bool keep);
    /// Mean of the kept iterations (of expectations given the others), [variant], and of the
    /// probability that an effect is not 0.
    std::vector<double> mean(std::size_t chain) const;
    std::vector<double> inclusion(std::size_t chain) const;
    double residual_variance(std::size_t chain) const { return residual_variance_[chain]; }

private:
    void draw_residual_variance(std::size_t chain, std::uint64_t iteration,
                                const MixtureSums& sums);

    LdBlock block_;
    const LowRankLd& ld_;
    Options options_;
    ChainDraws draws_;
    std::vector<double> square_;                // [variant] q'q
    std::vector<double> beta_, sum_, included_; // [chain][variant]
    std::vector<double> residual_;              // [chain][rank]
    std::vector<double> residual_variance_;     // [chain]
    std::vector<std::uint64_t> kept_;           // [chain]
};

/// Draws shares from Dirichlet(count + 1); the variance is that of h2 spread over the variants by
/// their shares. \param h2  of all blocks; at least 0.001 counts.
MixtureParameters draw_mixture(const MixtureSums& sums, double variants, Rng rng) noexcept;

} // namespace salus
