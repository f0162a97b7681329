#include "models/linear.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace salus {
namespace {

using Columns = std::vector<std::vector<double>>;

double dot(const std::vector<double>& a, const std::vector<double>& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        sum += a[i] * b[i];
    return sum;
}

struct LinearExample {
    LinearExample() {
        for (int i = 0; i < 60; ++i) {
            const int copies[] = {0, 1, 2, 0, 1, 0, 0};
            g.push_back(copies[i % 7]);
            x.push_back(std::sin(i));
            z.push_back(std::cos(3 * i));
        }
    }
    std::vector<double> g, x, z;
};

TEST(FitLinear, AgreesWithR) {
    // R 4.2.2: i <- 0:59; g <- c(0,1,2,0,1,0,0)[i %% 7 + 1]; x <- sin(i); z <- cos(3*i)
    //          coef(summary(lm(x ~ z + g)))["g", ]
    const LinearExample e;
    const auto basis = orthonormal_basis(Columns{e.z});
    const auto g = residuals(basis, e.g), y = residuals(basis, e.x);
    const LinearFit fit =
        fit_linear({.gg = dot(g, g), .gy = dot(g, y), .yy = dot(y, y), .residual_df = 60 - 1 - 2});
    EXPECT_NEAR(fit.beta, -0.00995314391341277, 1e-15);
    EXPECT_NEAR(fit.standard_error, 0.126660043244670, 1e-14);
    EXPECT_NEAR(fit.t, -0.0785815609914663, 1e-14);
    EXPECT_NEAR(fit.neg_log10_p, 0.02796356133603444, 1e-14);
}

TEST(FitLinear, PerfectFitIsInfinitelySignificant) {
    const LinearFit fit = fit_linear({.gg = 4, .gy = 8, .yy = 16, .residual_df = 10});
    EXPECT_EQ(fit.beta, 2);
    EXPECT_EQ(fit.standard_error, 0);
    EXPECT_TRUE(std::isinf(fit.neg_log10_p));
}

TEST(OrthonormalBasis, IsCentredAndOrthonormal) {
    const LinearExample e;
    auto far = e.x; // far from zero, as a year of birth is
    for (auto& value : far)
        value += 1e6;
    const auto basis = orthonormal_basis(Columns{e.x, e.z, e.g});
    ASSERT_EQ(basis.columns.size(), 3U);
    const std::vector<double> ones(60, 1.0);
    for (std::size_t a = 0; a < 3; ++a) {
        EXPECT_NEAR(dot(basis.columns[a], ones), 0, 1e-14);
        for (std::size_t b = 0; b < 3; ++b) {
            EXPECT_NEAR(dot(basis.columns[a], basis.columns[b]), a == b ? 1 : 0, 1e-14);
        }
    }
    const auto other = orthonormal_basis(Columns{far});
    EXPECT_NEAR(std::fabs(dot(other.columns[0], basis.columns[0])), 1, 1e-9);
}

TEST(OrthonormalBasis, NamesDependentAndConstantColumns) {
    const LinearExample e;
    std::vector<double> mix(60);
    for (std::size_t i = 0; i < 60; ++i)
        mix[i] = 3 * e.x[i] - 2 * e.g[i] + 5;
    const std::vector<double> constant(60, 1234.5);
    const auto basis = orthonormal_basis(Columns{e.x, constant, e.z, e.g, mix});
    EXPECT_THAT(basis.constant, testing::ElementsAre(1));
    ASSERT_TRUE(basis.dependence);
    EXPECT_EQ(basis.dependence->column, 4U);
    EXPECT_THAT(basis.dependence->on, testing::ElementsAre(0, 3));
    EXPECT_FALSE(orthonormal_basis(Columns{}).dependence);
}

TEST(RankInverseNormal, AgreesWithR) {
    // R 4.2.2: r <- c(3,1,4,1,5,9,2,6); qnorm((rank(r) - 0.375) / 8.25)
    const std::vector<double> expected{-0.152505974246244, -1.09680356209351, 0.152505974246244,
                                       -1.09680356209351,  0.472789120992267, 1.43420015968638,
                                       -0.472789120992267, 0.852495034274694};
    const auto normal = rank_inverse_normal(std::vector<double>{3, 1, 4, 1, 5, 9, 2, 6});
    for (std::size_t i = 0; i < 8; ++i)
        EXPECT_NEAR(normal[i], expected[i], 1e-13);
    EXPECT_TRUE(rank_inverse_normal({}).empty());
}

} // namespace
} // namespace salus
