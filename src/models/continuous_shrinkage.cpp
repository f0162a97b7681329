#include "models/continuous_shrinkage.hpp"

#include "base/error.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

constexpr double scale_least = 1e-30; // of psi: its inverse stays in range

} // namespace

ContinuousShrinkageBlock::ContinuousShrinkageBlock(const LdBlock& block, const Options& options)
    : block_(block), options_(options), draws_(options.seed, "pgs_weights.continuous_shrinkage"),
      effect_(options.chains * block.size(), 0.0), scale_(effect_.size(), 1.0),
      sum_(effect_.size(), 0.0), kept_(options.chains, 0) {
    SALUS_ASSERT(block.r.size() == block.size() * block.size());
}

double ContinuousShrinkageBlock::draw_scales(std::size_t chain, std::uint64_t iteration,
                                             const ShrinkageParameters& now) {
    const std::size_t m = block_.size();
    double rate = 0;
    for (std::size_t j = 0; j < m; ++j) {
        const std::uint64_t variant = options_.first_variant + j;
        double& psi = scale_[chain * m + j];
        const double g = effect_[chain * m + j];
        const auto first = draws_.pair(chain, iteration, variant, 0);
        const auto second = draws_.pair(chain, iteration, variant, 1);
        // Gamma(3/2) is exponential plus half a squared normal.
        const double x = normal_quantile(first.second);
        const double delta = (-std::log(first.first) + 0.5 * x * x) / (psi + now.phi);
        psi = half_inverse_gaussian(2 * delta, g * g / now.sigma2, normal_quantile(second.first),
                                    second.second);
        psi = std::clamp(psi, scale_least, options_.scale_most);
        rate += delta;
    }
    return rate;
}

ShrinkageSums ContinuousShrinkageBlock::sweep(std::size_t chain, std::uint64_t iteration,
                                              const ShrinkageParameters& now, bool keep) {
    const std::size_t m = block_.size();
    const auto size = static_cast<Eigen::Index>(m);
    ShrinkageSums sums{.rate = draw_scales(chain, iteration, now)};
    const double* psi = scale_.data() + chain * m;
    // The matrix is symmetric: rows are columns.
    Eigen::MatrixXd a = Eigen::Map<const Eigen::MatrixXd>(block_.r.data(), size, size);
    Eigen::VectorXd z(size), noise(size);
    for (std::size_t j = 0; j < m; ++j) {
        const auto at = static_cast<Eigen::Index>(j);
        a(at, at) += 1 / psi[j];
        z(at) = std::sqrt(block_.n[j]) * block_.effect[j];
        noise(at) =
            std::sqrt(now.sigma2) *
            normal_quantile(draws_.pair(chain, iteration, options_.first_variant + j, 2).first);
    }
    const Eigen::LLT<Eigen::Ref<Eigen::MatrixXd>> factor(a);
    if (factor.info() != Eigen::Success) {
        sums.solved = false;
        return sums;
    }
    const auto lower = factor.matrixL();
    const Eigen::VectorXd half = lower.solve(z);
    const Eigen::VectorXd drawn = factor.matrixU().solve(half + noise);
    if (keep) {
        const Eigen::VectorXd expected = factor.matrixU().solve(half);
        for (std::size_t j = 0; j < m; ++j)
            sum_[chain * m + j] += expected(static_cast<Eigen::Index>(j));
        ++kept_[chain];
    }
    for (std::size_t j = 0; j < m; ++j) {
        const double g = drawn(static_cast<Eigen::Index>(j));
        effect_[chain * m + j] = g;
        sums.penalty += g * g / psi[j];
        sums.norm += g * g / block_.n[j];
    }
    sums.fit = drawn.dot(z);
    sums.explained = (half + noise).squaredNorm() - sums.penalty; // g'(R + 1 / psi) g
    return sums;
}

std::vector<double> ContinuousShrinkageBlock::mean(std::size_t chain) const {
    std::vector<double> out(block_.size());
    for (std::size_t j = 0; j < out.size(); ++j)
        out[j] = sum_[chain * out.size() + j] / static_cast<double>(kept_[chain]) /
                 std::sqrt(block_.n[j]);
    return out;
}

ShrinkageParameters draw_shrinkage(const ShrinkageSums& sums, const ShrinkageParameters& now,
                                   double n, double variants, bool automatic, Rng rng) noexcept {
    const double error =
        std::max(0.5 * (n - 2 * sums.fit + sums.explained + sums.penalty), 0.5 * sums.penalty);
    ShrinkageParameters next{.phi = now.phi,
                             .sigma2 = error / gamma_draw(0.5 * (n + variants), rng)};
    if (automatic) {
        const double w = rng.exponential() / (now.phi + 1);
        next.phi = gamma_draw(0.5 * variants + 0.5, rng) / (sums.rate + w);
    }
    return next;
}

} // namespace salus
