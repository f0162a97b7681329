#include "stages/report/numbers.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace salus::report {

TEST(Decimal, SeparatesThousandsAndUsesARealMinusSign) {
    EXPECT_EQ(decimal(1234567.891, 2), "1,234,567.89");
    EXPECT_EQ(decimal(-1234.5, 1), "\u22121,234.5");
    EXPECT_EQ(decimal(999, 0), "999");
    EXPECT_EQ(decimal(-0.0001, 2), "0.00");
    EXPECT_EQ(decimal(std::nan(""), 2), "\u2013");
}

TEST(Measured, KeepsSignificantDigits) {
    EXPECT_EQ(measured(0.012345), "0.0123");
    EXPECT_EQ(measured(128.04, 4), "128.0");
    EXPECT_EQ(measured(-1.3), "\u22121.30");
    EXPECT_EQ(measured(1.2e-7, 2), "1.2 \u00d7 10\u207b\u2077");
    EXPECT_EQ(measured(9.999e-7, 2), "1 \u00d7 10\u207b\u2076");
}

TEST(PValue, StaysReadableForHugeSignificance) {
    EXPECT_EQ(p_value(0.30103), "0.50");
    EXPECT_EQ(p_value(45.5), "3.2 \u00d7 10\u207b\u2074\u2076");
    EXPECT_EQ(p_value(500), "1 \u00d7 10\u207b\u2075\u2070\u2070");
    EXPECT_EQ(p_value(-std::log10(5e-8)), "5 \u00d7 10\u207b\u2078");
}

TEST(People, HidesSmallCellsButNotZero) {
    EXPECT_EQ(people(0, 5), "0");
    EXPECT_EQ(people(1, 5), "<5");
    EXPECT_EQ(people(4, 5), "<5");
    EXPECT_EQ(people(5, 5), "5");
    EXPECT_EQ(people(3, 1), "3");
}

TEST(PeopleCells, HidesASecondCellSoThatTheFirstCannotBeSubtracted) {
    using Cells = std::vector<std::string>;
    EXPECT_EQ(people_cells(std::vector<std::uint64_t>{500, 499, 1}, 5),
              (Cells{"500", "not shown", "<5"}));
    // 2 and 1 alone would add up to a small number that follows from the total.
    EXPECT_EQ(people_cells(std::vector<std::uint64_t>{500, 2, 1}, 5),
              (Cells{"not shown", "<5", "<5"}));
    EXPECT_EQ(people_cells(std::vector<std::uint64_t>{500, 3, 4}, 5), (Cells{"500", "<5", "<5"}));
    EXPECT_EQ(people_cells(std::vector<std::uint64_t>{500, 0, 0}, 5), (Cells{"500", "0", "0"}));
}

TEST(TraitLabel, KnowsCommonAbbreviations) {
    EXPECT_EQ(trait_label("ldl_cholesterol"), "LDL cholesterol");
    EXPECT_EQ(trait_label("type_2_diabetes"), "type 2 diabetes");
    EXPECT_EQ(capitalised(trait_label("body_height")), "Body height");
}

TEST(UniformOrderBand, AgreesWithTheBetaDistribution) {
    // R 4.2: qbeta(c(.025, .975), k, n - k + 1) for n = 1e6 and k = 1, 10, 200
    const auto first = uniform_order_band(1, 1000000), tenth = uniform_order_band(10, 1000000),
               later = uniform_order_band(200, 1000000);
    EXPECT_NEAR(first.lower / 2.531781e-08, 1, 0.01);
    EXPECT_NEAR(first.upper / 3.688873e-06, 1, 0.01);
    EXPECT_NEAR(tenth.lower / 4.795399e-06, 1, 0.01);
    EXPECT_NEAR(tenth.upper / 1.708473e-05, 1, 0.01);
    EXPECT_NEAR(later.lower / 1.732431e-04, 1, 0.01);
    EXPECT_NEAR(later.upper / 2.286494e-04, 1, 0.01);
}

} // namespace salus::report
