#include "models/augmented_projection.hpp"

#include "base/random.hpp"
#include "support/dense.hpp"

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
    const test::dense::SingularValues svd = test::dense::singular_values(x);
    const MatrixXd u = svd.u.leftCols(k), v = svd.v.leftCols(k);
    const VectorXd d = svd.d.head(k);
    for (Index s = 0; s < news.cols(); ++s) {
        MatrixXd together(80, n + 1);
        together << u * d.asDiagonal() * v.transpose(), news.col(s);
        const test::dense::SingularValues both = test::dense::singular_values(together);
        const MatrixXd scores = both.v.leftCols(k) * both.d.head(k).asDiagonal();
        const MatrixXd old = scores.topRows(n), target = v * d.asDiagonal();
        const test::dense::SingularValues turn =
            test::dense::singular_values(old.transpose() * target);
        const MatrixXd rotation = turn.u * turn.v.transpose();
        const double factor = turn.d.sum() / old.squaredNorm();
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
    const test::dense::SingularValues svd = test::dense::singular_values(x);
    const VectorXd d = svd.d.head(1);
    const MatrixXd u = svd.u.leftCols(1);
    double own = 0, plain = 0, corrected = 0;
    for (Index c = 0; c < 60; ++c)
        own += std::abs(d(0) * svd.v(c, 0)) / 60;
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
