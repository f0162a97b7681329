#include "models/mendel.hpp"

#include "genotype/packed.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace salus {
namespace {

/// Pairs of alleles (0 REF, 1 ALT) that a call stands for.
std::vector<std::pair<int, int>> genotypes(std::uint8_t call) {
    switch (call) {
    case hom_ref:
        return {{0, 0}};
    case het:
        return {{0, 1}};
    case hom_alt:
        return {{1, 1}};
    default:
        return {{0, 0}, {0, 1}, {1, 1}};
    }
}

/// Whether some genotypes behind the parents' calls have a child with this call.
bool possible(std::uint8_t child, std::uint8_t father, std::uint8_t mother) {
    for (const auto& [f1, f2] : genotypes(father))
        for (const auto& [m1, m2] : genotypes(mother))
            for (const int f : {f1, f2})
                for (const int m : {m1, m2})
                    if (f + m == child) return true;
    return false;
}

TEST(Mendel, AutosomesEqualTheListOfAllChildren) {
    for (std::uint8_t child = 0; child < 4; ++child)
        for (std::uint8_t father = 0; father < 4; ++father)
            for (std::uint8_t mother = 0; mother < 4; ++mother) {
                const bool error = child != missing && !possible(child, father, mother);
                EXPECT_EQ(is_mendel_error(child, father, mother, Descent::diploid), error);
                EXPECT_EQ(is_mendel_informative(child, father, mother, Descent::diploid),
                          child != missing && (father != missing || mother != missing));
            }
}

// The ten codes of plink --mendel: father, mother -> child.
TEST(Mendel, CodesOfPlink) {
    const auto error = [](int father, int mother, int child, Descent t) {
        return is_mendel_error(static_cast<std::uint8_t>(child), static_cast<std::uint8_t>(father),
                               static_cast<std::uint8_t>(mother), t);
    };
    using enum Descent;
    EXPECT_TRUE(error(0, 0, 1, diploid)); // 1
    EXPECT_TRUE(error(2, 2, 1, diploid)); // 2
    for (int any = 0; any < 4; ++any) {
        EXPECT_TRUE(error(2, any, 0, diploid)); // 3
        EXPECT_TRUE(error(any, 2, 0, diploid)); // 4, 5
        EXPECT_TRUE(error(0, any, 2, diploid)); // 6
        EXPECT_TRUE(error(any, 0, 2, diploid)); // 7, 8
        EXPECT_TRUE(error(any, 0, 2, x_son));   // 9
        EXPECT_TRUE(error(any, 2, 0, x_son));   // 10
        EXPECT_FALSE(error(any, 1, 2, x_son));
        EXPECT_FALSE(error(any, 3, 2, x_son));
        EXPECT_FALSE(error(any, 0, 1, x_son)); // a son has one X: no call
    }
    EXPECT_TRUE(error(0, 1, 2, x_daughter));
    EXPECT_FALSE(error(1, 1, 2, x_daughter)); // a father has one X: no call
    EXPECT_TRUE(error(2, 2, 1, x_daughter));
    EXPECT_FALSE(error(2, 0, 1, x_daughter));
}

TEST(Mendel, WhoCannotBeJudged) {
    using enum Descent;
    EXPECT_FALSE(is_mendel_informative(missing, 0, 0, diploid));
    EXPECT_FALSE(is_mendel_informative(0, missing, missing, diploid));
    EXPECT_FALSE(is_mendel_informative(0, 0, missing, x_son));
    EXPECT_TRUE(is_mendel_informative(0, missing, 0, x_son));
    EXPECT_FALSE(is_mendel_informative(0, het, missing, x_daughter));
    EXPECT_TRUE(is_mendel_informative(het, 2, missing, x_daughter));
}

} // namespace
} // namespace salus
