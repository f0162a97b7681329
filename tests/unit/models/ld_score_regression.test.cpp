#include "models/ld_score_regression.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace salus {
namespace {

/// Chi-squares that are exactly 1 + a + N h2 / M * LD, so every fit must give these numbers.
struct ExactCase {
    static constexpr double m = 1e6, n = 5e4;
    LdScoreDesign design{.annotations = 1, .ld = {}, .weight_ld = {}, .counts = {m}};
    std::vector<double> z, size;
    ExactCase(std::size_t variants, double h2, double intercept) {
        for (std::size_t v = 0; v < variants; ++v) {
            const double ld = 1 + static_cast<double>(v * 37 % 101);
            design.ld.push_back(ld);
            design.weight_ld.push_back(ld);
            z.push_back(std::sqrt(intercept + n * h2 / m * ld));
            size.push_back(n);
        }
    }
    LdScoreStudy study() const { return {.z = z, .n = size}; }
};

TEST(LdScoreRegression, ExactLineGivesItsSlopeAndIntercept) {
    const ExactCase data(3000, 0.4, 1.2);
    for (const bool two_step : {false, true}) {
        LdScoreOptions options;
        if (two_step) options.two_step = 2.5;
        const Heritability found = fit_heritability(data.design, data.study(), options);
        ASSERT_TRUE(found.fit.solved);
        EXPECT_NEAR(found.fit.total, 0.4, 1e-9); // rounding of 3,000 sums
        EXPECT_NEAR(found.fit.intercept, 1.2, 1e-9);
        EXPECT_NEAR(found.fit.total_error, 0, 1e-7);
        EXPECT_EQ(found.fit.deleted.size(), 200U);
        EXPECT_NEAR(found.ratio, 0.2 / (found.mean_chi_square - 1), 1e-9);
    }
}

TEST(LdScoreRegression, FixedInterceptHasNoError) {
    const ExactCase data(3000, 0.4, 1);
    const Heritability found = fit_heritability(data.design, data.study(), {.intercept = 1.0});
    EXPECT_NEAR(found.fit.total, 0.4, 1e-9);
    EXPECT_EQ(found.fit.intercept, 1);
    EXPECT_TRUE(std::isnan(found.fit.intercept_error) && std::isnan(found.ratio));
}

TEST(LdScoreRegression, SameStudyTwiceCorrelatesFully) {
    const ExactCase data(3000, 0.4, 1);
    const auto found =
        fit_genetic_correlation(data.design, data.study(), data.study(), {}, std::nullopt);
    EXPECT_NEAR(found.correlation, 1, 1e-9);
    EXPECT_NEAR(found.covariance.intercept, 1, 1e-8); // all samples are shared
}

TEST(LdScoreRegression, TooFewVariantsOrEqualScoresAreNotSolved) {
    const ExactCase few(2, 0.4, 1);
    EXPECT_FALSE(fit_heritability(few.design, few.study(), {}).fit.solved);
    ExactCase equal(500, 0.4, 1);
    std::fill(equal.design.ld.begin(), equal.design.ld.end(), 7.0);
    const Heritability found = fit_heritability(equal.design, equal.study(), {});
    EXPECT_FALSE(found.fit.solved);
    EXPECT_TRUE(std::isnan(found.fit.total));
}

TEST(LdScoreRegression, CollinearAnnotationsAreNotSolved) {
    ExactCase data(500, 0.4, 1);
    LdScoreDesign twice{.annotations = 2,
                        .ld = {},
                        .weight_ld = data.design.weight_ld,
                        .counts = {ExactCase::m, ExactCase::m}};
    for (const double ld : data.design.ld)
        twice.ld.insert(twice.ld.end(), {ld, 2 * ld});
    EXPECT_FALSE(fit_heritability(twice, data.study(), {}).fit.solved);
}

TEST(LiabilityFactor, PublishedExample) {
    // R 4.2: K <- 0.01; P <- 0.5; K^2 * (1 - K)^2 / (P * (1 - P) * dnorm(qnorm(K))^2)
    EXPECT_NEAR(liability_factor(0.5, 0.01), 0.55190729806317196, 1e-9);
}

} // namespace
} // namespace salus
