#include "models/point_normal.hpp"

#include "base/error.hpp"
#include "base/random.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

constexpr double fraction = 0x1p-53;

/// Two uniforms of (0, 1) that belong to a draw.
struct Draw {
    double first, second;
};
Draw draw(std::uint64_t seed, std::uint64_t chain, std::uint64_t iteration,
          std::uint64_t variant) noexcept {
    const auto words =
        philox({static_cast<std::uint32_t>(variant), static_cast<std::uint32_t>(variant >> 32),
                static_cast<std::uint32_t>(iteration), static_cast<std::uint32_t>(chain)},
               {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
    const auto uniform = [](std::uint32_t a, std::uint32_t b) {
        const std::uint64_t bits = std::uint64_t{a} << 32 | b;
        return (static_cast<double>(bits >> 11) + 0.5) * fraction;
    };
    return {uniform(words[0], words[1]), uniform(words[2], words[3])};
}

/// Gamma with shape >= 1 and scale 1. Marsaglia & Tsang 2000, doi:10.1145/358407.358414.
double gamma(double shape, Rng& rng) noexcept {
    const double d = shape - 1.0 / 3, c = 1 / std::sqrt(9 * d);
    for (;;) {
        const double x = rng.normal(), v = std::pow(1 + c * x, 3);
        if (v <= 0) continue;
        if (std::log(rng.uniform()) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
    }
}

} // namespace

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
        const double c1 = now.h2 * block_.n[j] / (options_.variants * now.p);
        const double c2 = 1 / (1 + 1 / c1), mean = c2 * rest, variance = c2 / block_.n[j];
        const double inclusion =
            1 / (1 + odds * std::sqrt(1 + c1) * std::exp(-0.5 * mean * mean / variance));
        if (keep) {
            sum_[chain * m + j] += mean * inclusion;
            included_[chain * m + j] += inclusion;
        }
        double drawn = 0;
        const Draw random = draw(options_.seed, chain, iteration, options_.first_variant + j);
        if (random.first < inclusion) {
            drawn = mean + std::sqrt(variance) * normal_quantile(random.second);
            if (!options_.sign_jumps && drawn * old < 0) drawn = 0;
        }
        if (drawn != 0) {
            sums.causal += 1;
            sums.norm += drawn * drawn;
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
    const double a = gamma(1 + causal / l, rng), b = gamma(1 + (variants - causal) / l, rng);
    return std::clamp(a / (a + b), 1e-5, 1.0);
}

} // namespace salus
