#include "models/ordinal.hpp"
#include "models/logistic.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace salus {
namespace {

// R 4.2.2, ordinal 2022.11-16:
//   f <- clm(factor(y) ~ x1 + x2, control = clm.control(gradTol = 1e-10))
struct OrdinalExample {
    std::vector<double> x1{-1.2, 0.4, 0.8, -0.3, 1.5, -0.9, 0.1, 0.6, -1.7, 1.1, 0.3,  -0.5,
                           0.9,  -.2, 1.8, -1.1, 0.7, -0.6, 0.2, 1.3, -0.8, 0.5, -1.4, 1.0};
    std::vector<double> x2{0, 1, 2, 0, 1, 0, 0, 1, 0, 2, 0, 1, 0, 0, 1, 2, 0, 1, 0, 0, 1, 0, 0, 2};
    std::vector<std::uint32_t> level{0, 2, 3, 1, 3, 0, 1, 1, 0, 3, 2, 1,
                                     3, 0, 2, 1, 3, 0, 2, 2, 1, 1, 0, 2};
    std::vector<const double*> columns{x1.data(), x2.data()};

    OrdinalProblem problem(std::size_t covariates = 2) const {
        return {.level = level,
                .levels = 4,
                .design = {.columns = std::span(columns).first(covariates), .samples = 24}};
    }
};

TEST(Ordinal, AgreesWithRClm) {
    const OrdinalExample e;
    const OrdinalFit fit = OrdinalSolver().fit(e.problem());
    ASSERT_TRUE(fit.converged);
    const double estimates[] = {-1.633457112626085, 1.240915078514487, 3.696772234714466,
                                2.684290082691480, 0.751500847912601};
    const double errors[] = {0.818138729146411, 0.728093827998548, 1.069825780445302,
                             0.756029948411498, 0.569610065266791};
    for (std::size_t c = 0; c < 5; ++c) {
        EXPECT_NEAR(fit.coefficients[c], estimates[c], 1e-8); // both stop near the maximum
        EXPECT_NEAR(std::sqrt(fit.variances[c]), errors[c], 1e-7);
    }
    EXPECT_NEAR(fit.log_likelihood, -20.507267228702, 1e-10);
}

// The efficient score of x2 given x1 with the expected information, made in R level by level from
// the fit of clm(factor(y) ~ x1): U = 2.40182794557809, variance 3.16911096792881.
TEST(Ordinal, TermsGiveTheScoreTestOfR) {
    const OrdinalExample e;
    const OrdinalProblem problem = e.problem(1);
    const OrdinalFit fit = OrdinalSolver().fit(problem);
    ASSERT_TRUE(fit.converged);
    const OrdinalTerms terms = ordinal_terms(problem, fit.coefficients);
    // Sums with x2, and the information of thresholds and x1, solved by elimination.
    double score = 0, a[4][5] = {}, rest = 0;
    for (std::size_t i = 0; i < 24; ++i) {
        score += terms.residual[i] * e.x2[i];
        rest += terms.weight[i] * e.x2[i] * e.x2[i];
        double sum = 0;
        for (std::size_t k = 0; k < 3; ++k) {
            a[k][3] += terms.crossed[k][i] * e.x1[i];
            a[k][4] += terms.crossed[k][i] * e.x2[i];
            sum += terms.crossed[k][i];
        }
        EXPECT_NEAR(sum, terms.weight[i], 1e-15);
        a[3][3] += terms.weight[i] * e.x1[i] * e.x1[i];
        a[3][4] += terms.weight[i] * e.x1[i] * e.x2[i];
    }
    for (std::size_t k = 0; k < 3; ++k) {
        for (std::size_t l = 0; l < 3; ++l)
            a[k][l] = terms.thresholds[k * 3 + l];
        a[3][k] = a[k][3];
    }
    double along[4], original[4];
    for (std::size_t k = 0; k < 4; ++k)
        original[k] = a[k][4];
    for (std::size_t p = 0; p < 4; ++p)
        for (std::size_t r = p + 1; r < 4; ++r) {
            const double factor = a[r][p] / a[p][p];
            for (std::size_t c = p; c < 5; ++c)
                a[r][c] -= factor * a[p][c];
        }
    for (std::size_t p = 4; p-- > 0;) {
        along[p] = a[p][4];
        for (std::size_t c = p + 1; c < 4; ++c)
            along[p] -= a[p][c] * along[c];
        along[p] /= a[p][p];
        rest -= along[p] * original[p];
    }
    EXPECT_NEAR(score, 2.40182794557809, 1e-9);
    EXPECT_NEAR(rest, 3.16911096792881, 1e-9);
}

TEST(Ordinal, TwoLevelsAreLogisticRegression) {
    const OrdinalExample e;
    std::vector<double> outcome(24), ones(24, 1.0);
    std::vector<std::uint32_t> level(24);
    for (std::size_t i = 0; i < 24; ++i) {
        level[i] = e.level[i] > 1 ? 1 : 0;
        outcome[i] = level[i];
    }
    OrdinalProblem problem = e.problem();
    problem.level = level;
    problem.levels = 2;
    const OrdinalFit fit = OrdinalSolver().fit(problem);
    const std::vector<const double*> columns{ones.data(), e.x1.data(), e.x2.data()};
    const std::vector<double> start(3, 0.0);
    LogisticSolver solver;
    const LogisticFit logistic = solver.fit({.design = {.columns = columns, .samples = 24},
                                             .outcome = outcome,
                                             .start = start,
                                             .free = 3});
    ASSERT_TRUE(fit.converged && logistic.converged);
    EXPECT_NEAR(fit.coefficients[0], -logistic.coefficients[0], 1e-7);
    for (std::size_t c = 1; c < 3; ++c) {
        EXPECT_NEAR(fit.coefficients[c], logistic.coefficients[c], 1e-7);
        EXPECT_NEAR(fit.variances[c], logistic.variances[c], 1e-7);
    }
    EXPECT_NEAR(fit.log_likelihood, logistic.log_likelihood, 1e-10);
}

TEST(Ordinal, SeparationRunsAwayOrDoesNotConverge) {
    const std::vector<std::uint32_t> level{0, 0, 0, 0, 1, 1, 2, 2};
    const std::vector<double> x{0, 0, 0, 0, 1, 1, 1, 1};
    const std::vector<const double*> columns{x.data()};
    const OrdinalFit fit = OrdinalSolver().fit(
        {.level = level, .levels = 3, .design = {.columns = columns, .samples = 8}});
    EXPECT_TRUE(!fit.converged || fit.coefficients.back() > 15);
}

} // namespace
} // namespace salus
