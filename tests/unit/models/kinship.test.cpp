#include "models/kinship.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace salus {
namespace {

TEST(KingRobust, OneGenomeIsOneHalfAndNoHeterozygotesIsNothing) {
    EXPECT_EQ(king_robust({.het_het = 100}), 0.5);
    EXPECT_TRUE(std::isnan(king_robust({})));
    EXPECT_TRUE(std::isnan(king_robust({.het_hom = 5, .ibs0 = 3})));
}

TEST(KingRobust, EqualsTheFormulaOfThePaper) {
    // 1/2 - (Het1 + Het2 - 2 HetHet + 4 IBS0) / (4 min(Het1, Het2)).
    const PairCounts counts{.het_het = 120, .het_hom = 310, .hom_het = 290, .ibs0 = 41};
    EXPECT_DOUBLE_EQ(king_robust(counts), 0.5 - (430 + 410 - 240 + 164) / (4.0 * 410));
}

TEST(LargestDistance, SeparatesExactlyWhatKingRobustSeparates) {
    for (const double least : {-1.0, -0.01, 0.0, 0.0442, 0.0884, 0.25, 0.354, 0.4999}) {
        std::uint32_t before = 0;
        for (std::uint32_t het = 1; het < 3000; het += 7) {
            const std::uint32_t limit = largest_distance(het, least);
            const auto reaches = [&](std::uint32_t distance) {
                // het_het is what makes up `het`; every unit of distance is one heterozygote of the
                // second sample more, so the lesser number stays `het`.
                return king_robust({.het_het = het, .hom_het = distance}) >= least;
            };
            ASSERT_TRUE(reaches(limit)) << het << " " << least;
            ASSERT_FALSE(reaches(limit + 1)) << het << " " << least;
            ASSERT_GE(limit, before);
            before = limit;
        }
    }
    EXPECT_EQ(largest_distance(0, 0.1), 0u);
    EXPECT_EQ(largest_distance(1000, 0.6), 0u);
}

TEST(Degrees, CutOffsAreThoseOfKing) {
    EXPECT_NEAR(kinship_of_degree(0), 0.354, 5e-4);
    EXPECT_NEAR(kinship_of_degree(1), 0.177, 5e-4);
    EXPECT_NEAR(kinship_of_degree(2), 0.0884, 5e-5);
    EXPECT_NEAR(kinship_of_degree(3), 0.0442, 5e-5);
    EXPECT_EQ(degree_of(0.5), 0);
    EXPECT_EQ(degree_of(0.25), 1);
    EXPECT_EQ(degree_of(0.125), 2);
    EXPECT_EQ(degree_of(0.0625), 3);
    EXPECT_EQ(degree_of(0.03125), beyond_third_degree);
    EXPECT_EQ(degree_of(std::nan("")), beyond_third_degree);
    EXPECT_EQ(relation_of(1, 0.01, 0.05), "parent_child");
    EXPECT_EQ(relation_of(1, 0.25, 0.05), "full_siblings");
    EXPECT_EQ(relation_of(0, 0, 0.05), "duplicate_or_twin");
    EXPECT_EQ(relation_of(4, 1, 0.05), "further");
}

} // namespace
} // namespace salus
