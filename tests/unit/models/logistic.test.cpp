#include "models/logistic.hpp"
#include "models/firth.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace salus {
namespace {

// R 4.2.2: i <- 0:59; g <- c(0,1,2,0,1,0,0)[i %% 7 + 1]; x <- sin(i); z <- cos(3*i)
//          y <- as.numeric(sin(17*i) + 0.4*g + 0.3*x > 0.3); X <- cbind(1, x, z, g)
struct LogisticExample {
    LogisticExample() : values(4, std::vector<double>(64)), outcome(64) {
        for (std::size_t i = 0; i < 60; ++i) {
            const double copies[] = {0, 1, 2, 0, 1, 0, 0}, at = static_cast<double>(i);
            values[0][i] = 1;
            values[1][i] = std::sin(at);
            values[2][i] = std::cos(3 * at);
            values[3][i] = copies[i % 7];
            outcome[i] = std::sin(17 * at) + 0.4 * values[3][i] + 0.3 * values[1][i] > 0.3 ? 1 : 0;
        }
        for (const auto& column : values)
            columns.push_back(column.data());
    }
    DesignColumns design() const { return {.columns = columns, .samples = 60}; }
    std::vector<std::vector<double>> values;
    std::vector<double> outcome;
    std::vector<const double*> columns;
};

const std::vector<double> zeros(4, 0.0);

TEST(Logistic, AgreesWithRGlm) {
    // f <- glm(y ~ x + z + g, binomial, control = list(epsilon = 1e-15)); coef(summary(f));
    // logLik(f)
    const LogisticExample e;
    LogisticSolver solver;
    const auto fit =
        solver.fit({.design = e.design(), .outcome = e.outcome, .start = zeros, .free = 4});
    EXPECT_TRUE(fit.converged);
    const double beta[] = {-0.9765958170144763, 0.6499063619543729, 0.0929972711821819,
                           1.4479044077600525};
    const double se[] = {0.380006953281649, 0.428861604202992, 0.425154493630099,
                         0.458648370369117};
    for (std::size_t c = 0; c < 4; ++c) {
        EXPECT_NEAR(fit.coefficients[c], beta[c], 1e-10);
        EXPECT_NEAR(std::sqrt(fit.variances[c]), se[c], 1e-10);
    }
    EXPECT_NEAR(fit.log_likelihood, -34.087242200129, 1e-10);
    EXPECT_NEAR(wald_neg_log10_p(beta[3], se[3]), 2.79735053124076, 1e-11);
}

TEST(Logistic, FixedCoefficientsStay) {
    const LogisticExample e;
    LogisticSolver solver;
    const std::vector<double> start{0, 0, 0, 0.5};
    const auto fit =
        solver.fit({.design = e.design(), .outcome = e.outcome, .start = start, .free = 3});
    EXPECT_TRUE(fit.converged);
    EXPECT_EQ(fit.coefficients[3], 0.5);
}

TEST(Logistic, ScoreTestAgreesWithR) {
    // f0 <- glm(y ~ x + z, binomial); m <- fitted(f0); w <- m * (1-m); S <- sum(g * (y-m)); V: see
    // Var(S)
    const ScoreTest test = score_test(9.69916783009347, 7.85345110530725);
    EXPECT_NEAR(test.beta, 9.69916783009347 / 7.85345110530725, 1e-14);
    EXPECT_NEAR(test.beta / test.standard_error, 9.69916783009347 / std::sqrt(7.85345110530725),
                1e-13);
}

TEST(Logistic, SeparationDoesNotConverge) {
    LogisticExample e;
    e.outcome.assign(64, 0);
    for (std::size_t i = 0; i < 60; ++i)
        e.outcome[i] = e.values[3][i] > 0 ? 1 : 0;
    LogisticSolver solver;
    const auto fit = solver.fit(
        {.design = e.design(), .outcome = e.outcome, .start = zeros, .free = 4}, Penalty::none, 15);
    EXPECT_FALSE(fit.converged);
    const auto firth = firth_test(solver, e.design(), e.outcome, zeros);
    EXPECT_TRUE(firth.converged);
    EXPECT_TRUE(std::isfinite(firth.beta));
    EXPECT_GT(firth.neg_log10_p, 5);
}

TEST(Logistic, CollinearColumnsAreReported) {
    LogisticExample e;
    e.values[3] = e.values[1];
    LogisticSolver solver;
    EXPECT_FALSE(solver.fit({.design = e.design(), .outcome = e.outcome, .start = zeros, .free = 4})
                     .converged);
    EXPECT_FALSE(firth_test(solver, e.design(), e.outcome, zeros).converged);
}

TEST(Firth, AgreesWithDirectMaximisationInR) {
    // pl <- function(b) { e <- drop(X %*% b); p <- plogis(e)
    //   sum(y*e - log1p(exp(e))) + 0.5 * determinant(t(X) %*% (X * (p*(1-p))))$modulus[1] }
    // o <- optim(rep(0,4), pl, ...), o0 <- optim(rep(0,3), function(b) pl(c(b,0)), ...), repeated
    // until stable: o$par[4]; sqrt(solve(t(X) %*% (X * (p*(1-p))))[4,4]); 2 * (o$value - o0$value)
    const LogisticExample e;
    LogisticSolver solver;
    const auto test = firth_test(solver, e.design(), e.outcome, zeros);
    EXPECT_TRUE(test.converged);
    EXPECT_NEAR(test.beta, 1.31439885396, 1e-7);
    EXPECT_NEAR(test.standard_error, 0.440069720107, 1e-7);
    EXPECT_NEAR(test.chi_square, 11.7863885546, 1e-8);
    const std::vector<double> elsewhere{-1, 1, 0.5, 3};
    const auto again = firth_test(solver, e.design(), e.outcome, elsewhere);
    EXPECT_NEAR(again.beta, test.beta, 1e-7);
    EXPECT_NEAR(again.chi_square, test.chi_square, 1e-9);
}

} // namespace
} // namespace salus
