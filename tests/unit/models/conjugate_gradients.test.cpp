#include "models/conjugate_gradients.hpp"

#include "base/random.hpp"

#include <Eigen/Dense>
#include <gtest/gtest.h>

#include <cmath>

namespace salus {
namespace {

using Vectors = std::vector<std::vector<double>>;

/// K of rank 40 in 120 dimensions with a few large eigenvalues, and ridges.
struct GradientExample {
    Eigen::MatrixXd k;
    std::vector<double> ridge{1, 10, 100};
    Vectors b;
    GradientExample() {
        Rng rng(4, "systems", 0);
        Eigen::MatrixXd z(120, 40);
        for (Eigen::Index j = 0; j < 40; ++j)
            for (Eigen::Index i = 0; i < 120; ++i)
                z(i, j) = rng.normal() * (j < 3 ? 30 : 1);
        k = z * z.transpose();
        for (int s = 0; s < 3; ++s) {
            b.emplace_back();
            for (int i = 0; i < 120; ++i)
                b.back().push_back(rng.normal());
        }
    }
    Eigen::VectorXd exact(std::size_t s) const {
        return (k + ridge[s] * Eigen::MatrixXd::Identity(120, 120))
            .llt()
            .solve(Eigen::Map<const Eigen::VectorXd>(b[s].data(), 120));
    }
    /// `digits`: relative error of products.
    SharedSystems systems(double digits = 0) const {
        return {.products =
                    [this, digits](std::span<const std::size_t> which,
                                   std::span<const std::vector<double>> x) {
                        Vectors out;
                        for (std::size_t c = 0; c < x.size(); ++c) {
                            const Eigen::Map<const Eigen::VectorXd> v(x[c].data(), 120);
                            const Eigen::VectorXd image = k * v + ridge[which[c]] * v;
                            out.emplace_back(image.data(), image.data() + 120);
                            for (std::size_t i = 0; i < 120; ++i)
                                out.back()[i] += digits * image.norm() * (i % 2 == 0 ? 1 : -1);
                        }
                        return out;
                    },
                .precondition = {}};
    }
    SpectralPreconditioner leading() const {
        const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(k);
        SpectralPreconditioner out;
        for (Eigen::Index j = 119; j > 113; --j) {
            out.values.push_back(solver.eigenvalues()(j));
            const Eigen::VectorXd v = solver.eigenvectors().col(j);
            out.vectors.emplace_back(v.data(), v.data() + 120);
        }
        return out;
    }
};

TEST(ConjugateGradients, AgreeWithADenseSolve) {
    const GradientExample e;
    const auto found = solve_together(e.systems(), e.b, 1e-11, 200);
    for (std::size_t s = 0; s < 3; ++s) {
        EXPECT_EQ(found.converged[s], 1);
        EXPECT_LE(found.residual[s], 1e-11);
        const auto exact = e.exact(s);
        for (Eigen::Index i = 0; i < 120; ++i) // residual / smallest eigenvalue (the ridge)
            EXPECT_NEAR(found.x[s][static_cast<std::size_t>(i)], exact(i), 1e-9);
    }
}

TEST(ConjugateGradients, PreconditioningSavesIterationsOnly) {
    const GradientExample e;
    const auto plain = solve_together(e.systems(), e.b, 1e-10, 200);
    auto systems = e.systems();
    const auto leading = e.leading();
    systems.precondition = [&](std::size_t s, std::span<const double> r) {
        return leading.apply(r, e.ridge[s]);
    };
    const auto fast = solve_together(systems, e.b, 1e-10, 200);
    for (std::size_t s = 0; s < 3; ++s) {
        EXPECT_LT(fast.iterations[s], plain.iterations[s]);
        for (std::size_t i = 0; i < 120; ++i)
            EXPECT_NEAR(fast.x[s][i], plain.x[s][i], 1e-8);
    }
}

TEST(ConjugateGradients, SystemsDoNotDependOnEachOther) {
    const GradientExample e;
    const auto together = solve_together(e.systems(), e.b, 1e-8, 200);
    const auto alone = solve_together(e.systems(), std::span(e.b).first(1), 1e-8, 200);
    EXPECT_EQ(alone.x[0], together.x[0]);
    EXPECT_EQ(alone.iterations[0], together.iterations[0]);
}

TEST(ConjugateGradients, TellWhatTheyDidNotReach) {
    const GradientExample e;
    const auto few = solve_together(e.systems(), e.b, 1e-10, 3);
    EXPECT_EQ(few.converged[0], 0);
    EXPECT_GT(few.residual[0], 1e-10);
    // Products with an error: the residual is computed anew, and is not below that.
    const auto rough = solve_together(e.systems(1e-6), e.b, 1e-10, 200);
    EXPECT_EQ(rough.converged[0], 0);
    EXPECT_GT(rough.residual[0], 1e-10);
    EXPECT_LT(rough.residual[0], 1e-2);
    const Vectors zero{std::vector<double>(120, 0.0)};
    const auto nothing = solve_together(e.systems(), zero, 1e-10, 5);
    EXPECT_EQ(nothing.converged[0], 1);
    EXPECT_EQ(nothing.x, zero);
}

} // namespace
} // namespace salus
