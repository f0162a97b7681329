#include "models/gaussian_groups.hpp"

#include "base/random.hpp"

#include <Eigen/LU>
#include <gtest/gtest.h>

#include <cmath>

namespace salus {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

TEST(ChiSquareUpperTail, PublishedValues) {
    // R 4.2: pchisq(x, df, lower.tail = FALSE)
    EXPECT_NEAR(chi_square_upper_tail(3.5, 1), 0.06136883, 1e-8);
    EXPECT_NEAR(chi_square_upper_tail(3.5, 2), 0.17377394, 1e-8);
    EXPECT_NEAR(chi_square_upper_tail(11.2, 5), 0.04755564, 1e-8);
    EXPECT_NEAR(chi_square_upper_tail(40, 6) / 4.55514951e-07, 1, 1e-6);
    EXPECT_EQ(chi_square_upper_tail(0, 3), 1);
    EXPECT_EQ(chi_square_upper_tail(1e6, 4), 0);
}

MatrixXd blob(Index points, double x, double y, double spread, std::uint64_t index) {
    Rng rng(4, "blob", index);
    MatrixXd out(points, 2);
    for (Index i = 0; i < points; ++i) {
        const double a = rng.normal(), b = rng.normal();
        out(i, 0) = x + spread * a;
        out(i, 1) = y + spread * (0.6 * a + 0.8 * b);
    }
    return out;
}

// Two groups of 40 and 12 points and five without label.
struct GroupsExample {
    MatrixXd points{57, 2};
    std::vector<int> group;
    GroupsExample() {
        points << blob(40, 0, 0, 1, 0), blob(12, 5, -3, 0.5, 1), blob(5, 2, 2, 1, 2);
        group.assign(40, 0);
        group.insert(group.end(), 12, 1);
        group.insert(group.end(), 5, -1);
    }
};

TEST(GaussianGroups, MeansAndCovariancesAreTheObviousOnes) {
    const GroupsExample e;
    const GaussianGroups fit = fit_groups(e.points, e.group, 2, 10);
    const MatrixXd first = e.points.topRows(40), second = e.points.middleRows(40, 12);
    const auto scatter = [](const MatrixXd& x) {
        const MatrixXd c = x.rowwise() - x.colwise().mean();
        return MatrixXd(c.transpose() * c);
    };
    const MatrixXd pooled = (scatter(first) + scatter(second)) / 50;
    EXPECT_LT((fit.means[1] - second.colwise().mean().transpose()).norm(), 1e-12);
    EXPECT_LT((fit.covariances[0] - (scatter(first) + 10 * pooled) / 50).norm(), 1e-12);
    EXPECT_LT((fit.covariances[1] - (scatter(second) + 10 * pooled) / 22).norm(), 1e-12);
}

TEST(GroupClassifier, PosteriorsAreBayesRule) {
    const GroupsExample e;
    const GaussianGroups fit = fit_groups(e.points, e.group, 2, 10);
    const GroupClassifier classifier(fit);
    for (Index i = 0; i < e.points.rows(); ++i) {
        const VectorXd x = e.points.row(i).transpose();
        double density[2], squared[2];
        for (std::size_t g = 0; g < 2; ++g) {
            const VectorXd d = x - fit.means[g];
            squared[g] = d.dot(fit.covariances[g].inverse() * d);
            density[g] = std::exp(-squared[g] / 2) / std::sqrt(fit.covariances[g].determinant());
        }
        const GroupAssignment a = classifier.classify(x);
        const double best = std::max(density[0], density[1]) / (density[0] + density[1]);
        EXPECT_EQ(a.best, density[1] > density[0] ? 1u : 0u);
        EXPECT_EQ(a.second, 1 - a.best);
        EXPECT_NEAR(a.probability, best, 1e-12);
        EXPECT_NEAR(a.second_probability, 1 - best, 1e-12);
        EXPECT_NEAR(a.distance, std::sqrt(squared[a.best]), 1e-10);
        EXPECT_NEAR(a.outlier_p, std::exp(-squared[a.best] / 2), 1e-12); // two dimensions
    }
}

TEST(GroupClassifier, OneGroupIsCertain) {
    const GroupsExample e;
    std::vector<int> one(57, 0);
    const GaussianGroups fit = fit_groups(e.points, one, 1, 1);
    const auto a = GroupClassifier(fit).classify(VectorXd::Constant(2, 100));
    EXPECT_EQ(a.probability, 1);
    EXPECT_EQ(a.second, a.best);
    EXPECT_LT(a.outlier_p, 1e-100);
}

TEST(GroupClassifier, FarAwayPointsStayFinite) {
    const GroupsExample e;
    const GaussianGroups fit = fit_groups(e.points, e.group, 2, 10);
    const auto a = GroupClassifier(fit).classify(VectorXd::Constant(2, 1e6));
    EXPECT_TRUE(std::isfinite(a.probability));
    EXPECT_NEAR(a.probability + a.second_probability, 1, 1e-12);
}

} // namespace
} // namespace salus
