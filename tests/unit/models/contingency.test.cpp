#include "models/contingency.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace salus {
namespace {

TEST(ChiSquareTail, EqualsR) {
    // R 4.2: -pchisq(x, df, lower.tail = FALSE, log.p = TRUE) / log(10)
    const struct {
        unsigned df;
        double of[5];
    } expected[] = {{2,
                     {0.83384540525424344, 2.1714724095162588, 54.286810237906472,
                      260.57668914195108, 0.10857362047581294}},
                    {3,
                     {0.55397942062571492, 1.7312784851529011, 53.184173298921799,
                      259.1347969966792, 0.036735807553548716}},
                    {5,
                     {0.24209218514461886, 1.1235786538122849, 51.259880388592549,
                      256.53201318304946, 0.0034343538101970473}},
                    {8,
                     {0.059850782787628287, 0.57671165692979609, 48.763767360331016,
                      253.01821336525327, 5.7925566113744768e-05}},
                    {21,
                     {6.0408782381443582e-06, 0.0092564116797737069, 40.386477229598732,
                      240.23166931354254, 1.3854254129410629e-14}}};
    const double x[] = {3.84, 10, 250, 1200, 0.5};
    for (const auto& row : expected)
        for (std::size_t i = 0; i < 5; ++i) // p is good to 1e-10, so its logarithm to 1e-10 / ln 10
            EXPECT_NEAR(chi_square_neg_log10_p(x[i], row.df), row.of[i], 1e-10)
                << row.df << ' ' << x[i];
    EXPECT_EQ(chi_square_neg_log10_p(0, 4), 0);
    EXPECT_TRUE(std::isfinite(chi_square_neg_log10_p(1e6, 7)));
    EXPECT_TRUE(std::isnan(chi_square_neg_log10_p(std::nan(""), 7)));
}

TEST(Fisher, EqualsR) {
    // R 4.2: -log10(fisher.test(matrix(c(a, b, c, d), 2, byrow = TRUE))$p.value)
    const struct {
        TwoCounts a, b;
        double expected;
    } tables[] = {{{3, 1}, {1, 3}, 0.31361912297200162},
                  {{12, 988}, {30, 970}, 2.1373944065680615},
                  {{0, 50}, {10, 40}, 2.9256080647248424},
                  {{1, 9}, {11, 3}, 2.5591764972929414},
                  {{200, 1800}, {300, 1700}, 5.6835793465127633},
                  {{5, 100000}, {40, 200000}, 2.9058821028898802},
                  {{700, 300}, {100, 900}, 178.96876716334248},
                  {{0, 5}, {0, 7}, 0}};
    for (const auto& t : tables) {
        EXPECT_NEAR(fisher_neg_log10_p(t.a, t.b), t.expected, 1e-8) << t.a.first;
        EXPECT_NEAR(fisher_neg_log10_p(t.b, t.a), t.expected, 1e-8) << t.a.first;
    }
    EXPECT_EQ(fisher_neg_log10_p({0, 0}, {3, 4}), 0);
}

/// Every table with the margins, its probability by products.
double plain_fisher(const TwoCounts& x, const TwoCounts& y) {
    const auto row = static_cast<int>(x.sum()), other = static_cast<int>(y.sum());
    const auto column = static_cast<int>(x.first + y.first);
    const auto choose = [](int n, int k) {
        double value = 1;
        for (int i = 1; i <= k; ++i)
            value = value * (n - k + i) / i;
        return value;
    };
    const auto weight = [&](int a) { return choose(row, a) * choose(other, column - a); };
    double all = 0, tail = 0;
    const double observed = weight(static_cast<int>(x.first));
    for (int a = std::max(0, column - other); a <= std::min(row, column); ++a) {
        all += weight(a);
        if (weight(a) <= observed * (1 + 1e-7)) tail += weight(a);
    }
    return -std::log10(tail / all);
}

TEST(Fisher, EqualsTheSumOverAllTables) {
    for (std::uint64_t a = 0; a < 7; ++a)
        for (std::uint64_t b = 0; b < 9; ++b)
            for (std::uint64_t c = 0; c < 8; ++c)
                for (std::uint64_t d = 1; d < 40; d += 7) {
                    if (a + b == 0) continue;
                    EXPECT_NEAR(fisher_neg_log10_p({a, b}, {c, d}), plain_fisher({a, b}, {c, d}),
                                1e-9)
                        << a << ' ' << b << ' ' << c << ' ' << d;
                }
}

TEST(SameShares, ChiSquareWhereCountsAreLarge) {
    // R 4.2: chisq.test(matrix(..., byrow = TRUE), correct = FALSE)
    const std::vector<TwoCounts> three{{30, 70}, {45, 55}, {20, 80}, {0, 0}};
    EXPECT_NEAR(same_shares_neg_log10_p(three), 3.1777645017311111, 1e-10);
    const std::vector<TwoCounts> two{{300, 700}, {350, 650}};
    EXPECT_NEAR(same_shares_neg_log10_p(two), 1.7699548898266257, 1e-10);
}

TEST(SameShares, FisherWhereTheyAreSmall) {
    const std::vector<TwoCounts> two{{0, 40}, {8, 32}};
    EXPECT_NEAR(same_shares_neg_log10_p(two), fisher_neg_log10_p({0, 40}, {8, 32}), 1e-12);
    const std::vector<TwoCounts> three{{4, 46}, {0, 60}, {0, 40}};
    const double best = fisher_neg_log10_p({4, 46}, {0, 100});
    EXPECT_NEAR(same_shares_neg_log10_p(three), best - std::log10(3.0), 1e-12);
}

TEST(SameShares, NothingToCompare) {
    EXPECT_TRUE(std::isnan(same_shares_neg_log10_p({})));
    const std::vector<TwoCounts> one{{3, 4}, {0, 0}};
    EXPECT_TRUE(std::isnan(same_shares_neg_log10_p(one)));
    const std::vector<TwoCounts> empty_column{{3, 0}, {5, 0}};
    EXPECT_EQ(same_shares_neg_log10_p(empty_column), 0);
}

} // namespace
} // namespace salus
