#include "models/chi_square_mixture.hpp"

#include "models/tails.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace salus {
namespace {

ChiSquareMixture mixture_of(std::vector<double> weights) { return ChiSquareMixture(weights); }

// Tail of chi-square with 2 k degrees of freedom: the first k terms of a Poisson distribution.
double even_log_tail(int k, double x) {
    std::vector<double> terms;
    for (int j = 0; j < k; ++j)
        terms.push_back(j * std::log(0.5 * x) - std::lgamma(j + 1.0) - 0.5 * x);
    const double largest = *std::max_element(terms.begin(), terms.end());
    double sum = 0;
    for (const double term : terms)
        sum += std::exp(term - largest);
    return largest + std::log(sum);
}

TEST(ChiSquareMixture, WithoutWeightsIsZero) {
    EXPECT_TRUE(mixture_of({}).empty());
    EXPECT_TRUE(mixture_of({0, -1e-20}).empty());
    EXPECT_EQ(mixture_of({}).log_tail(1), -std::numeric_limits<double>::infinity());
    EXPECT_EQ(mixture_of({}).log_tail(0), 0);
}

TEST(ChiSquareMixture, OneWeightIsChiSquare) {
    const auto mixture = mixture_of({2.5});
    for (const double x : {1e-4, 0.1, 1.0, 10.0, 1000.0}) {
        EXPECT_DOUBLE_EQ(mixture.neg_log10_p(2.5 * x), chi_square_neg_log10_p(x));
        EXPECT_NEAR(-mixture.log_tail(2.5 * x) / std::log(10.0), chi_square_neg_log10_p(x), 1e-9);
    }
}

TEST(ChiSquareMixture, EqualWeightsAreChiSquareHoweverMany) {
    for (const int k : {1, 2, 5, 15, 50, 300}) {
        const auto mixture = mixture_of(std::vector<double>(2 * static_cast<std::size_t>(k), 0.7));
        for (const double share : {0.1, 0.5, 0.9, 1.0, 1.1, 2.0, 10.0}) {
            const double x = share * 2 * k, expected = even_log_tail(k, x);
            // the closed form itself adds rounding of large terms
            EXPECT_NEAR(mixture.log_tail(0.7 * x), expected, 1e-9 + 1e-13 * std::fabs(expected))
                << 2 * k << " weights at " << share << " of the mean";
        }
    }
}

TEST(ChiSquareMixture, PairsOfWeightsAreMixturesOfExponentials) {
    for (const double r : {0.5, 0.9, 0.01, 1e-6}) {
        const auto mixture = mixture_of({1, r, 1, r});
        for (const double q : {1e-4, 0.1, 1.0, 10.0, 100.0, 1000.0}) {
            const double tail = (std::exp(-q / 2) - r * std::exp(-q / 2 / r)) / (1 - r);
            EXPECT_NEAR(mixture.log_tail(q), std::log(tail), 1e-9) << r << " " << q;
        }
    }
}

TEST(ChiSquareMixture, AgreesWithImhofInR) {
    // R 4.2.2, the integral of Imhof 1961 by integrate() in pieces of 5 up to u = 2005, where 1e-11
    // of it is left: weights 6, 3, 1, 1, .5, .2, .1, .05
    const auto mixture = mixture_of({6, 3, 1, 1, 0.5, 0.2, 0.1, 0.05});
    const double cases[][2] = {{1, 0.993648302197},
                               {5, 0.765127835142},
                               {20, 0.153222281007},
                               {40, 0.0204405281645},
                               {80, 0.000506118805635}};
    for (const auto& [q, tail] : cases)
        EXPECT_NEAR(std::exp(mixture.log_tail(q)), tail, 2e-9);
}

TEST(ChiSquareMixture, PublishedTable) {
    // Davies 1980 (doi:10.2307/2346911), table of AS 155: 6 X1^2 + 3 X2^2 + X3^2
    const auto mixture = mixture_of({6, 3, 1});
    EXPECT_NEAR(std::exp(mixture.log_tail(1)), 1 - 0.0542, 5e-5);
    EXPECT_NEAR(std::exp(mixture.log_tail(7)), 1 - 0.4936, 5e-5);
    EXPECT_NEAR(std::exp(mixture.log_tail(20)), 1 - 0.8760, 5e-5);
}

TEST(ChiSquareMixture, QuantileInvertsTheTail) {
    const auto mixture = mixture_of({6, 3, 1, 0.01});
    for (const double log_tail : {-1e-3, -0.5, -3.0, -30.0, -600.0}) {
        EXPECT_NEAR(mixture.log_tail(mixture.quantile(log_tail)), log_tail,
                    1e-8 * std::max(1.0, -log_tail));
        EXPECT_NEAR(mixture.quantile(log_tail, 40), mixture.quantile(log_tail),
                    1e-9 * mixture.quantile(log_tail));
    }
}

TEST(ChiSquareMixture, MatchedQuantileIsExactForEqualWeights) {
    const auto mixture = mixture_of({2, 2, 2, 2, 2, 2});
    EXPECT_NEAR(mixture.matched_quantile(-4), mixture.quantile(-4), 1e-8);
}

TEST(MixtureTable, GivesTheTailOfTheMixture) {
    for (const auto& weights :
         {std::vector<double>{1}, {1, 0.5, 0.2}, std::vector<double>(200, 1.0), {1, 1e-4, 1e-4}}) {
        const ChiSquareMixture mixture(weights);
        const double largest = 20 * mixture.mean();
        const MixtureTable table(mixture, largest);
        for (int i = 0; i <= 500; ++i) {
            const double q = largest * i / 500;
            EXPECT_NEAR(table.log_tail(q), mixture.log_tail(q), 1e-6);
        }
    }
}

} // namespace
} // namespace salus
