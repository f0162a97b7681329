#include "models/pooling.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace salus {
namespace {

TEST(PoolEstimates, AgreesWithMice) {
    // R 4.2, mice 3.15: pool.scalar(Q, U, n = 200 and Inf, k = 1)
    const double q[] = {0.5, 0.6, 0.45, 0.55, 0.52}, u[] = {.01, .012, .011, .0105, .0098};
    const auto few = pool_estimates(q, u, 199), many = pool_estimates(q, u, INFINITY);
    for (const auto& pooled : {few, many}) {
        EXPECT_NEAR(pooled.estimate, 0.524, 1e-14);
        EXPECT_NEAR(pooled.standard_error, 0.120066648158429, 1e-14);
    }
    EXPECT_NEAR(few.degrees_of_freedom, 41.956102920458129, 1e-11);
    EXPECT_NEAR(few.fraction_missing, 0.293440648921468, 1e-13);
    EXPECT_NEAR(many.degrees_of_freedom, 58.924834499802110, 1e-11);
    EXPECT_NEAR(many.fraction_missing, 0.284426218412270, 1e-13);
}

TEST(PoolEstimates, NothingIsMissingWhereAllAgree) {
    const double q[] = {0.5, 0.5}, u[] = {0.04, 0.04};
    const auto pooled = pool_estimates(q, u, 100);
    EXPECT_EQ(pooled.standard_error, 0.2);
    EXPECT_EQ(pooled.degrees_of_freedom, 100);
    EXPECT_EQ(pooled.fraction_missing, 0);
}

TEST(StudentT, QuantileAgreesWithR) {
    // R 4.2: qt(0.975, c(1, 2.5, 10, 500, Inf))
    EXPECT_NEAR(student_t_975(1), 12.70620473617469, 1e-8);
    EXPECT_NEAR(student_t_975(2.5), 3.57465484200369, 1e-8);
    EXPECT_NEAR(student_t_975(10), 2.22813885198627, 1e-9);
    EXPECT_NEAR(student_t_975(500), 1.96471983746737, 1e-9);
    EXPECT_NEAR(student_t_975(INFINITY), 1.959963984540054, 1e-14);
}

} // namespace
} // namespace salus
