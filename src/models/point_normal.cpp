#include "models/point_normal.hpp"

#include "base/error.hpp"
#include "base/random.hpp"
#include "models/chain_draws.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

/// Uniforms of a draw of the point-normal chains.
ChainDraws::Pair draw(std::uint64_t seed, std::uint64_t chain, std::uint64_t iteration,
                      std::uint64_t variant) noexcept {
    return uniform_pair({static_cast<std::uint32_t>(variant),
                         static_cast<std::uint32_t>(variant >> 32),
                         static_cast<std::uint32_t>(iteration), static_cast<std::uint32_t>(chain)},
                        {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
}

constexpr double alpha_first = -1.5, alpha_step = 0.1;

/// Squares of an effect over v^(1 + alpha), for each alpha.
void add_scaled(double effect, double log_variance, ChainSums& sums) noexcept {
    sums.log_variance += log_variance;
    double scaled = effect * effect * std::exp(-(1 + alpha_first) * log_variance);
    const double factor = std::exp(-alpha_step * log_variance);
    for (double& sum : sums.scaled) {
        sum += scaled;
        scaled *= factor;
    }
}

} // namespace

double alpha_point(std::size_t place) noexcept {
    return alpha_first + alpha_step * static_cast<double>(place);
}

AlphaDraw draw_alpha(const ChainSums& sums, double expected, std::uint64_t seed,
                     std::uint64_t chain, std::uint64_t iteration) noexcept {
    Rng rng(seed, "pgs_weights.alpha", chain << 32 | iteration);
    const double effects = sums.causal + 1;
    std::array<double, alpha_points> weight{};
    double largest = -1e300, total = 0;
    for (std::size_t g = 0; g < alpha_points; ++g) {
        weight[g] = -0.5 * (1 + alpha_point(g)) * sums.log_variance -
                    0.5 * effects * std::log(sums.scaled[g] + expected);
        largest = std::max(largest, weight[g]);
    }
    for (double& w : weight)
        total += w = std::exp(w - largest);
    std::size_t g = 0;
    for (double left = rng.uniform() * total - weight[0]; left >= 0 && g + 1 < alpha_points;
         left -= weight[g])
        ++g;
    // Inverse gamma; a gamma of shape a is one of a + 1 times a uniform to the power of 1 / a.
    const double shape = 0.5 * effects;
    const double gamma = gamma_draw(shape + 1, rng) * std::pow(rng.uniform(), 1 / shape);
    return {alpha_point(g), 0.5 * (sums.scaled[g] + expected) / gamma};
}

std::vector<double> infinitesimal_effects(const LdBlock& block, double h2, double variants) {
    const auto m = static_cast<Eigen::Index>(block.size());
    using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    Eigen::MatrixXd a = Eigen::Map<const Matrix>(block.r.data(), m, m);
    for (Eigen::Index j = 0; j < m; ++j)
        a(j, j) += variants / (h2 * block.n[static_cast<std::size_t>(j)]);
    const Eigen::LLT<Eigen::MatrixXd> factor(a);
    if (factor.info() != Eigen::Success) return {};
    const Eigen::VectorXd beta =
        factor.solve(Eigen::Map<const Eigen::VectorXd>(block.effect.data(), m));
    if (!beta.allFinite()) return {};
    return {beta.data(), beta.data() + m};
}

double moment_heritability(std::span<const double> effect, std::span<const double> n,
                           std::span<const double> ld_score) noexcept {
    double excess = 0, expected = 0;
    for (std::size_t j = 0; j < effect.size(); ++j) {
        excess += n[j] * effect[j] * effect[j] - 1;
        expected += n[j] * ld_score[j];
    }
    return std::min(1.0, static_cast<double>(effect.size()) * excess / expected);
}

PointNormalBlock::PointNormalBlock(const LdBlock& block, const Options& options)
    : block_(block), options_(options), beta_(options.chains * block.size()),
      product_(beta_.size()), sum_(beta_.size()), included_(beta_.size()), h2_(options.chains),
      kept_(options.chains) {
    SALUS_ASSERT(block.r.size() == block.size() * block.size());
}

double PointNormalBlock::prior_variance(const ChainParameters& now,
                                        std::size_t variant) const noexcept {
    return options_.log_variance.empty()
               ? now.h2 / (options_.variants * now.p)
               : now.variance * std::exp((1 + now.alpha) * options_.log_variance[variant]);
}

ChainSums PointNormalBlock::sweep(std::size_t chain, std::uint64_t iteration,
                                  const ChainParameters& now, bool keep) {
    const std::size_t m = block_.size();
    double* const beta = beta_.data() + chain * m;
    double* const product = product_.data() + chain * m;
    const double odds = (1 - now.p) / now.p;
    ChainSums sums;
    for (std::size_t j = 0; j < m; ++j) {
        const double old = beta[j];
        const double rest = block_.effect[j] - options_.shrink * (product[j] - old);
        const double c1 = prior_variance(now, j) * block_.n[j];
        const double c2 = 1 / (1 + 1 / c1), mean = c2 * rest, variance = c2 / block_.n[j];
        const double inclusion =
            1 / (1 + odds * std::sqrt(1 + c1) * std::exp(-0.5 * mean * mean / variance));
        if (keep) {
            sum_[chain * m + j] += mean * inclusion;
            included_[chain * m + j] += inclusion;
        }
        double drawn = 0;
        const auto random = draw(options_.seed, chain, iteration, options_.first_variant + j);
        if (random.first < inclusion) {
            drawn = mean + std::sqrt(variance) * normal_quantile(random.second);
            if (!options_.sign_jumps && drawn * old < 0) drawn = 0;
        }
        if (drawn != 0) {
            sums.causal += 1;
            sums.norm += drawn * drawn;
            if (!options_.log_variance.empty()) add_scaled(drawn, options_.log_variance[j], sums);
        }
        const double change = drawn - old;
        if (change == 0) continue;
        beta[j] = drawn;
        h2_[chain] += change * (2 * product[j] + change * block_.r[j * m + j]);
        const double* row = block_.r.data() + j * m;
        for (std::size_t i = 0; i < m; ++i)
            product[i] += row[i] * change;
    }
    if (keep) ++kept_[chain];
    sums.h2 = h2_[chain];
    return sums;
}

std::vector<double> PointNormalBlock::mean(std::size_t chain) const {
    std::vector<double> out(block_.size());
    for (std::size_t j = 0; j < out.size(); ++j)
        out[j] = sum_[chain * out.size() + j] / static_cast<double>(kept_[chain]);
    return out;
}

std::vector<double> PointNormalBlock::inclusion(std::size_t chain) const {
    std::vector<double> out(block_.size());
    for (std::size_t j = 0; j < out.size(); ++j)
        out[j] = included_[chain * out.size() + j] / static_cast<double>(kept_[chain]);
    return out;
}

PointNormalBlock::Range PointNormalBlock::fitted_range(std::size_t chain) const {
    const std::vector<double> beta = mean(chain);
    const std::size_t m = beta.size();
    Range range{0, 0};
    for (std::size_t i = 0; i < m; ++i) {
        double fitted = 0;
        for (std::size_t j = 0; j < m; ++j)
            fitted += block_.r[i * m + j] * beta[j];
        range.least = std::min(range.least, fitted);
        range.largest = std::max(range.largest, fitted);
    }
    return range;
}

double draw_causal_share(double causal, double variants, double ld_score, std::uint64_t seed,
                         std::uint64_t chain, std::uint64_t iteration) noexcept {
    Rng rng(seed, "pgs_weights.causal_share", chain << 32 | iteration);
    const double l = std::max(1.0, ld_score);
    const double a = gamma_draw(1 + causal / l, rng),
                 b = gamma_draw(1 + (variants - causal) / l, rng);
    return std::clamp(a / (a + b), 1e-5, 1.0);
}

} // namespace salus
