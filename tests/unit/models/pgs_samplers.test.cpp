#include "models/continuous_shrinkage.hpp"
#include "models/low_rank_mixture.hpp"
#include "support/reference.hpp"
#include "support/reference_data.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <Eigen/LU>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <random>

namespace salus {
namespace {

/// Mean and its Monte-Carlo standard error from independent batches.
struct Estimate {
    double mean = 0, error = 0;
};
Estimate estimate(const std::vector<double>& batches) {
    Estimate e;
    const auto n = static_cast<double>(batches.size());
    for (const double x : batches)
        e.mean += x / n;
    for (const double x : batches)
        e.error += (x - e.mean) * (x - e.mean) / (n - 1) / n;
    e.error = std::sqrt(e.error);
    return e;
}

/// Integral of f over (0, infinity) by the trapezium rule in log x.
double integral(const std::function<double(double)>& f, double log_from = -60, double log_to = 40) {
    double sum = 0;
    constexpr double step = 0.01;
    for (double t = log_from; t < log_to; t += step)
        sum += f(std::exp(t)) * std::exp(t) * step;
    return sum;
}

TEST(HalfInverseGaussian, HasTheMomentsOfItsDensity) {
    const ChainDraws draws(1, "test.gig");
    for (const double a : {0.01, 1.0, 300.0})
        for (const double b : {0.0, 1e-12, 0.5, 40.0}) {
            const auto density = [&](double x) {
                return std::exp(-(a * x + b / x) / 2) / std::sqrt(x);
            };
            const double all = integral(density);
            const double below =
                integral([&](double x) { return x < 1 / a ? density(x) : 0; }) / all;
            // Of the logarithm: all its moments are there, at b = 0 too.
            const double log_mean =
                integral([&](double x) { return std::log(x) * density(x); }) / all;
            constexpr int n = 40000;
            double sum = 0, squares = 0, count = 0;
            for (int i = 0; i < n; ++i) {
                const auto u = draws.pair(0, static_cast<std::uint64_t>(i), 7, 0);
                const double x = half_inverse_gaussian(a, b, normal_quantile(u.first), u.second);
                ASSERT_TRUE(x > 0 && std::isfinite(x)) << a << ' ' << b;
                sum += std::log(x);
                squares += std::log(x) * std::log(x);
                if (x < 1 / a) ++count;
            }
            const double deviation = std::sqrt(squares / n - sum / n * (sum / n));
            EXPECT_NEAR(sum / n, log_mean, 4.5 * deviation / std::sqrt(n)) << a << ' ' << b;
            EXPECT_NEAR(count / n, below, 4.5 * 0.5 / std::sqrt(n)) << a << ' ' << b;
        }
}

TEST(HalfInverseGaussian, NoNumbersThatAreNone) {
    for (const double a : {1e-300, 1e-10, 1.0, 1e300})
        for (const double b : {0.0, 1e-300, 1e-20, 1.0, 1e20})
            for (const double normal : {0.0, 1e-160, -3.0, 8.0})
                for (const double uniform : {1e-16, 0.5, 1 - 1e-16}) {
                    const double x = half_inverse_gaussian(a, b, normal, uniform);
                    EXPECT_TRUE(x >= 0) << a << ' ' << b << ' ' << normal << ' ' << uniform;
                }
}

struct Problem {
    std::vector<double> effect, n, r;
    LdBlock block() const { return {effect, n, r}; }
};

/// Posterior mean of one effect given phi and sigma2 = 1, by integration over psi, whose prior is
/// proportional to (psi + phi)^(-3/2).
double exact_shrunk(double z, double phi) {
    const auto weight = [&](double psi) {
        return std::pow(psi + phi, -1.5) * std::exp(-z * z / (2 * (1 + psi))) / std::sqrt(1 + psi);
    };
    return integral([&](double psi) { return z * psi / (1 + psi) * weight(psi); }) /
           integral(weight);
}

// Tolerance: four Monte-Carlo standard errors from 20 chains.
TEST(ContinuousShrinkage, OneVariantHasItsExactPosteriorMean) {
    for (const double z : {0.5, 2.0, 5.0})
        for (const double phi : {0.01, 1.0}) {
            Problem problem{.effect = {z / std::sqrt(400.0)}, .n = {400}, .r = {1}};
            ContinuousShrinkageBlock sampler(problem.block(),
                                             {.chains = 20, .seed = 4, .scale_most = 1e12});
            std::vector<double> means;
            for (std::size_t chain = 0; chain < 20; ++chain) {
                for (std::uint64_t i = 0; i < 4000; ++i)
                    ASSERT_TRUE(
                        sampler.sweep(chain, i, {.phi = phi, .sigma2 = 1}, i >= 200).solved);
                means.push_back(sampler.mean(chain)[0] * std::sqrt(400.0));
            }
            const Estimate e = estimate(means);
            EXPECT_NEAR(e.mean, exact_shrunk(z, phi), 4 * e.error) << z << ' ' << phi;
            EXPECT_LT(e.error, 0.05);
        }
}

Problem correlated_problem(std::size_t m, double n) {
    Problem problem{.effect = std::vector<double>(m), .n = std::vector<double>(m, n), .r = {}};
    problem.r.assign(m * m, 0.0);
    Rng rng(1, "test.samplers", 0);
    for (std::size_t i = 0; i < m; ++i) {
        problem.effect[i] = rng.normal() / std::sqrt(n) + (i % 5 == 0 ? 0.2 : 0);
        for (std::size_t j = 0; j < m; ++j)
            problem.r[i * m + j] =
                std::pow(0.6, std::fabs(static_cast<double>(i) - static_cast<double>(j)));
    }
    return problem;
}

/// PRS-CS as its paper has it, slow and with the generator of the standard library: effects,
/// sigma2, delta, psi (as the sum of an inverse Gaussian and a gamma variable), phi, in this order.
struct SlowShrinkage {
    const Problem& problem;
    std::mt19937_64 random;
    double n, phi = 1, sigma2 = 1;
    Eigen::VectorXd psi, beta, sum;
    double phi_sum = 0, sigma2_sum = 0, count = 0;

    SlowShrinkage(const Problem& p, std::uint64_t seed)
        : problem(p), random(seed), n(p.n[0]),
          psi(Eigen::VectorXd::Ones(static_cast<Eigen::Index>(p.n.size()))), beta(0 * psi),
          sum(0 * psi) {}
    double gamma(double shape, double rate) {
        return std::gamma_distribution<double>(shape, 1 / rate)(random);
    }
    double inverse_gaussian(double mu, double lambda) {
        const double nu = std::pow(std::normal_distribution<double>()(random), 2);
        const double x = mu + mu * mu * nu / (2 * lambda) -
                         mu / (2 * lambda) * std::sqrt(4 * mu * lambda * nu + mu * mu * nu * nu);
        return std::uniform_real_distribution<double>()(random) <= mu / (mu + x) ? x : mu * mu / x;
    }
    void iterate(bool keep) {
        const Eigen::Index m = psi.size();
        const Eigen::MatrixXd r = Eigen::Map<const Eigen::MatrixXd>(problem.r.data(), m, m);
        const Eigen::VectorXd hat = Eigen::Map<const Eigen::VectorXd>(problem.effect.data(), m);
        const Eigen::MatrixXd a = r + Eigen::MatrixXd(psi.cwiseInverse().asDiagonal());
        const Eigen::LLT<Eigen::MatrixXd> factor(a);
        Eigen::VectorXd noise(m);
        for (Eigen::Index j = 0; j < m; ++j)
            noise(j) = std::normal_distribution<double>()(random);
        beta = factor.matrixU().solve(factor.matrixL().solve(hat) + std::sqrt(sigma2 / n) * noise);
        const double shrunk = n / 2 * beta.cwiseAbs2().cwiseQuotient(psi).sum();
        const double error = std::max(n / 2 * (1 - 2 * beta.dot(hat) + beta.dot(a * beta)), shrunk);
        sigma2 = 1 / gamma((n + static_cast<double>(m)) / 2, error);
        double rate = 0;
        for (Eigen::Index j = 0; j < m; ++j) {
            const double delta = gamma(1.5, psi(j) + phi);
            rate += delta;
            const double chi = n * beta(j) * beta(j) / sigma2;
            psi(j) = std::min(1.0, inverse_gaussian(std::sqrt(chi / (2 * delta)), chi) +
                                       gamma(0.5, delta));
        }
        const double w = gamma(1, phi + 1);
        phi = gamma(static_cast<double>(m) / 2 + 0.5, rate + w);
        if (!keep) return;
        sum += beta;
        phi_sum += std::log(phi);
        sigma2_sum += sigma2;
        ++count;
    }
};

// Effects, sigma2 and log phi of the whole sampler: within five standard errors of the difference
// (30 chains each).
TEST(ContinuousShrinkage, AgreesWithASlowVersion) {
    const std::size_t m = 8, chains = 30;
    const Problem problem = correlated_problem(m, 200);
    std::vector<std::vector<double>> ours(m + 2), theirs(m + 2);
    ContinuousShrinkageBlock sampler(problem.block(), {.chains = chains, .seed = 6});
    for (std::size_t chain = 0; chain < chains; ++chain) {
        ShrinkageParameters now;
        double phi = 0, sigma2 = 0;
        for (std::uint64_t i = 0; i < 1500; ++i) {
            const auto sums = sampler.sweep(chain, i, now, i >= 300);
            now = draw_shrinkage(sums, now, 200, m, true, Rng(6, "test.global", chain << 32 | i));
            phi += i >= 300 ? std::log(now.phi) / 1200 : 0;
            sigma2 += i >= 300 ? now.sigma2 / 1200 : 0;
        }
        SlowShrinkage slow(problem, chain + 1);
        for (int i = 0; i < 1500; ++i)
            slow.iterate(i >= 300);
        for (std::size_t j = 0; j < m; ++j) {
            ours[j].push_back(sampler.mean(chain)[j]);
            theirs[j].push_back(slow.sum(static_cast<Eigen::Index>(j)) / slow.count);
        }
        ours[m].push_back(phi);
        theirs[m].push_back(slow.phi_sum / slow.count);
        ours[m + 1].push_back(sigma2);
        theirs[m + 1].push_back(slow.sigma2_sum / slow.count);
    }
    for (std::size_t k = 0; k < m + 2; ++k) {
        const Estimate a = estimate(ours[k]), b = estimate(theirs[k]);
        EXPECT_NEAR(a.mean, b.mean, 5 * std::hypot(a.error, b.error)) << k;
    }
}

TEST(ContinuousShrinkage, DrawsDoNotDependOnOtherChainsOrTheCut) {
    const Problem problem = correlated_problem(10, 500);
    ContinuousShrinkageBlock one(problem.block(), {.chains = 1, .seed = 5, .first_variant = 3}),
        three(problem.block(), {.chains = 3, .seed = 5, .first_variant = 3});
    for (std::uint64_t i = 0; i < 10; ++i) {
        for (std::size_t c = 3; c-- > 0;)
            three.sweep(c, i, {}, true);
        one.sweep(0, i, {}, true);
    }
    EXPECT_EQ(one.mean(0), three.mean(0));
    EXPECT_NE(one.mean(0), three.mean(1));
}

TEST(ContinuousShrinkage, TellsThatTheMatrixIsNone) {
    Problem problem{.effect = {0.1, 0.1}, .n = {100, 100}, .r = {1, -1e12, -1e12, 1}};
    ContinuousShrinkageBlock sampler(problem.block(), {});
    EXPECT_FALSE(sampler.sweep(0, 0, {}, true).solved);
}

// Posterior means and component probabilities by enumeration of 4^6 configurations. Tolerance: four
// Monte-Carlo standard errors from 20 chains; 0.01 for probabilities.
TEST(LowRankMixture, ExactPosteriors) {
    const std::filesystem::path path = reference::survival / "prs/exact_posteriors.json";
    if (!std::filesystem::exists(path)) GTEST_SKIP() << "no reference data";
    const auto json = reference::read_json(path);
    Problem problem{
        .effect = json["beta_hat_std_M6"].numbers(), .n = std::vector<double>(6, 350.0), .r = {}};
    for (const auto& row : json["R_M6"].items)
        for (const double x : row.numbers())
            problem.r.push_back(x);
    ASSERT_EQ(problem.r.size(), 36U);
    const LowRankLd ld = low_rank_ld(problem.block(), 1);
    EXPECT_EQ(ld.rank, 6U);
    for (const char* name : {"sbayesr_4comp_M6_residvar1", "sbayesr_4comp_M6_gamma_0_.01_.1_1"}) {
        const auto& part = json["oracles"][name];
        const auto mean = part["posterior_mean"].numbers(), gamma = part["gamma"].numbers(),
                   pi = part["pi"].numbers();
        ASSERT_EQ(gamma.size(), 4U);
        MixtureParameters now{.variance = 0.5, .share = {pi[0], pi[1], pi[2], pi[3], 0}};
        LowRankMixtureBlock sampler(problem.block(), ld,
                                    {.chains = 20,
                                     .seed = 2,
                                     .scales = {gamma[0], gamma[1], gamma[2], gamma[3], 100},
                                     .residual_draws = false});
        std::vector<std::vector<double>> means(6), inclusions(6);
        for (std::size_t chain = 0; chain < 20; ++chain) {
            for (std::uint64_t i = 0; i < 3000; ++i)
                EXPECT_EQ(sampler.sweep(chain, i, now, i >= 200).count[4], 0);
            for (std::size_t j = 0; j < 6; ++j) {
                means[j].push_back(sampler.mean(chain)[j]);
                inclusions[j].push_back(sampler.inclusion(chain)[j]);
            }
        }
        for (std::size_t j = 0; j < 6; ++j) {
            const Estimate e = estimate(means[j]);
            EXPECT_NEAR(e.mean, mean[j], 4 * e.error + 1e-9) << name << " variant " << j;
            EXPECT_NEAR(estimate(inclusions[j]).mean, 1 - part["comp_prob"][j][0].number, 0.01)
                << name;
        }
    }
}

// Two eigenvectors of three variants with different sample sizes: enumeration of 5^3 configurations
// of the model w ~ N(Q g, 1).
TEST(LowRankMixture, ExactPosteriorOfTheLowRankModel) {
    const Problem problem{.effect = {0.15, 0.12, -0.03},
                          .n = {300, 200, 250},
                          .r = {1, 0.95, 0.2, 0.95, 1, 0.1, 0.2, 0.1, 1}};
    const LowRankLd ld = low_rank_ld(problem.block(), 0.9);
    ASSERT_EQ(ld.rank, 2U);
    const MixtureParameters now{.variance = 0.05, .share = {0.5, 0.2, 0.1, 0.1, 0.1}};
    const Eigen::Map<const Eigen::MatrixXd> q(ld.q.data(), 2, 3);
    const Eigen::Map<const Eigen::VectorXd> w(ld.w.data(), 2);
    Eigen::Vector3d expected = Eigen::Vector3d::Zero();
    double total = 0;
    for (int code = 0; code < 125; ++code) {
        const std::array<int, 3> k{code % 5, code / 5 % 5, code / 25};
        Eigen::Matrix2d variance = Eigen::Matrix2d::Identity();
        double prior = 1;
        Eigen::Vector3d d;
        for (int j = 0; j < 3; ++j) {
            const auto at = static_cast<std::size_t>(j);
            const auto component = static_cast<std::size_t>(k[at]);
            prior *= now.share[component];
            d(j) = mixture_scales[component] * now.variance * problem.n[at];
            variance += d(j) * q.col(j) * q.col(j).transpose();
        }
        const Eigen::Vector2d solved = variance.ldlt().solve(w);
        const double weight =
            prior * std::exp(-0.5 * w.dot(solved)) / std::sqrt(variance.determinant());
        total += weight;
        for (int j = 0; j < 3; ++j)
            expected(j) += weight * d(j) * q.col(j).dot(solved) /
                           std::sqrt(problem.n[static_cast<std::size_t>(j)]);
    }
    expected /= total;
    LowRankMixtureBlock sampler(problem.block(), ld,
                                {.chains = 20, .seed = 8, .residual_draws = false});
    std::vector<std::vector<double>> means(3);
    for (std::size_t chain = 0; chain < 20; ++chain) {
        for (std::uint64_t i = 0; i < 4000; ++i)
            sampler.sweep(chain, i, now, i >= 200);
        for (std::size_t j = 0; j < 3; ++j)
            means[j].push_back(sampler.mean(chain)[j]);
    }
    for (std::size_t j = 0; j < 3; ++j) {
        const Estimate e = estimate(means[j]);
        EXPECT_NEAR(e.mean, expected(static_cast<Eigen::Index>(j)), 4 * e.error) << j;
    }
}

TEST(LowRankMixture, KeepsTheLeadingEigenvectors) {
    const Problem problem = correlated_problem(12, 300);
    std::size_t before = 0;
    for (const double share : {0.5, 0.9, 0.995, 1.0}) {
        const LowRankLd ld = low_rank_ld(problem.block(), share);
        ASSERT_TRUE(ld.solved);
        EXPECT_GE(ld.rank, std::max<std::size_t>(1, before));
        before = ld.rank;
        const auto m = Eigen::Index{12};
        const Eigen::Map<const Eigen::MatrixXd> q(ld.q.data(), static_cast<Eigen::Index>(ld.rank),
                                                  m);
        const Eigen::MatrixXd r = Eigen::Map<const Eigen::MatrixXd>(problem.r.data(), m, m);
        const double kept = (q.transpose() * q).trace() / r.trace();
        EXPECT_GE(kept, share - 1e-12);
        if (share == 1.0) {
            EXPECT_LT((q.transpose() * q - r).cwiseAbs().maxCoeff(), 1e-12); // rounding
        }
    }
    EXPECT_EQ(before, 12U);
}

TEST(LowRankMixture, GlobalDraws) {
    const MixtureSums sums{.h2 = 0.3, .norm = 0, .count = {950, 20, 15, 10, 5}};
    constexpr int draws = 4000;
    std::array<double, mixture_components> mean{};
    for (std::uint64_t i = 0; i < draws; ++i) {
        const auto now = draw_mixture(sums, 1000, Rng(3, "test.global", i));
        double spread = 0;
        for (std::size_t k = 0; k < mixture_components; ++k) {
            mean[k] += now.share[k] / draws;
            spread += now.share[k] * mixture_scales[k];
        }
        EXPECT_NEAR(now.variance * 1000 * spread, 0.3, 1e-12);
    }
    for (std::size_t k = 0; k < mixture_components; ++k) { // of the Dirichlet distribution
        const double p = (sums.count[k] + 1) / 1005;
        EXPECT_NEAR(mean[k], p, 5 * std::sqrt(p * (1 - p) / 1006 / draws));
    }
}

} // namespace
} // namespace salus
