#include "models/susie.hpp"

#include "models/brent.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace salus {
namespace {

using testing::ElementsAre;

TEST(BrentMinimum, FindsTheBottomAndTheEdges) {
    const auto parabola = [](double x) { return (x - 2) * (x - 2); };
    EXPECT_NEAR(brent_minimum(parabola, -30, 15, 1e-8), 2, 1e-7);
    EXPECT_NEAR(brent_minimum([](double x) { return x; }, -30, 15, 1e-8), -30, 1e-4);
    EXPECT_NEAR(brent_minimum([](double x) { return -x; }, -30, 15, 1e-8), 15, 1e-4);
    // where cos(x) = -1/10
    EXPECT_NEAR(brent_minimum([](double x) { return std::sin(x) + x / 10; }, 0, 6, 1e-9), 4.6122224,
                1e-6);
}

// 60 samples and 8 variants; the last is nearly the third.
struct SusieExample {
    std::vector<double> correlation, products, z;
    double yy = 0;
    static constexpr std::size_t n = 60, m = 8;

    SusieExample() {
        std::vector<std::vector<double>> x(m, std::vector<double>(n));
        for (std::size_t j = 1; j <= m; ++j)
            for (std::size_t i = 1; i <= n; ++i)
                x[j - 1][i - 1] =
                    static_cast<double>((i * (j + 2) * (j + 5) + i * i * (j % 3) + i / j) % 3);
        for (std::size_t i = 1; i <= n; ++i)
            x[7][i - 1] = i % 13 == 0 ? 1 : x[2][i - 1];
        std::vector<double> y(n);
        for (std::size_t i = 0; i < n; ++i)
            y[i] = x[2][i] - 0.7 * x[6][i] + static_cast<double>((i + 1) * 7 % 13) / 13;
        for (auto& column : x)
            scale(column);
        yy = centre(y);
        for (std::size_t a = 0; a < m; ++a) {
            for (std::size_t b = 0; b < m; ++b)
                correlation.push_back(dot(x[a], x[b]) / (n - 1));
            products.push_back(dot(x[a], y));
            const double r = products[a] / std::sqrt((n - 1) * yy);
            z.push_back(r * std::sqrt((n - 2) / (1 - r * r)));
        }
    }
    static double dot(const std::vector<double>& a, const std::vector<double>& b) {
        double sum = 0;
        for (std::size_t i = 0; i < a.size(); ++i)
            sum += a[i] * b[i];
        return sum;
    }
    static double centre(std::vector<double>& values) {
        double mean = 0;
        for (const double value : values)
            mean += value / static_cast<double>(values.size());
        for (double& value : values)
            value -= mean;
        return dot(values, values);
    }
    static void scale(std::vector<double>& values) {
        const double factor = std::sqrt((n - 1) / centre(values));
        for (double& value : values)
            value *= factor;
    }
};

TEST(Susie, AgreesWithSusieR) {
    // R 4.2, susieR 0.12.35:
    // x <- outer(1:60, 1:8, function(i, j) (i*(j+2)*(j+5) + i*i*(j%%3) + floor(i/j)) %% 3)
    // x[, 8] <- ifelse(1:60 %% 13 == 0, 1, x[, 3])
    // y <- x[, 3] - 0.7 * x[, 7] + ((1:60 * 7) %% 13) / 13
    // f <- susie(x, y, L = 4, tol = 1e-6)
    const SusieExample e;
    const SusieFit fit =
        fit_susie({.correlation = e.correlation, .products = e.products, .yy = e.yy, .samples = 60},
                  {.effects = 4, .tolerance = 1e-6});
    EXPECT_TRUE(fit.converged);
    EXPECT_EQ(fit.iterations, 6);
    EXPECT_NEAR(fit.residual_variance, 0.0816278628013, 1e-8);
    EXPECT_NEAR(fit.elbo, -20.0416722056, 1e-6);
    const double pip[] = {0, 0, 9.99995095406e-01, 0, 0, 0, 1, 4.90459352886e-06};
    for (std::size_t v = 0; v < 8; ++v)
        EXPECT_NEAR(fit.pip[v], pip[v], 1e-9) << v;
    ASSERT_EQ(fit.sets.size(), 2u);
    EXPECT_THAT(fit.sets[0].variants, ElementsAre(2));
    EXPECT_THAT(fit.sets[1].variants, ElementsAre(6));
    EXPECT_NEAR(fit.sets[0].coverage, 0.999995095406, 1e-9);
    EXPECT_NEAR(fit.prior_variance[0], 0.670629277219, 1e-6);
    EXPECT_EQ(fit.prior_variance[3], 0);
}

TEST(Susie, AgreesWithSusieRFromTestStatistics) {
    // as above: f <- susie_rss(z, cor(x), n = 60, L = 4, tol = 1e-6), z of lm(y ~ x[, j])
    const SusieExample e;
    EXPECT_NEAR(e.z[2], 9.448090628908, 1e-9);
    const auto products = products_of_z(e.z, 60);
    const SusieFit fit =
        fit_susie({.correlation = e.correlation, .products = products, .yy = 59, .samples = 60},
                  {.effects = 4, .residual_variance = ResidualVariance::fixed, .tolerance = 1e-6});
    const double pip[] = {0.000138943235432, 0.000105130037056, 0.692799911240931,
                          0.000108826352413, 0.000102495711815, 0.000209104811330,
                          0.999113947322576, 0.307309861089683};
    for (std::size_t v = 0; v < 8; ++v)
        EXPECT_NEAR(fit.pip[v], pip[v], 1e-7) << v;
    EXPECT_EQ(fit.residual_variance, 1);
    EXPECT_NEAR(fit.elbo, -65.146657635, 1e-6);
    ASSERT_EQ(fit.sets.size(), 2u);
    EXPECT_THAT(fit.sets[0].variants, ElementsAre(6));
    EXPECT_THAT(fit.sets[1].variants, ElementsAre(2, 7));
    EXPECT_NEAR(fit.sets[1].purity, std::fabs(e.correlation[2 * 8 + 7]), 1e-15);
}

TEST(Susie, OneEffectIsBayesRule) {
    // With one effect and fixed variances probabilities are Bayes factors, normalised.
    const std::vector<double> correlation{1, 0.5, 0.5, 1}, products{60, 40};
    const SusieFit fit =
        fit_susie({.correlation = correlation, .products = products, .yy = 99, .samples = 100},
                  {.effects = 1, .residual_variance = ResidualVariance::fixed});
    const double variance = fit.prior_variance[0];
    const auto factor = [&](double product) {
        const double b = product / 99, s2 = 1.0 / 99;
        return std::sqrt(s2 / (s2 + variance)) *
               std::exp(b * b / 2 * (1 / s2 - 1 / (s2 + variance)));
    };
    EXPECT_NEAR(fit.pip[0], factor(60) / (factor(60) + factor(40)), 1e-12);
    EXPECT_NEAR(fit.pip[0] + fit.pip[1], 1, 1e-12);
    ASSERT_EQ(fit.sets.size(), 1u);
    EXPECT_NEAR(fit.sets[0].log_bayes_factor, std::log(0.5 * (factor(60) + factor(40))), 1e-10);
}

TEST(Susie, PriorWeightsShiftTheChance) {
    const std::vector<double> correlation{1, 1, 1, 1}, products{50, 50}, prior{3, 1};
    const SusieFit fit = fit_susie({.correlation = correlation,
                                    .products = products,
                                    .yy = 99,
                                    .samples = 100,
                                    .prior = prior},
                                   {.effects = 1});
    EXPECT_NEAR(fit.pip[0], 0.75, 1e-12);
}

TEST(Susie, ImpureSetsAreNotGiven) {
    const std::vector<double> correlation{1, 0.2, 0.2, 1}, products{50, 50};
    const SusieData data{
        .correlation = correlation, .products = products, .yy = 99, .samples = 100};
    EXPECT_TRUE(fit_susie(data, {.effects = 1}).sets.empty());
    EXPECT_EQ(fit_susie(data, {.effects = 1, .purity_min = 0.1}).sets.size(), 1u);
}

TEST(Susie, NothingGivesNothing) {
    EXPECT_TRUE(fit_susie({}, {}).pip.empty());
    const std::vector<double> correlation{1}, products{0};
    const SusieFit fit =
        fit_susie({.correlation = correlation, .products = products, .yy = 99, .samples = 100}, {});
    EXPECT_EQ(fit.pip[0], 0);
    EXPECT_TRUE(fit.sets.empty());
    EXPECT_TRUE(fit.converged);
}

} // namespace
} // namespace salus
