#pragma once

#include "models/chain_draws.hpp"
#include "models/point_normal.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace salus {

/// Global state of a chain: strength of the shrinkage, and residual variance.
struct ShrinkageParameters {
    double phi = 1, sigma2 = 1;
};

/// What a sweep over a block left, to be summed over all blocks. z are the z-scores sqrt(n) effect,
/// g the effects times sqrt(n).
struct ShrinkageSums {
    double fit = 0;       // g'z
    double explained = 0; // g'R g
    double penalty = 0;   // sum of g^2 / psi
    double rate = 0;      // sum of delta
    double norm = 0;      // sum of effects squared
    bool solved = true;   // false: the matrix was not positive definite
};

/// Block Gibbs sampler under a continuous shrinkage prior (PRS-CS): beta_j ~ N(0, sigma2 psi_j /
/// n_j), psi_j ~ Gamma(1, delta_j), delta_j ~ Gamma(1/2, phi); psi above 1 is set to 1. All effects
/// of a block are drawn at once, from z ~ N(R g, sigma2 R): exact where all sample sizes are the
/// same, else each variant has the precision of its own n. Draws are a function of (seed, chain,
/// iteration, variant). O(size^3 / 3) a sweep. Memory: 24 B x size x chains, and 8 B x size^2 in a
/// sweep. Ge T et al. 2019, doi:10.1038/s41467-019-09718-5.
class ContinuousShrinkageBlock {
public:
    struct Options {
        std::size_t chains = 1;
        std::uint64_t seed = 1, first_variant = 0; // place of the block among all variants
        double scale_most = 1;                     // of psi, as in PRS-CS
    };
    /// `block` must live as long.
    ContinuousShrinkageBlock(const LdBlock& block, const Options& options);

    /// Draws delta, psi and then the effects. \param keep  adds to the means.
    ShrinkageSums sweep(std::size_t chain, std::uint64_t iteration, const ShrinkageParameters& now,
                        bool keep);
    /// Mean of the kept iterations (of expectations given psi), [variant].
    std::vector<double> mean(std::size_t chain) const;

private:
    double draw_scales(std::size_t chain, std::uint64_t iteration, const ShrinkageParameters& now);

    LdBlock block_;
    Options options_;
    ChainDraws draws_;
    std::vector<double> effect_, scale_, sum_; // [chain][variant]; g, psi, kept g
    std::vector<std::uint64_t> kept_;          // [chain]
};

/// Draws the global state from the sums of all blocks. \param n  mean sample size. \param
/// automatic  phi too, under a half-Cauchy prior of its root; else it stays.
ShrinkageParameters draw_shrinkage(const ShrinkageSums& sums, const ShrinkageParameters& now,
                                   double n, double variants, bool automatic, Rng rng) noexcept;

} // namespace salus
