#include "base/numbers.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "models/chain_diagnostics.hpp"
#include "models/lassosum.hpp"
#include "models/point_normal.hpp"
#include "models/summary_quality.hpp"
#include "support/reference_data.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace salus {
namespace {

struct Statistics {
    std::vector<double> effect, n, r;
    LdBlock block() const { return {effect, n, r}; }
};

/// Numbers of a JSON array of numbers, nested or not, that follows a key. Only for these tests.
std::vector<double> numbers_of(const std::string& json, const std::string& key) {
    std::size_t at = json.find('"' + key + '"');
    if (at == std::string::npos) return {};
    at = json.find('[', at);
    std::vector<double> out;
    int depth = 0;
    std::string number;
    for (; at < json.size(); ++at) {
        const char c = json[at];
        if (c == '[') ++depth;
        if (c == ',' || c == ']') {
            if (!number.empty()) out.push_back(std::stod(number));
            number.clear();
        }
        if (c == ']' && --depth == 0) break;
        if (std::string("0123456789+-.eE").find(c) != std::string::npos) number += c;
    }
    return out;
}

// Posterior means and inclusion probabilities by enumeration of all configurations of 12 variants.
// Tolerance: 4 Monte-Carlo standard errors (from 20 batches of the chain), and 0.01 for
// probabilities.
TEST(PointNormalBlock, ExactPosteriors) {
    const std::filesystem::path path = reference::survival / "prs/exact_posteriors.json";
    if (!std::filesystem::exists(path)) GTEST_SKIP() << "no reference data";
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    const std::string json = text.str();
    Statistics problem{.effect = numbers_of(json, "beta_hat_std_M12"),
                       .n = std::vector<double>(12, 350.0),
                       .r = numbers_of(json, "R_M12")};
    ASSERT_EQ(problem.effect.size(), 12U);
    ASSERT_EQ(problem.r.size(), 144U);
    struct Case {
        const char* name;
        double p, h2;
    };
    for (const Case& c :
         {Case{"point_normal_p0.05_h0.3", 0.05, 0.3}, Case{"point_normal_p0.3_h0.1", 0.3, 0.1}}) {
        const std::string part = json.substr(json.find(c.name));
        const auto mean = numbers_of(part, "posterior_mean"), prob = numbers_of(part, "comp_prob");
        ASSERT_EQ(mean.size(), 12U);
        ASSERT_EQ(prob.size(), 24U);
        constexpr std::size_t batches = 20;
        PointNormalBlock sampler(problem.block(), {.chains = batches, .variants = 12, .seed = 3});
        std::vector<std::vector<double>> means(12), inclusions(12);
        for (std::size_t chain = 0; chain < batches; ++chain) {
            for (std::uint64_t i = 0; i < 3000; ++i)
                sampler.sweep(chain, i, {.h2 = c.h2, .p = c.p}, i >= 200);
            const auto some = sampler.mean(chain), included = sampler.inclusion(chain);
            for (std::size_t j = 0; j < 12; ++j) {
                means[j].push_back(some[j]);
                inclusions[j].push_back(included[j]);
            }
        }
        for (std::size_t j = 0; j < 12; ++j) {
            double sum = 0, squares = 0, included = 0;
            for (std::size_t k = 0; k < batches; ++k) {
                sum += means[j][k] / batches;
                included += inclusions[j][k] / batches;
            }
            for (const double x : means[j])
                squares += (x - sum) * (x - sum);
            const double error = std::sqrt(squares / (batches - 1) / batches);
            EXPECT_NEAR(sum, mean[j], 4 * error + 1e-9) << c.name << " variant " << j;
            EXPECT_NEAR(included, prob[2 * j + 1], 0.01) << c.name << " variant " << j;
        }
    }
}

Statistics random_problem(std::size_t m, double n) {
    Statistics problem{.effect = std::vector<double>(m), .n = std::vector<double>(m, n), .r = {}};
    problem.r.assign(m * m, 0.0);
    Rng rng(1, "test.pgs", 0);
    for (std::size_t i = 0; i < m; ++i) {
        problem.effect[i] = rng.normal() / std::sqrt(n) + (i % 10 == 0 ? 0.1 : 0);
        for (std::size_t j = 0; j < m; ++j)
            problem.r[i * m + j] =
                std::pow(0.8, std::fabs(static_cast<double>(i) - static_cast<double>(j)));
    }
    return problem;
}

TEST(PointNormalBlock, ChainsDoNotDependOnEachOtherOrOnTheCut) {
    const Statistics problem = random_problem(40, 2000);
    PointNormalBlock one(problem.block(), {.chains = 1, .variants = 40, .seed = 5}),
        three(problem.block(), {.chains = 3, .variants = 40, .seed = 5});
    for (std::uint64_t i = 0; i < 20; ++i) {
        for (std::size_t c = 3; c-- > 0;)
            three.sweep(c, i, {.h2 = 0.3, .p = 0.1}, true);
        one.sweep(0, i, {.h2 = 0.3, .p = 0.1}, true);
    }
    EXPECT_EQ(one.mean(0), three.mean(0));
    EXPECT_NE(one.mean(0), three.mean(1));
}

TEST(PointNormalBlock, KeepsTrackOfTheExplainedVariance) {
    const Statistics problem = random_problem(30, 500);
    PointNormalBlock sampler(problem.block(), {.chains = 1, .variants = 30, .seed = 2});
    ChainSums sums;
    for (std::uint64_t i = 0; i < 50; ++i)
        sums = sampler.sweep(0, i, {.h2 = 0.5, .p = 0.5}, false);
    EXPECT_GT(sums.h2, 0);
    EXPECT_GT(sums.causal, 0);
    EXPECT_GT(sums.norm, 0);
}

TEST(Infinitesimal, SolvesItsSystem) {
    const Statistics problem = random_problem(25, 1000);
    const auto beta = infinitesimal_effects(problem.block(), 0.4, 25);
    ASSERT_EQ(beta.size(), 25U);
    for (std::size_t i = 0; i < 25; ++i) {
        double left = 25 / (0.4 * 1000) * beta[i];
        for (std::size_t j = 0; j < 25; ++j)
            left += problem.r[i * 25 + j] * beta[j];
        EXPECT_NEAR(left, problem.effect[i], 1e-13); // rounding of a system with condition 10
    }
}

// The conditions of the optimum, which determine it.
TEST(Lassosum, MeetsTheConditionsOfTheOptimum) {
    const Statistics problem = random_problem(60, 1000);
    const double largest = lasso_lambda_max(problem.effect, problem.n, 1000);
    for (const double share : {1.0, 0.5, 0.1}) {
        for (const double delta : {0.01, 1.0}) {
            const double lambda = share * largest;
            const auto fit = fit_lasso(problem.block(), {lambda, delta}, 1000, {},
                                       {.tolerance = 1e-13, .rounds_max = 100000});
            ASSERT_TRUE(fit.converged);
            std::size_t active = 0;
            for (std::size_t i = 0; i < 60; ++i) {
                double gradient = problem.effect[i] - delta * fit.beta[i];
                for (std::size_t j = 0; j < 60; ++j)
                    gradient -= problem.r[i * 60 + j] * fit.beta[j];
                if (fit.beta[i] != 0) {
                    ++active;
                    EXPECT_NEAR(gradient, std::copysign(lambda, fit.beta[i]), 1e-11);
                } else {
                    EXPECT_LE(std::fabs(gradient), lambda * (1 + 1e-12));
                }
            }
            EXPECT_EQ(active == 0, share == 1.0);
        }
    }
}

TEST(Lassosum, TellsThatItDoesNotConverge) {
    Statistics problem = random_problem(3, 100);
    problem.r = {1, -0.9, -0.9, -0.9, 1, -0.9, -0.9, -0.9, 1}; // no correlation matrix
    problem.effect = {0.5, 0.5, 0.5};
    EXPECT_FALSE(fit_lasso(problem.block(), {0.01, 0.001}, 100, {}, {}).converged);
}

TEST(Heritability, ByMoments) {
    // chi2 = 1 + n h2 l / M exactly: h2 = 0.3.
    std::vector<double> effect, n, score;
    for (int j = 0; j < 50; ++j) {
        score.push_back(1 + j);
        n.push_back(1000);
        effect.push_back(std::sqrt((1 + 1000 * 0.3 * score.back() / 50) / 1000));
    }
    EXPECT_NEAR(moment_heritability(effect, n, score), 0.3, 1e-12);
    EXPECT_LT(moment_heritability(std::vector<double>(50, 0.0), n, score), 0);
}

TEST(CausalShare, HasTheMeanOfItsDistribution) {
    double sum = 0;
    constexpr int draws = 20000;
    for (std::uint64_t i = 0; i < draws; ++i)
        sum += draw_causal_share(30, 1000, 2, 9, 1, i);
    // Beta(16, 486): mean 0.0319, SD 0.0078; 5 standard errors of the mean.
    EXPECT_NEAR(sum / draws, 16.0 / 502, 5 * 0.0079 / std::sqrt(draws));
}

// Effects drawn with a known alpha: the posterior at the grid against its integral by hand for each
// alpha, and near the truth with many effects.
TEST(Alpha, IsDrawnFromItsPosterior) {
    ChainSums sums;
    Rng rng(8, "test.alpha", 0);
    std::vector<double> effect, log_variance;
    for (int j = 0; j < 400; ++j) {
        log_variance.push_back(2 * rng.normal());
        effect.push_back(std::sqrt(0.01) * std::exp(0.5 * (1 - 0.4) * log_variance.back()) *
                         rng.normal());
        sums.causal += 1;
        sums.log_variance += log_variance.back();
        for (std::size_t g = 0; g < alpha_points; ++g)
            sums.scaled[g] += effect.back() * effect.back() *
                              std::exp(-(1 + alpha_point(g)) * log_variance.back());
    }
    // Integral over the variance of its density 1 / variance, the effects, and one more of
    // `expected`.
    const double expected = 0.01;
    std::vector<double> log_posterior;
    for (std::size_t g = 0; g < alpha_points; ++g) {
        double largest = -1e300;
        std::vector<double> terms;
        for (double t = -12; t < 4; t += 0.005) { // log variance
            double log_density = -0.5 * (t + expected * std::exp(-t));
            for (std::size_t j = 0; j < effect.size(); ++j) {
                const double log_v = t + (1 + alpha_point(g)) * log_variance[j];
                log_density -= 0.5 * (log_v + effect[j] * effect[j] * std::exp(-log_v));
            }
            terms.push_back(log_density);
            largest = std::max(largest, log_density);
        }
        double sum = 0;
        for (const double t : terms)
            sum += std::exp(t - largest);
        log_posterior.push_back(largest + std::log(sum));
    }
    const double top = *std::max_element(log_posterior.begin(), log_posterior.end());
    double total = 0, mean = 0, square = 0;
    for (std::size_t g = 0; g < alpha_points; ++g) {
        const double weight = std::exp(log_posterior[g] - top);
        total += weight;
        mean += weight * alpha_point(g);
        square += weight * alpha_point(g) * alpha_point(g);
    }
    mean /= total;
    const double deviation = std::sqrt(square / total - mean * mean);
    constexpr int draws = 4000;
    double drawn = 0, log_variance_drawn = 0;
    for (std::uint64_t i = 0; i < draws; ++i) {
        const auto d = draw_alpha(sums, expected, 3, 0, i);
        drawn += d.alpha / draws;
        log_variance_drawn += std::log(d.variance) / draws;
    }
    EXPECT_NEAR(drawn, mean, 5 * deviation / std::sqrt(draws));
    EXPECT_NEAR(mean, -0.4, 4 * deviation);
    EXPECT_NEAR(log_variance_drawn, std::log(0.01), 0.3); // 4 standard errors with 400 effects
}

TEST(PointNormalBlock, WithoutSpreadOfFrequenciesAlphaDoesNotMatter) {
    const Statistics problem = random_problem(20, 1000);
    const std::vector<double> none(20, 0.0);
    PointNormalBlock with(problem.block(), {.chains = 1, .variants = 20, .log_variance = none}),
        without(problem.block(), {.chains = 1, .variants = 20});
    for (std::uint64_t i = 0; i < 30; ++i) {
        with.sweep(0, i, {.p = 0.1, .alpha = -0.3, .variance = 0.2 / (20 * 0.1)}, true);
        without.sweep(0, i, {.h2 = 0.2, .p = 0.1}, true);
    }
    EXPECT_EQ(with.mean(0), without.mean(0));
}

TEST(ChainAgreement, IndependentAndDifferentChains) {
    std::vector<std::vector<double>> same(4, std::vector<double>(500)), apart = same, slow = same;
    for (std::size_t c = 0; c < 4; ++c) {
        Rng rng(4, "test.chains", c);
        double state = 0;
        for (std::size_t i = 0; i < 500; ++i) {
            same[c][i] = rng.normal();
            apart[c][i] = rng.normal() + static_cast<double>(c);
            state = 0.9 * state + rng.normal();
            slow[c][i] = state;
        }
    }
    EXPECT_NEAR(chain_agreement(same).r_hat, 1, 0.01);
    EXPECT_GT(chain_agreement(apart).r_hat, 1.3);
    EXPECT_GT(chain_agreement(same).effective_sample, 1500);
    // An AR(1) of 0.9 is worth (1 - 0.9) / (1 + 0.9) = 1 / 19 of its draws.
    EXPECT_NEAR(chain_agreement(slow).effective_sample, 2000.0 / 19, 50);
    EXPECT_TRUE(std::isnan(chain_agreement(std::vector<std::vector<double>>{{1, 1, 1, 1}}).r_hat));
}

TEST(SummaryQuality, NamesTheDefect) {
    std::vector<SummaryVariant> variants;
    for (int i = 0; i < 200; ++i) { // SD of the trait 1: se = 1 / sqrt(n 2 f (1 - f))
        const double f = 0.05 + 0.0045 * i;
        variants.push_back({0.0, 1 / std::sqrt(10000 * 2 * f * (1 - f)), 10000, f, f, false});
    }
    const auto with = [&](auto change) {
        auto some = variants;
        change(some[100]);
        return summary_defects_of(some, false)[100];
    };
    EXPECT_EQ(with([](SummaryVariant&) {}), SummaryDefect::none);
    EXPECT_EQ(with([&](SummaryVariant& v) { v.beta = nan; }), SummaryDefect::no_effect);
    EXPECT_EQ(with([&](SummaryVariant& v) { v.n = nan; }), SummaryDefect::no_effect);
    EXPECT_EQ(with([](SummaryVariant& v) { v.ld_frequency = 0.001; }),
              SummaryDefect::low_frequency);
    EXPECT_EQ(with([&](SummaryVariant& v) { v.ld_frequency = nan; }), SummaryDefect::low_frequency);
    EXPECT_EQ(with([](SummaryVariant& v) { v.standard_error *= 3; }), SummaryDefect::spread);
    EXPECT_EQ(with([](SummaryVariant& v) { v.standard_error /= 2; }), SummaryDefect::spread);
    EXPECT_EQ(with([](SummaryVariant& v) { v.frequency = v.ld_frequency + 0.3; }),
              SummaryDefect::frequency);
    EXPECT_EQ(with([](SummaryVariant& v) { v.palindromic = true; }), SummaryDefect::ambiguous);
    EXPECT_EQ(with([](SummaryVariant& v) {
                  v.n = 2000;
                  v.standard_error *= std::sqrt(5.0);
              }),
              SummaryDefect::sample_size);
}

} // namespace
} // namespace salus
