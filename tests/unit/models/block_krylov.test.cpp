#include "models/block_krylov.hpp"

#include "base/random.hpp"
#include "support/dense.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace salus {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;

MatrixXd random_matrix(Index rows, Index columns) {
    MatrixXd x(rows, columns);
    for (Index c = 0; c < columns; ++c) {
        Rng rng(5, "test", static_cast<std::uint64_t>(c));
        for (Index r = 0; r < rows; ++r)
            x(r, c) = rng.normal();
    }
    return x;
}

// n x n with two planted directions above noise: as genotypes of three populations are.
MatrixXd planted(Index n, Index m) {
    MatrixXd x = random_matrix(n, m);
    x.topRows(n / 3).leftCols(m / 4).array() += 1.0;
    x.bottomRows(n / 3).rightCols(m / 8).array() += 0.8;
    return x * x.transpose() / static_cast<double>(m);
}

BlockKrylov iterate(const MatrixXd& a, std::size_t width, int products) {
    BlockKrylov krylov(static_cast<std::size_t>(a.rows()), width, 1);
    for (int q = 0; q < products && krylov.width() > 0; ++q) {
        MatrixXd block(a.rows(), static_cast<Index>(krylov.width()));
        for (std::size_t c = 0; c < krylov.width(); ++c)
            block.col(static_cast<Index>(c)) =
                Eigen::Map<const Eigen::VectorXd>(krylov.column(c).data(), a.rows());
        const MatrixXd image = a * block;
        krylov.advance({image.data(), static_cast<std::size_t>(image.size())});
    }
    return krylov;
}

TEST(BlockKrylov, LargestPairsAreThoseOfTheDenseSolver) {
    const MatrixXd a = planted(120, 360);
    const test::dense::Spectrum dense = test::dense::spectrum(a);
    const auto pairs = iterate(a, 8, 25).pairs(6);
    for (Index k = 0; k < 6; ++k) {
        const double exact = dense.values(119 - k);
        EXPECT_NEAR(pairs.values[static_cast<std::size_t>(k)], exact, 1e-9 * exact) << k;
        const double cosine = std::abs(pairs.vectors.col(k).dot(dense.vectors.col(119 - k)));
        EXPECT_GT(cosine, 1 - 1e-8) << k;
        EXPECT_NEAR(pairs.vectors.col(k).norm(), 1, 1e-12);
        EXPECT_GT(pairs.vectors.col(k).maxCoeff(), -pairs.vectors.col(k).minCoeff());
    }
}

TEST(BlockKrylov, ResidualsAreTrueAndValuesGrowTowardsTheExactOnes) {
    const MatrixXd a = planted(90, 250);
    const double exact = test::dense::spectrum(a).values(87);
    double before = 0;
    for (const int products : {2, 4, 8}) {
        const auto pairs = iterate(a, 4, products).pairs(3);
        EXPECT_GE(pairs.values[2], before);
        EXPECT_LE(pairs.values[2], exact * (1 + 1e-12));
        before = pairs.values[2];
        for (Index k = 0; k < 3; ++k) {
            const Eigen::VectorXd v = pairs.vectors.col(k);
            const double residual = (a * v - pairs.values[static_cast<std::size_t>(k)] * v).norm();
            EXPECT_NEAR(pairs.residuals[static_cast<std::size_t>(k)], residual, 1e-10);
        }
    }
}

TEST(BlockKrylov, StopsWhenTheWholeSpaceIsKnown) {
    const MatrixXd thin = random_matrix(40, 5);
    const MatrixXd a = thin * thin.transpose();
    const BlockKrylov krylov = iterate(a, 4, 100);
    EXPECT_EQ(krylov.width(), 0u);
    EXPECT_LE(krylov.dimension(), 12u);
    const test::dense::Spectrum dense = test::dense::spectrum(a);
    const auto values = krylov.values(8);
    for (std::size_t k = 0; k < 5; ++k)
        EXPECT_NEAR(values[k], dense.values(39 - static_cast<Index>(k)), 1e-8);
    for (std::size_t k = 5; k < values.size(); ++k)
        EXPECT_NEAR(values[k], 0, 1e-8);
}

TEST(BlockKrylov, OneRowAndMoreVectorsThanRows) {
    const auto pairs = iterate(MatrixXd::Constant(1, 1, 3.0), 10, 5).pairs(4);
    ASSERT_EQ(pairs.values.size(), 1u);
    EXPECT_DOUBLE_EQ(pairs.values[0], 3);
    EXPECT_DOUBLE_EQ(pairs.vectors(0, 0), 1);
}

} // namespace
} // namespace salus
