#include "models/mixture_effects.hpp"

#include "base/random.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace salus {
namespace {

SquareMatrix diagonal(std::initializer_list<double> values) {
    SquareMatrix matrix(values.size());
    std::size_t i = 0;
    for (const double value : values) {
        matrix(i, i) = value;
        ++i;
    }
    return matrix;
}

/// Posterior mean of one effect by summing over a fine grid of its values.
double by_quadrature(double information, double right, const MixturePrior& prior) {
    const auto normal = [](double x, double variance) {
        return std::exp(-0.5 * x * x / variance) / std::sqrt(variance);
    };
    double mass = 0, moment = 0;
    for (double x = -6; x < 6; x += 1e-5) {
        const double density = (prior.fraction * normal(x, prior.large) +
                                (1 - prior.fraction) * normal(x, prior.small)) *
                               std::exp(right * x - 0.5 * information * x * x);
        mass += density;
        moment += density * x;
    }
    return moment / mass;
}

TEST(MixtureEffects, OneEffectHasItsExactPosteriorMean) {
    const MixturePrior prior{.fraction = 0.1, .large = 0.5, .small = 0.01};
    for (const double right : {0.0, 3.0, 12.0, -40.0}) {
        const std::vector<std::vector<double>> all{{right}};
        const auto found = mixture_effects(diagonal({50}), all, std::span(&prior, 1));
        EXPECT_NEAR(found[0][0], by_quadrature(50, right, prior), 1e-7) << right;
    }
}

TEST(MixtureEffects, EqualVariancesAreRidgeRegression) {
    // Both components alike: the mean field of normal effects has the exact means.
    const std::size_t n = 12;
    SquareMatrix matrix(n);
    std::vector<std::vector<double>> right(1, std::vector<double>(n));
    for (std::size_t i = 0; i < n; ++i) {
        Rng rng(3, "row", i);
        right[0][i] = 20 * rng.normal();
        for (std::size_t j = 0; j < n; ++j)
            matrix(i, j) =
                100 * std::pow(0.5, std::fabs(static_cast<double>(i) - static_cast<double>(j)));
    }
    const MixturePrior prior{.fraction = 0.3, .large = 0.02, .small = 0.02};
    const auto found = mixture_effects(matrix, right, std::span(&prior, 1));
    for (std::size_t i = 0; i < n; ++i) {
        double rest = right[0][i] - found[0][i] / 0.02;
        for (std::size_t j = 0; j < n; ++j)
            rest -= matrix(i, j) * found[0][j];
        EXPECT_NEAR(rest / 10, 0, 0.02); // sweeps end at 0.01 standard errors
    }
}

TEST(MixtureEffects, EachIsAsIfAloneAndFlatVariantsHaveNone) {
    std::vector<std::vector<double>> right;
    for (int k = 0; k < 5; ++k)
        right.push_back({3.0 * k, -1.0 * k, 0, 9});
    const SquareMatrix matrix = diagonal({40, 30, 0, 20});
    const std::vector<MixturePrior> priors{{0.5, 0.1, 0.001}, {0.01, 1, 0.001}};
    const auto together = mixture_effects(matrix, right, priors);
    for (std::size_t k = 0; k < right.size(); ++k)
        for (std::size_t p = 0; p < priors.size(); ++p) {
            const auto alone =
                mixture_effects(matrix, std::span(&right[k], 1), std::span(&priors[p], 1));
            EXPECT_EQ(together[k * priors.size() + p], alone[0]);
            EXPECT_EQ(alone[0][2], 0);
        }
}

} // namespace
} // namespace salus
