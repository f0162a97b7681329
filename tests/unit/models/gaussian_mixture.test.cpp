#include "models/gaussian_mixture.hpp"

#include "base/random.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace salus {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;

MatrixXd clouds(const std::vector<std::array<double, 3>>& centres, Index each) {
    MatrixXd points(static_cast<Index>(centres.size()) * each, 2);
    for (std::size_t k = 0; k < centres.size(); ++k) {
        Rng rng(8, "cloud", k);
        for (Index i = 0; i < each; ++i) {
            const Index row = static_cast<Index>(k) * each + i;
            points(row, 0) = centres[k][0] + centres[k][2] * rng.normal();
            points(row, 1) = centres[k][1] + centres[k][2] * rng.normal();
        }
    }
    return points;
}

TEST(GaussianMixture, BicFindsThePlantedNumberOfGroups) {
    const MatrixXd points = clouds({{0, 0, 1}, {8, 0, 0.7}, {0, 9, 1.5}}, 120);
    const MixtureChoice choice = choose_mixture(points, {.groups_max = 5, .seed = 1});
    ASSERT_EQ(choice.tried.size(), 5u);
    ASSERT_EQ(choice.best, 2u);
    const Mixture& best = choice.tried[2];
    EXPECT_TRUE(best.converged);
    double total = 0;
    for (std::size_t g = 0; g < 3; ++g) {
        EXPECT_NEAR(best.groups.sizes[g], 120, 3);
        total += best.groups.weights[g];
    }
    EXPECT_NEAR(total, 1, 1e-12);
    const GroupClassifier classifier(best.groups);
    for (Index i = 0; i < points.rows(); ++i) // all of a cloud fall into one group
        EXPECT_EQ(classifier.classify(points.row(i).transpose()).best,
                  classifier.classify(points.row(i / 120 * 120).transpose()).best);
}

TEST(GaussianMixture, OneGroupIsTheGaussianWithItsPrior) {
    const MatrixXd points = clouds({{1, 2, 1}}, 200);
    const Mixture one = fit_mixture(points, 1, {});
    const MatrixXd centred = points.rowwise() - points.colwise().mean();
    const MatrixXd scatter = centred.transpose() * centred;
    // (scatter + covariance) / (n + (d + 2) + d + 2)
    EXPECT_LT((one.groups.covariances[0] - (scatter + scatter / 200) / 208).norm(), 1e-10);
    EXPECT_NEAR(one.bic, -2 * one.log_likelihood + 5 * std::log(200.0), 1e-9);
}

TEST(GaussianMixture, NoiseStaysOneGroup) {
    EXPECT_EQ(choose_mixture(clouds({{0, 0, 1}}, 300), {.groups_max = 4}).best, 0u);
}

TEST(GaussianMixture, RepeatedPointsDoNotBreakIt) {
    MatrixXd points = clouds({{0, 0, 1}}, 60);
    points.topRows(20).rowwise() = points.row(0).eval();
    const MixtureChoice choice = choose_mixture(points, {.groups_max = 3});
    for (const Mixture& m : choice.tried)
        EXPECT_TRUE(std::isfinite(m.bic));
}

TEST(GaussianMixture, SameSeedSameBits) {
    const MatrixXd points = clouds({{0, 0, 1}, {3, 0, 1}}, 80);
    EXPECT_EQ(fit_mixture(points, 2, {.seed = 3}).bic, fit_mixture(points, 2, {.seed = 3}).bic);
}

} // namespace
} // namespace salus
