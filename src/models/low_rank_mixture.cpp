#include "models/low_rank_mixture.hpp"

#include "base/error.hpp"

#include <Eigen/Core>
#include <Eigen/Eigenvalues>

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

constexpr double h2_least = 1e-3, cancelling = 1.1, variance_least = 0.7, prior_df = 4;

using MappedVector = Eigen::Map<Eigen::VectorXd>;
using ConstVector = Eigen::Map<const Eigen::VectorXd>;

/// Probabilities of the components of one effect, and its normal distribution in each.
struct Components {
    std::array<double, mixture_components> probability{}, mean{}, variance{};
    double expected = 0;
};
/// \param information, fit  of the effect: q'q n / residual variance, and that times its least
/// squares estimate.
Components components_of(double information, double fit, const MixtureParameters& now,
                         std::span<const double> scales) noexcept {
    Components c;
    std::array<double, mixture_components> log_weight{};
    double largest = -1e300, total = 0;
    for (std::size_t k = 0; k < mixture_components; ++k) {
        log_weight[k] = std::log(now.share[k]);
        const double prior = scales[k] * now.variance;
        if (prior > 0) {
            c.variance[k] = 1 / (information + 1 / prior);
            c.mean[k] = fit * c.variance[k];
            log_weight[k] += 0.5 * (c.mean[k] * fit - std::log1p(information * prior));
        }
        largest = std::max(largest, log_weight[k]);
    }
    for (std::size_t k = 0; k < mixture_components; ++k)
        total += c.probability[k] = std::exp(log_weight[k] - largest);
    for (std::size_t k = 0; k < mixture_components; ++k) {
        c.probability[k] /= total;
        c.expected += c.probability[k] * c.mean[k];
    }
    return c;
}

} // namespace

LowRankLd low_rank_ld(const LdBlock& block, double share) {
    const std::size_t m = block.size();
    const auto size = static_cast<Eigen::Index>(m);
    LowRankLd out;
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(
        Eigen::Map<const Eigen::MatrixXd>(block.r.data(), size, size));
    if (eigen.info() != Eigen::Success || !eigen.eigenvalues().allFinite()) {
        out.solved = false;
        return out;
    }
    const auto& value = eigen.eigenvalues(); // ascending
    double all = 0, sum = 0;
    for (Eigen::Index k = 0; k < size; ++k)
        all += std::max(0.0, value(k));
    Eigen::Index first = size;
    while (first > 0 && value(first - 1) > 1e-10 * all && (first == size || sum < share * all))
        sum += value(--first);
    out.rank = static_cast<std::size_t>(size - first);
    Eigen::VectorXd z(size);
    for (std::size_t j = 0; j < m; ++j)
        z(static_cast<Eigen::Index>(j)) = std::sqrt(block.n[j]) * block.effect[j];
    out.q.resize(m * out.rank);
    out.w.resize(out.rank);
    for (std::size_t k = 0; k < out.rank; ++k) {
        const auto at = first + static_cast<Eigen::Index>(k);
        const double root = std::sqrt(value(at));
        out.w[k] = eigen.eigenvectors().col(at).dot(z) / root;
        for (std::size_t j = 0; j < m; ++j)
            out.q[j * out.rank + k] = root * eigen.eigenvectors()(static_cast<Eigen::Index>(j), at);
    }
    return out;
}

LowRankMixtureBlock::LowRankMixtureBlock(const LdBlock& block, const LowRankLd& ld,
                                         const Options& options)
    : block_(block), ld_(ld), options_(options), draws_(options.seed, "pgs_weights.mixture"),
      square_(block.size()), beta_(options.chains * block.size(), 0.0), sum_(beta_.size(), 0.0),
      included_(beta_.size(), 0.0), residual_variance_(options.chains, 1.0),
      kept_(options.chains, 0) {
    SALUS_ASSERT(ld.q.size() == block.size() * ld.rank);
    for (std::size_t j = 0; j < block.size(); ++j)
        square_[j] = ConstVector(ld.q.data() + j * ld.rank, static_cast<Eigen::Index>(ld.rank))
                         .squaredNorm();
    for (std::size_t c = 0; c < options.chains; ++c)
        residual_.insert(residual_.end(), ld.w.begin(), ld.w.end());
}

MixtureSums LowRankMixtureBlock::sweep(std::size_t chain, std::uint64_t iteration,
                                       const MixtureParameters& now, bool keep) {
    const std::size_t m = block_.size(), rank = ld_.rank;
    const auto length = static_cast<Eigen::Index>(rank);
    MappedVector residual(residual_.data() + chain * rank, length);
    const double error = residual_variance_[chain];
    MixtureSums sums;
    for (std::size_t j = 0; j < m; ++j) {
        const ConstVector q(ld_.q.data() + j * rank, length);
        const double n = block_.n[j], root = std::sqrt(n);
        double& beta = beta_[chain * m + j];
        const double old = beta;
        const double fit = (q.dot(residual) + square_[j] * root * old) * root / error;
        const Components c = components_of(square_[j] * n / error, fit, now, options_.scales);
        if (keep) {
            sum_[chain * m + j] += c.expected;
            included_[chain * m + j] += 1 - c.probability[0];
        }
        const auto random = draws_.pair(chain, iteration, options_.first_variant + j, 0);
        std::size_t k = 0;
        for (double left = random.first - c.probability[0]; left >= 0 && k + 1 < mixture_components;
             left -= c.probability[k])
            ++k;
        ++sums.count[k];
        beta = c.variance[k] > 0
                   ? c.mean[k] + std::sqrt(c.variance[k]) * normal_quantile(random.second)
                   : 0.0;
        sums.norm += beta * beta;
        if (beta != old) residual -= (root * (beta - old)) * q;
    }
    // |Q beta|^2 of what is left of w; sample sizes of a block are near each other.
    const double n = ConstVector(block_.n.data(), static_cast<Eigen::Index>(m)).mean();
    sums.h2 = (ConstVector(ld_.w.data(), length) - residual).squaredNorm() / n;
    if (keep) ++kept_[chain];
    draw_residual_variance(chain, iteration, sums);
    return sums;
}

void LowRankMixtureBlock::draw_residual_variance(std::size_t chain, std::uint64_t iteration,
                                                 const MixtureSums& sums) {
    double& variance = residual_variance_[chain];
    variance = 1;
    if (!options_.residual_draws || !(sums.norm > cancelling * sums.h2)) return;
    Rng rng(options_.seed, "pgs_weights.mixture.residual",
            (options_.first_variant << 24) ^ (static_cast<std::uint64_t>(chain) << 56) ^ iteration);
    const MappedVector residual(residual_.data() + chain * ld_.rank,
                                static_cast<Eigen::Index>(ld_.rank));
    const double df = static_cast<double>(ld_.rank) + prior_df;
    const double drawn = (residual.squaredNorm() + prior_df) / (2 * gamma_draw(0.5 * df, rng));
    if (drawn > variance_least && std::isfinite(drawn)) variance = drawn;
}

std::vector<double> LowRankMixtureBlock::mean(std::size_t chain) const {
    std::vector<double> out(block_.size());
    for (std::size_t j = 0; j < out.size(); ++j)
        out[j] = sum_[chain * out.size() + j] / static_cast<double>(kept_[chain]);
    return out;
}

std::vector<double> LowRankMixtureBlock::inclusion(std::size_t chain) const {
    std::vector<double> out(block_.size());
    for (std::size_t j = 0; j < out.size(); ++j)
        out[j] = included_[chain * out.size() + j] / static_cast<double>(kept_[chain]);
    return out;
}

MixtureParameters draw_mixture(const MixtureSums& sums, double variants, Rng rng) noexcept {
    MixtureParameters next;
    double total = 0, spread = 0;
    for (std::size_t k = 0; k < mixture_components; ++k)
        total += next.share[k] = gamma_draw(sums.count[k] + 1, rng);
    for (std::size_t k = 0; k < mixture_components; ++k) {
        next.share[k] /= total;
        spread += next.share[k] * mixture_scales[k];
    }
    next.variance = std::max(sums.h2, h2_least) / (variants * spread);
    return next;
}

} // namespace salus
