#include "models/acat.hpp"
#include "base/numbers.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace salus {
namespace {

double combine(const std::vector<double>& tests, const std::vector<double>& weights) {
    return combine_cauchy(tests, weights);
}

TEST(CombineCauchy, NothingIsNaN) {
    EXPECT_TRUE(std::isnan(combine({}, {})));
    EXPECT_TRUE(std::isnan(combine({nan, 3}, {1, 0})));
}

TEST(CombineCauchy, OneTestStaysItself) {
    for (const double p : {0.01, 0.3, 2.0, 9.5, 199.0, 201.0, 5000.0})
        EXPECT_NEAR(combine({p, nan}, {2, 1}), p, 1e-12 * std::max(1.0, p));
}

TEST(CombineCauchy, AgreesWithR) {
    // R 4.2.2: p <- c(.01, 1e-5, .8); w <- c(1, 2, .5)
    // -log10(pcauchy(sum(w * tan((.5 - p) * pi)) / sum(w), lower.tail = FALSE))
    EXPECT_NEAR(combine({2, 5, -std::log10(0.8)}, {1, 2, 0.5}), 4.75717428073323, 1e-10);
}

TEST(CombineCauchy, SmallTestsKeepTheirScale) {
    EXPECT_NEAR(combine({300, 400}, {1, 1}), 400 - std::log10(2.0), 1e-10);
    EXPECT_NEAR(combine({250, 250}, {1, 3}), 250, 1e-10);
    EXPECT_NEAR(combine({199, 0.5}, {1, 1}), 199 - std::log10(2.0), 1e-10);
}

TEST(CombineCauchy, AnExactOneDoesNotHideTheOthers) {
    EXPECT_GT(combine({0, 6}, {1, 1}), 5.69);
    EXPECT_NEAR(combine({0, 0}, {1, 1}), -std::log10(0.999), 1e-12);
}

} // namespace
} // namespace salus
