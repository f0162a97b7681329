#include "models/exact_ties.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace salus {
namespace {

struct TiedPeople {
    std::vector<double> eta;
    std::vector<std::vector<double>> columns;
};

TiedPeople random_people(std::size_t n, std::size_t p, unsigned seed) {
    std::mt19937 rng(seed);
    std::normal_distribution<double> normal;
    TiedPeople out{.eta = std::vector<double>(n), .columns = {}};
    for (double& e : out.eta)
        e = normal(rng);
    for (std::size_t c = 0; c < p; ++c)
        for (auto& column = out.columns.emplace_back(); column.size() < n;)
            column.push_back(normal(rng));
    return out;
}

struct DrawnMoments {
    double log_total = 0;
    std::vector<double> mean, covariance;
};

// Over all sets of d people, one after the other.
DrawnMoments enumerated(const TiedPeople& of, std::size_t d) {
    const std::size_t n = of.eta.size(), p = of.columns.size();
    DrawnMoments out{0, std::vector<double>(p, 0.0), std::vector<double>(p * p, 0.0)};
    double total = 0;
    for (unsigned set = 0; set < 1U << n; ++set) {
        if (static_cast<std::size_t>(__builtin_popcount(set)) != d) continue;
        double eta = 0;
        std::vector<double> sum(p, 0.0);
        for (std::size_t j = 0; j < n; ++j) {
            if ((set >> j & 1U) == 0) continue;
            eta += of.eta[j];
            for (std::size_t c = 0; c < p; ++c)
                sum[c] += of.columns[c][j];
        }
        total += std::exp(eta);
        for (std::size_t a = 0; a < p; ++a) {
            out.mean[a] += std::exp(eta) * sum[a];
            for (std::size_t b = 0; b < p; ++b)
                out.covariance[a * p + b] += std::exp(eta) * sum[a] * sum[b];
        }
    }
    for (double& m : out.mean)
        m /= total;
    for (std::size_t a = 0; a < p; ++a)
        for (std::size_t b = 0; b < p; ++b)
            out.covariance[a * p + b] =
                out.covariance[a * p + b] / total - out.mean[a] * out.mean[b];
    out.log_total = std::log(total);
    return out;
}

DrawnMoments drawn(const TiedPeople& of, std::size_t d) {
    const std::size_t p = of.columns.size();
    DrawnMoments out{0, std::vector<double>(p, 0.0), std::vector<double>(p * p, 0.0)};
    std::vector<std::span<const double>> spans(of.columns.begin(), of.columns.end());
    const DrawnSet set = draw_deaths(of.eta, d, spans, out.mean, out.covariance);
    out.log_total = set.log_total;
    double expected = 0;
    for (const double chance : set.probability)
        expected += chance;
    EXPECT_NEAR(expected / static_cast<double>(d), 1, 1e-12);
    return out;
}

TEST(ExactTies, EqualAllSetsWrittenOut) {
    for (const std::size_t n : {1U, 2U, 5U, 11U})
        for (std::size_t d = 1; d <= n; ++d) {
            const TiedPeople of = random_people(n, 3, static_cast<unsigned>(100 * n + d));
            const DrawnMoments a = drawn(of, d), b = enumerated(of, d);
            EXPECT_NEAR(a.log_total, b.log_total, 1e-12) << n << ' ' << d;
            for (std::size_t i = 0; i < 3; ++i)
                EXPECT_NEAR(a.mean[i], b.mean[i], 1e-12) << n << ' ' << d;
            for (std::size_t i = 0; i < 9; ++i) // cancellation of the sums that were written out
                EXPECT_NEAR(a.covariance[i], b.covariance[i], 1e-11) << n << ' ' << d;
        }
}

// There are about 10^290 sets of 400 of 1,000 people.
TEST(ExactTies, ManyDeathsDoNotOverflow) {
    TiedPeople of = random_people(1000, 1, 7);
    const double before = drawn(of, 400).log_total;
    for (double& e : of.eta)
        e += 3;
    const DrawnMoments shifted = drawn(of, 400);
    EXPECT_NEAR(shifted.log_total, before + 1200, 1e-9);
    EXPECT_TRUE(std::isfinite(shifted.covariance[0]));
    of.eta.assign(1000, 0.0); // hypergeometric
    const double choose = std::lgamma(1001) - std::lgamma(401) - std::lgamma(601);
    const DrawnMoments flat = drawn(of, 400);
    EXPECT_NEAR(flat.log_total, choose, 1e-9);
    double mean = 0, squares = 0;
    for (const double x : of.columns[0])
        mean += x / 1000;
    for (const double x : of.columns[0])
        squares += (x - mean) * (x - mean);
    EXPECT_NEAR(flat.mean[0], 400 * mean, 1e-10);
    EXPECT_NEAR(flat.covariance[0], 400.0 * 600 / 1000 / 999 * squares, 1e-9);
}

/// A likelihood of few people with ties, strata and late entry, alone.
struct Small {
    std::vector<double> exit{1, 1, 2, 2, 2, 3, 3, 4, 4, 5, 1, 1, 2, 2},
        event{1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1, 1, 0, 1},
        entry{0, 0, 0, 1, 0, 0.5, 2, 0, 1, 0, 0, 0, 0, 0};
    std::vector<std::uint32_t> stratum{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1};
    TiedPeople people = random_people(14, 2, 3);
    RiskSets sets{{.exit = exit, .event = event, .entry = entry, .stratum = stratum}};
    std::vector<HazardBlock> blocks = hazard_blocks(sets, 4);
    HazardDesign design{sets, blocks, 2};
    Small() {
        for (std::size_t c = 0; c < 2; ++c)
            design.fill(c, people.columns[c]);
    }
    HazardLikelihood breslow{{.sets = sets,
                              .blocks = blocks,
                              .design = design.rows,
                              .leaving = design.leaving,
                              .ties = Ties::breslow}};
};

TEST(ExactTies, DerivativesAreThoseOfTheLikelihood) {
    Small small;
    ExactTies exact(small.breslow, 0, 1, join_alone);
    const std::vector<double> b{0.3, -0.4};
    std::vector<double> score(2), information(4), up(2), down(2), unused(4);
    exact.log_likelihood(b);
    exact.derivatives(score, information);
    for (std::size_t c = 0; c < 2; ++c) {
        const double h = 1e-5;
        std::vector<double> left = b, right = b;
        left[c] -= h, right[c] += h;
        const double low = exact.log_likelihood(left);
        exact.derivatives(down, unused);
        const double high = exact.log_likelihood(right);
        exact.derivatives(up, unused);
        EXPECT_NEAR(score[c], (high - low) / (2 * h), 1e-8);
        for (std::size_t a = 0; a < 2; ++a)
            EXPECT_NEAR(information[a * 2 + c], (down[a] - up[a]) / (2 * h), 1e-8);
    }
}

TEST(ExactTies, AreBreslowsWithoutTies) {
    Small small;
    for (std::size_t i = 0; i < small.exit.size(); ++i)
        small.exit[i] += 0.01 * static_cast<double>(i);
    const RiskSets sets({.exit = small.exit, .event = small.event});
    EXPECT_EQ(exact_ties_cost(sets).steps, 0);
    const RiskSets tied(
        {.exit = std::vector<double>{1, 1, 2, 2, 2}, .event = std::vector<double>{1, 1, 0, 1, 1}});
    EXPECT_EQ(exact_ties_cost(tied).steps, 2 * 5 + 2 * 3);
    EXPECT_EQ(exact_ties_cost(tied).largest, 10);
}

} // namespace
} // namespace salus
