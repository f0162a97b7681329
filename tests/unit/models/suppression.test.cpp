#include "models/suppression.hpp"

#include "base/random.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace salus {
namespace {

CarrierCounts sum_of(const Division& division) {
    CarrierCounts sum = division.rest;
    for (const CarrierCounts& part : division.parts)
        sum.het += part.het, sum.hom += part.hom, sum.hemi += part.hemi;
    return sum;
}

TEST(Suppression, LargeAndZeroCountsAreAllPublished) {
    const std::vector<CarrierCounts> parts{{.het = 50, .hom = 7}, {.het = 30}, {}};
    const Division division{.parts = parts, .rest = {}};
    const auto result = suppress_small_counts(sum_of(division), std::vector{division}, 5);
    EXPECT_EQ(result.total, Published{});
    for (const Published& part : result.parts[0])
        EXPECT_EQ(part, Published{});
    EXPECT_EQ(result.small + result.secondary, 0u);
}

TEST(Suppression, MinimumOneHidesNothing) {
    const std::vector<CarrierCounts> parts{{.het = 1}, {.het = 30, .hom = 1}};
    const Division division{.parts = parts, .rest = {}};
    for (const std::uint64_t minimum : {0u, 1u}) {
        const auto result = suppress_small_counts(sum_of(division), std::vector{division}, minimum);
        EXPECT_EQ(result.small + result.secondary, 0u);
        EXPECT_EQ(result.parts[0][0], Published{});
    }
}

TEST(Suppression, ARareAlleleIsHiddenEverywhereButWhereNobodyCarriesIt) {
    const std::vector<CarrierCounts> parts{{.het = 2}, {.het = 1}, {}};
    const Division division{.parts = parts, .rest = {}};
    const auto result = suppress_small_counts(sum_of(division), std::vector{division}, 5);
    const Published nothing{.alleles = false, .genotypes = false};
    EXPECT_EQ(result.total, nothing);
    EXPECT_EQ(result.parts[0][0], nothing);
    EXPECT_EQ(result.parts[0][1], nothing);
    EXPECT_EQ(result.parts[0][2], Published{});
}

TEST(Suppression, AnotherPartIsHiddenThatWouldRevealASmallOne) {
    const std::vector<CarrierCounts> parts{{.het = 2}, {.het = 90}, {.het = 40}};
    const Division division{.parts = parts, .rest = {}};
    const auto result = suppress_small_counts(sum_of(division), std::vector{division}, 5);
    EXPECT_TRUE(result.total.alleles);
    EXPECT_FALSE(result.parts[0][0].alleles);
    EXPECT_TRUE(result.parts[0][1].alleles);
    EXPECT_FALSE(result.parts[0][2].alleles); // the smallest that helps
    EXPECT_EQ(result.small, 1u);
    EXPECT_EQ(result.secondary, 1u);
}

TEST(Suppression, PeopleWithoutAGroupAreProtectedToo) {
    // Total minus groups would tell of the two who are in none.
    const std::vector<CarrierCounts> parts{{.het = 90}, {.het = 40}};
    const Division division{.parts = parts, .rest = {.het = 2}};
    const auto result = suppress_small_counts(sum_of(division), std::vector{division}, 5);
    EXPECT_FALSE(result.parts[0][1].alleles);
    EXPECT_TRUE(result.parts[0][0].alleles);
}

TEST(Suppression, AFewHomozygousCarriersHideGenotypesButNotAlleles) {
    const std::vector<CarrierCounts> parts{{.het = 60, .hom = 2}, {.het = 50, .hom = 8}};
    const Division division{.parts = parts, .rest = {}};
    const auto result = suppress_small_counts(sum_of(division), std::vector{division}, 5);
    EXPECT_EQ(result.total, Published{});
    EXPECT_EQ(result.parts[0][0], (Published{.alleles = true, .genotypes = false}));
    EXPECT_EQ(result.parts[0][1], (Published{.alleles = true, .genotypes = false}));
}

// What anybody can compute: the total less what is published of a division.
void attack(const CarrierCounts& total, const Division& division, const Suppression& result,
            std::size_t d, std::uint64_t minimum) {
    const auto left = [&](auto count, auto shown, bool total_shown) {
        if (!total_shown) return;
        std::uint64_t hidden = count(total), members = count(division.rest) > 0;
        bool small = count(division.rest) > 0 && count(division.rest) < minimum;
        for (std::size_t p = 0; p < division.parts.size(); ++p) {
            const std::uint64_t value = count(division.parts[p]);
            if (shown(result.parts[d][p])) {
                ASSERT_TRUE(value == 0 || value >= minimum);
                hidden -= value;
            } else {
                members += value > 0;
                small = small || (value > 0 && value < minimum);
            }
        }
        // A small number never stands alone, and the sum of the hidden ones is not small.
        if (small) {
            ASSERT_GE(members, 2u);
            ASSERT_GE(hidden, minimum);
        }
    };
    const auto alleles = [](const Published& p) { return p.alleles; };
    const auto genotypes = [](const Published& p) { return p.genotypes; };
    left([](const CarrierCounts& c) { return c.people(); }, alleles, result.total.alleles);
    left([](const CarrierCounts& c) { return c.het; }, genotypes, result.total.genotypes);
    left([](const CarrierCounts& c) { return c.hom; }, genotypes, result.total.genotypes);
    left([](const CarrierCounts& c) { return c.hemi; }, genotypes, result.total.genotypes);
    for (const Published& p : result.parts[d])
        ASSERT_TRUE(p.alleles || !p.genotypes);
}

TEST(Suppression, NoSmallNumberFollowsFromWhatIsPublished) {
    constexpr std::uint64_t minimum = 5;
    for (std::uint64_t trial = 0; trial < 20000; ++trial) {
        Rng rng(8, "test.suppression", trial);
        const auto draw = [&] {
            return rng.bernoulli(0.4) ? 0 : rng.below(rng.bernoulli(0.5) ? 8 : 60);
        };
        const auto person = [&] {
            return CarrierCounts{.het = draw(), .hom = draw(), .hemi = draw()};
        };
        std::vector<CarrierCounts> parts(2 + rng.below(4));
        for (CarrierCounts& part : parts)
            part = person();
        const Division groups{.parts = parts,
                              .rest = rng.bernoulli(0.5) ? person() : CarrierCounts{}};
        const CarrierCounts total = sum_of(groups);
        // Any other division of the same total: two sexes and the rest.
        CarrierCounts one, rest;
        const auto cut = [&](std::uint64_t n) { return n == 0 ? 0 : rng.below(n + 1); };
        one = {.het = cut(total.het), .hom = cut(total.hom), .hemi = cut(total.hemi)};
        rest = {.het = cut(total.het - one.het), .hom = 0, .hemi = 0};
        const std::vector<CarrierCounts> sexes{
            one, {total.het - one.het - rest.het, total.hom - one.hom, total.hemi - one.hemi}};
        const std::vector<Division> divisions{{.parts = sexes, .rest = rest}, groups};
        const Suppression result = suppress_small_counts(total, divisions, minimum);
        for (std::size_t d = 0; d < 2; ++d)
            attack(total, divisions[d], result, d, minimum);
        if (HasFatalFailure()) FAIL() << "trial " << trial;
    }
}

TEST(Suppression, ATwoWayTableIsPublishedOnlyIfNothingOfItIsSmall) {
    using Counts = std::vector<CarrierCounts>;
    const auto het = [](std::uint64_t people) { return CarrierCounts{.het = people}; };
    // Rows 20 and 30 of 60, columns 25 and 30: what is left of rows, columns and both is 5.
    const Counts rows{het(20), het(30)}, columns{het(25), het(30)};
    const auto whole = [&](const Counts& cells, std::uint64_t minimum) {
        return whole_table_is_large(het(60), {.parts = rows, .rest = het(10)},
                                    {.parts = columns, .rest = het(5)}, cells, minimum);
    };
    EXPECT_TRUE(whole({het(10), het(10), het(10), het(20)}, 5));  // 5 and 0 left of the columns
    EXPECT_FALSE(whole({het(10), het(10), het(10), het(20)}, 6)); // a column keeps 5
    EXPECT_FALSE(whole({het(4), het(16), het(16), het(14)}, 5));  // a cell of 4
    EXPECT_FALSE(whole({het(9), het(10), het(10), het(20)}, 5));  // a row keeps 1
    EXPECT_TRUE(whole({het(4), het(16), het(16), het(14)}, 1));
    EXPECT_TRUE(whole({het(10), het(10), het(10), het(20)}, 0));
}

std::vector<CellRelease> one_way(const std::vector<std::uint64_t>& counts, std::uint64_t minimum) {
    return suppress_one_way(counts, minimum);
}

TEST(SuppressOneWay, Examples) {
    using enum CellRelease;
    EXPECT_TRUE(one_way({}, 5).empty());
    EXPECT_EQ(one_way({7, 0, 5}, 5), (std::vector{shown, shown, shown}));
    EXPECT_EQ(one_way({1, 2, 500}, 1), (std::vector{shown, shown, shown}));
    EXPECT_EQ(one_way({500, 499, 1}, 5), (std::vector{shown, secondary, small}));
    EXPECT_EQ(one_way({500, 3, 4}, 5), (std::vector{shown, small, small}));
    EXPECT_EQ(one_way({500, 2, 1}, 5), (std::vector{secondary, small, small}));
    EXPECT_EQ(one_way({0, 3, 0}, 5), (std::vector{shown, small, shown}));
}

/// All tables that look the same after suppression: a cell that is the same in all of them is
/// known.
TEST(SuppressOneWay, NoSmallNumberIsTheOnlyOnePossible) {
    constexpr std::uint64_t minimum = 4, most = 9;
    Rng rng(1, "tables", 0);
    for (int trial = 0; trial < 300; ++trial) {
        std::vector<std::uint64_t> counts(2 + rng.below(3));
        std::uint64_t total = 0;
        for (std::uint64_t& count : counts)
            total += count = rng.below(most);
        const auto cells = one_way(counts, minimum);
        std::vector<std::size_t> hidden;
        std::uint64_t left = total;
        bool has_small = false;
        for (std::size_t i = 0; i < counts.size(); ++i) {
            if (cells[i] == CellRelease::shown) {
                EXPECT_TRUE(counts[i] == 0 || counts[i] >= minimum);
                left -= counts[i];
            } else {
                hidden.push_back(i);
                has_small = has_small || counts[i] < minimum;
            }
        }
        if (total < minimum) continue; // the total is not published then
        EXPECT_EQ(has_small, !hidden.empty());
        if (hidden.empty()) continue;
        EXPECT_GE(hidden.size(), 2u);
        EXPECT_GE(left, minimum);
    }
}

TEST(SuppressSteps, NobodyIsLostInASmallGroup) {
    using enum CellRelease;
    const auto steps = [](const std::vector<std::uint64_t>& counts) {
        return suppress_steps(counts, 5);
    };
    EXPECT_EQ(steps({100, 100, 90, 0}), (std::vector{shown, shown, shown, shown}));
    EXPECT_EQ(steps({100, 98, 96, 95, 40}),
              (std::vector{shown, secondary, secondary, shown, shown}));
    EXPECT_EQ(steps({100, 4, 0}), (std::vector{shown, small, shown}));
    EXPECT_EQ(steps({3, 0}), (std::vector{small, shown}));
}

TEST(ReleasedOneWay, AHiddenNumberDoesNotFollowFromTheSum) {
    const std::vector<std::uint64_t> counts{2, 40, 0, 9, 30};
    EXPECT_THAT(released_one_way(counts, 5), ::testing::ElementsAre(0, 40, 0, 0, 30));
    EXPECT_THAT(released_one_way(counts, 0), ::testing::ElementsAreArray(counts));
}

} // namespace
} // namespace salus
