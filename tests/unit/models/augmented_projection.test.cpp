#include "models/augmented_projection.hpp"

#include "base/random.hpp"

#include <Eigen/SVD>
#include <gtest/gtest.h>

#include <cmath>

namespace salus {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// Columns are samples: two groups along one direction, in noise of many dimensions.
MatrixXd samples_of(Index rows, Index count, std::uint64_t stream) {
    MatrixXd x(rows, count);
    for (Index c = 0; c < count; ++c) {
        Rng rng(17, "augmented", stream * 1000 + static_cast<std::uint64_t>(c));
        for (Index r = 0; r < rows; ++r)
            x(r, c) = rng.normal() + (c % 2 == 0 ? 0.25 : -0.25);
    }
    return x;
}

TEST(AugmentedProjection, IsTheDecompositionOfAllSamplesTurnedBack) {
    const Index n = 30, k = 3;
    const MatrixXd x = samples_of(80, n, 0), news = samples_of(80, 4, 1);
    const Eigen::JacobiSVD<MatrixXd> svd(x, Eigen::ComputeThinU | Eigen::ComputeThinV);
    const MatrixXd u = svd.matrixU().leftCols(k), v = svd.matrixV().leftCols(k);
    const VectorXd d = svd.singularValues().head(k);
    for (Index s = 0; s < news.cols(); ++s) {
        MatrixXd together(80, n + 1);
        together << u * d.asDiagonal() * v.transpose(), news.col(s);
        const Eigen::JacobiSVD<MatrixXd> both(together, Eigen::ComputeThinU | Eigen::ComputeThinV);
        const MatrixXd scores =
            both.matrixV().leftCols(k) * both.singularValues().head(k).asDiagonal();
        const MatrixXd old = scores.topRows(n), target = v * d.asDiagonal();
        const Eigen::JacobiSVD<MatrixXd> turn(old.transpose() * target,
                                              Eigen::ComputeFullU | Eigen::ComputeFullV);
        const MatrixXd rotation = turn.matrixU() * turn.matrixV().transpose();
        const double factor = turn.singularValues().sum() / old.squaredNorm();
        const VectorXd expected = factor * (scores.row(n) * rotation).transpose();
        const VectorXd got =
            augmented_projection(d, u.transpose() * news.col(s), news.col(s).squaredNorm());
        EXPECT_LT((got - expected).norm(), 1e-9 * expected.norm());
    }
}

TEST(AugmentedProjection, SampleWithinTheComponentsStaysWhereItIs) {
    const VectorXd d = VectorXd{{5.0, 3.0}}, along = VectorXd{{0.7, -0.4}};
    const VectorXd got = augmented_projection(d, along, along.squaredNorm());
    EXPECT_LT((got - along).norm(), 1e-12);
}

TEST(AugmentedProjection, UndoesTheShrinkageOfAPlainProjection) {
    const MatrixXd x = samples_of(2000, 60, 0), news = samples_of(2000, 40, 1);
    const Eigen::JacobiSVD<MatrixXd> svd(x, Eigen::ComputeThinU | Eigen::ComputeThinV);
    const VectorXd d = svd.singularValues().head(1);
    const MatrixXd u = svd.matrixU().leftCols(1);
    double own = 0, plain = 0, corrected = 0;
    for (Index c = 0; c < 60; ++c)
        own += std::abs(d(0) * svd.matrixV()(c, 0)) / 60;
    for (Index s = 0; s < news.cols(); ++s) {
        const VectorXd along = u.transpose() * news.col(s);
        plain += std::abs(along(0)) / 40;
        corrected += std::abs(augmented_projection(d, along, news.col(s).squaredNorm())(0)) / 40;
    }
    EXPECT_LT(plain / own, 0.85);
    EXPECT_NEAR(corrected / own, 1, 0.08);
}

} // namespace
} // namespace salus
