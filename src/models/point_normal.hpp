#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace salus {

/// Summary statistics of the variants of one LD block: standardised marginal effects
/// b / sqrt(n se^2 + b^2), sample sizes, and the correlations of the genotypes, [row][column].
struct LdBlock {
    std::span<const double> effect, n, r;
    std::size_t size() const noexcept { return effect.size(); }
};

/// Posterior means under a normal prior of variance h2 / variants for every effect (LDpred2-inf):
/// solves (R + diag(variants / (h2 n))) beta = effect by Cholesky factors. Empty if the matrix is
/// not positive definite. Prive F et al. 2020, doi:10.1093/bioinformatics/btaa1029.
std::vector<double> infinitesimal_effects(const LdBlock& block, double h2, double variants);

/// Heritability from the mean chi-square and the mean LD score, with intercept 1: the estimate of
/// LD-score regression with one weight for all. Not above 1; may be negative.
double moment_heritability(std::span<const double> effect, std::span<const double> n,
                           std::span<const double> ld_score) noexcept;

/// State of one hyper-parameter chain.
struct ChainParameters {
    double h2 = 0.1, p = 0.01;
    // Only with variances of genotypes: an effect has variance `variance` v^(1 + alpha).
    double alpha = -1, variance = 0;
};

/// Values of alpha that are looked at: -1.5, -1.4 ... 0.5.
inline constexpr std::size_t alpha_points = 21;
double alpha_point(std::size_t place) noexcept;

/// What a sweep over a block left, to be summed over all blocks.
struct ChainSums {
    double h2 = 0;                             // beta' R beta
    double causal = 0;                         // effects that are not 0
    double norm = 0;                           // beta' beta
    double log_variance = 0;                   // sum of log v of the effects that are not 0
    std::array<double, alpha_points> scaled{}; // sum of beta^2 / v^(1 + alpha) for each alpha
};

/// Gibbs sampler of a block under a point-normal prior: an effect is not 0 with probability p, and
/// then normal with variance h2 / (variants p). All chains share a look at each row of R. Draws
/// are a function of (seed, chain, iteration, variant) alone. Memory: 24 bytes x size x chains.
/// Prive F et al. 2020 (LDpred2); Prive F et al. 2023, doi:10.1016/j.ajhg.2023.10.010 (auto).
class PointNormalBlock {
public:
    struct Options {
        std::size_t chains = 1;
        double variants = 1;    // of all blocks
        double shrink = 1;      // of correlations off the diagonal
        bool sign_jumps = true; // false: an effect passes 0 on its way to the other sign
        std::uint64_t seed = 1, first_variant = 0; // place of the block among all variants
        /// [variant] log v, v the variance of the genotype over a constant; empty: effects of
        /// standardised genotypes have variance h2 / (variants p), whatever v is (alpha = -1).
        std::span<const double> log_variance = {};
    };
    /// `block` and what the options look at must live as long.
    PointNormalBlock(const LdBlock& block, const Options& options);

    /// One sweep of a chain. \param keep  adds to the means.
    ChainSums sweep(std::size_t chain, std::uint64_t iteration, const ChainParameters& now,
                    bool keep);
    /// Mean of the kept iterations (of expectations given the others) and of inclusion
    /// probabilities, [variant].
    std::vector<double> mean(std::size_t chain) const;
    std::vector<double> inclusion(std::size_t chain) const;
    /// Least and largest of R times the mean.
    struct Range {
        double least, largest;
    };
    Range fitted_range(std::size_t chain) const;

private:
    double prior_variance(const ChainParameters& now, std::size_t variant) const noexcept;

    LdBlock block_;
    Options options_;
    std::vector<double> beta_, product_, sum_, included_; // [chain][variant]
    std::vector<double> h2_;                              // [chain]
    std::vector<std::uint64_t> kept_;
};

/// Draws p given how many effects are not 0, with variants counted once per mean LD score:
/// Beta(1 + k / l, 1 + (variants - k) / l), within [1e-5, 1].
double draw_causal_share(double causal, double variants, double ld_score, std::uint64_t seed,
                         std::uint64_t chain, std::uint64_t iteration) noexcept;

/// Draws alpha from its posterior at alpha_points (uniform before), with the variance integrated
/// out, and then the variance. As one more effect counts a variance of `expected`.
struct AlphaDraw {
    double alpha, variance;
};
AlphaDraw draw_alpha(const ChainSums& sums, double expected, std::uint64_t seed,
                     std::uint64_t chain, std::uint64_t iteration) noexcept;

} // namespace salus
