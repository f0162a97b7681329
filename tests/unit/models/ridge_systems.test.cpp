#include "models/ridge_systems.hpp"

#include "base/random.hpp"

#include <Eigen/Dense>
#include <gtest/gtest.h>

#include <vector>

namespace salus {
namespace {

/// Products of n rows of correlated numbers over samples [first, last).
SquareMatrix gram(std::size_t n, std::size_t first, std::size_t last) {
    Eigen::MatrixXd rows(n, last - first);
    for (std::size_t s = first; s < last; ++s) {
        Rng rng(9, "sample", s);
        double before = 0;
        for (std::size_t i = 0; i < n; ++i) {
            before = 0.9 * before + rng.normal();
            rows(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(s - first)) = before;
        }
    }
    const Eigen::MatrixXd products = rows * rows.transpose();
    SquareMatrix matrix(n);
    for (std::size_t j = 0; j < n; ++j)
        for (std::size_t i = 0; i < n; ++i)
            matrix(i, j) = products(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j));
    return matrix;
}

std::vector<double> random_vector(std::size_t n, std::uint64_t key) {
    Rng rng(9, "right", key);
    std::vector<double> values(n);
    for (double& value : values)
        value = rng.normal();
    return values;
}

Eigen::VectorXd direct(const SquareMatrix& matrix, double penalty, const std::vector<double>& b) {
    const auto n = static_cast<Eigen::Index>(matrix.n);
    Eigen::MatrixXd a(n, n);
    for (Eigen::Index j = 0; j < n; ++j)
        for (Eigen::Index i = 0; i < n; ++i)
            a(i, j) = matrix(static_cast<std::size_t>(i), static_cast<std::size_t>(j));
    a.diagonal().array() += penalty;
    return a.llt().solve(Eigen::Map<const Eigen::VectorXd>(b.data(), n));
}

// The residual is below 1e-8 of b; times the condition (at most 1e5 here) that bounds the error.
void expect_solved(const SquareMatrix& matrix, const SquareMatrix& near, std::size_t most) {
    const std::vector<double> penalties{3000, 30, 0.5};
    const std::vector<std::vector<double>> b{
        random_vector(matrix.n, 1), std::vector<double>(matrix.n), random_vector(matrix.n, 2),
        random_vector(matrix.n, 3)};
    const RidgeSystems systems(near, penalties);
    const RidgeSolutions found = systems.solve(matrix, b);
    EXPECT_TRUE(found.converged);
    EXPECT_LE(found.iterations, most);
    for (std::size_t t = 0; t < b.size(); ++t) {
        const RidgeSolutions alone = systems.solve(matrix, std::span(b).subspan(t, 1));
        for (std::size_t l = 0; l < penalties.size(); ++l) {
            const auto expected = direct(matrix, penalties[l], b[t]);
            const auto& x = found.values[t * penalties.size() + l];
            for (std::size_t i = 0; i < matrix.n; ++i)
                ASSERT_NEAR(x[i], expected[static_cast<Eigen::Index>(i)],
                            1e-6 * (1e-12 + expected.norm()));
            EXPECT_EQ(x, alone.values[l]); // to the bit, whatever is solved beside it
        }
    }
}

TEST(RidgeSystems, AgreesWithDirectSolution) {
    for (const std::size_t n : {1u, 5u, 16u, 40u, 150u}) {
        const SquareMatrix matrix = gram(n, 0, 600);
        expect_solved(matrix, matrix, 4);
    }
}

TEST(RidgeSystems, SolvesWithTheFactorOfANearMatrix) {
    expect_solved(gram(150, 60, 600), gram(150, 0, 600), 20);
}

TEST(RidgeSystems, ASingularMatrixIsRaisedByThePenalty) {
    const SquareMatrix matrix = gram(100, 0, 30); // rank 30
    expect_solved(matrix, matrix, 30);
    SquareMatrix zero(20);
    expect_solved(zero, zero, 2);
}

} // namespace
} // namespace salus
