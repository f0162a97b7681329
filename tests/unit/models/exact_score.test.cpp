#include "models/exact_score.hpp"

#include "base/random.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

namespace salus {
namespace {

struct Carriers {
    std::vector<std::uint32_t> steps;
    std::vector<double> fitted, probability, design;
    std::vector<CarrierFamily> families;
    std::size_t columns = 0;

    ExactScoreProblem problem(std::uint64_t observed) const {
        return {.steps = steps,
                .fitted = fitted,
                .probability = probability,
                .families = families,
                .design = design,
                .columns = columns,
                .observed = observed};
    }
    void add(std::uint32_t copies, double p) {
        steps.push_back(copies);
        fitted.push_back(p);
        probability.push_back(p);
        families.push_back({.end = steps.size(), .correlation = 0});
    }
    /// p over all outcomes one by one, with the weight exp(-d'A^-1 d / 2) of the others.
    double enumerated(std::uint64_t observed) const {
        const std::size_t n = steps.size();
        std::vector<double> a(columns * columns);
        for (std::size_t c = 0; c < columns; ++c)
            a[c * columns + c] = 1;
        double expected = 0;
        for (std::size_t i = 0; i < n; ++i) {
            expected += steps[i] * fitted[i];
            for (std::size_t b = 0; b < columns; ++b)
                for (std::size_t c = 0; c < columns; ++c)
                    a[b * columns + c] -= fitted[i] * (1 - fitted[i]) * design[i * columns + b] *
                                          design[i * columns + c];
        }
        double all = 0, beyond = 0;
        const double distance = std::fabs(static_cast<double>(observed) - expected);
        for (std::uint64_t cases = 0; cases < std::uint64_t{1} << n; ++cases) {
            double mass = 1, t = 0;
            std::vector<double> d(columns);
            for (std::size_t i = 0; i < n; ++i) {
                const double y = static_cast<double>(cases >> i & 1);
                mass *= y == 1 ? probability[i] : 1 - probability[i];
                t += y * steps[i];
                for (std::size_t c = 0; c < columns; ++c)
                    d[c] += design[i * columns + c] * (y - fitted[i]);
            }
            mass *= std::exp(-0.5 * quadratic(a, d));
            all += mass;
            if (std::fabs(t - expected) > distance - 1e-9) beyond += mass;
        }
        return beyond / all;
    }
    /// d'A^-1 d by elimination.
    static double quadratic(std::vector<double> a, std::vector<double> d) {
        const std::size_t c = d.size();
        const std::vector<double> right = d;
        for (std::size_t k = 0; k < c; ++k)
            for (std::size_t i = 0; i < c; ++i) {
                if (i == k) continue;
                const double f = a[i * c + k] / a[k * c + k];
                for (std::size_t j = 0; j < c; ++j)
                    a[i * c + j] -= f * a[k * c + j];
                d[i] -= f * d[k];
            }
        double sum = 0;
        for (std::size_t k = 0; k < c; ++k)
            sum += right[k] * d[k] / a[k * c + k];
        return sum;
    }
};

double p_of_lattice(const Carriers& carriers, std::uint64_t observed) {
    const ExactScoreTest test = ExactScore().test(carriers.problem(observed));
    EXPECT_TRUE(test.usable);
    return std::pow(10.0, -test.neg_log10_p);
}

TEST(ExactScore, IndependentOutcomesAreAllCounted) {
    Carriers carriers;
    Rng rng(5, "exact_score", 0);
    for (std::size_t i = 0; i < 11; ++i)
        carriers.add(i % 4 == 0 ? 2 : 1, 0.02 + 0.3 * rng.uniform());
    for (const std::uint64_t observed : {0U, 1U, 3U, 7U, 14U}) {
        const double expected = carriers.enumerated(observed);
        EXPECT_NEAR(p_of_lattice(carriers, observed), expected, 1e-12 * expected) << observed;
    }
}

TEST(ExactScore, MidPCountsHalfOfEquality) {
    Carriers carriers;
    carriers.add(1, 0.1);
    carriers.add(1, 0.1);
    const ExactScoreTest test = ExactScore().test(carriers.problem(2));
    EXPECT_NEAR(std::pow(10.0, -test.neg_log10_p), 0.01, 1e-14);
    EXPECT_NEAR(std::pow(10.0, -test.neg_log10_mid_p), 0.005, 1e-14);
}

// With an intercept alone: Fisher's exact test, 8 carriers of one copy among `people`.
TEST(ExactScore, InterceptAloneIsFishersExactTest) {
    struct Study {
        double cases, people;
    };
    for (const auto& [cases, people] : {Study{100, 2000}, {40, 20000}, {2500, 5000}}) {
        const double mu = cases / people;
        Carriers carriers;
        carriers.columns = 1;
        for (int i = 0; i < 8; ++i) {
            carriers.add(1, mu);
            carriers.probability.back() = (cases + 0.5) / (people + 1); // Firth's
            carriers.design.push_back(1 / std::sqrt(people * mu * (1 - mu)));
        }
        const auto choose = [](double n, double k) {
            return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1);
        };
        for (int observed = 0; observed <= 5; ++observed) {
            double p = 0; // R: dhyper(k, cases, people - cases, 8)
            for (int k = 0; k <= 8; ++k)
                if (std::fabs(k - 8 * mu) >= std::fabs(observed - 8 * mu) - 1e-9)
                    p += std::exp(choose(cases, k) + choose(people - cases, 8 - k) -
                                  choose(people, 8));
            const double found = p_of_lattice(carriers, static_cast<std::uint64_t>(observed));
            EXPECT_NEAR(found, p, 0.02 * p) << cases << " of " << people << ", " << observed;
        }
    }
}

TEST(ExactScore, ConditioningAgreesWithAllOutcomesOneByOne) {
    for (std::uint64_t seed = 0; seed < 6; ++seed) {
        Carriers carriers;
        carriers.columns = 4;
        Rng rng(5, "exact_score", 1 + seed);
        for (std::size_t i = 0; i < 12; ++i) {
            const double p = 0.01 + 0.15 * rng.uniform();
            carriers.add(i % 5 == 0 ? 2 : 1, p);
            // 80 cases: an intercept and three covariates of variance 1.
            for (int c = 0; c < 4; ++c)
                carriers.design.push_back((c == 0 ? 1 : rng.normal()) / std::sqrt(80.0));
        }
        for (const std::uint64_t observed : {0U, 3U, 5U, 7U}) {
            const double expected = carriers.enumerated(observed);
            EXPECT_NEAR(p_of_lattice(carriers, observed), expected, 0.01 * expected)
                << seed << ", " << observed;
        }
    }
}

TEST(ExactScore, RelativesShareTheirLiability) {
    Carriers carriers;
    carriers.add(1, 0.5);
    carriers.add(1, 0.5);
    carriers.families = {{.end = 2, .correlation = 0.3}};
    // Both or none: twice the orthant probability of a bivariate normal.
    const double both = 0.25 + std::asin(0.3) / (2 * std::numbers::pi);
    EXPECT_NEAR(p_of_lattice(carriers, 2), 2 * both, 1e-8);
    carriers.families = {{.end = 2, .correlation = 0}};
    EXPECT_NEAR(p_of_lattice(carriers, 2), 0.5, 1e-12);
}

TEST(ExactScore, NobodyIsNoTest) {
    EXPECT_FALSE(ExactScore().test({}).usable);
    Carriers everybody; // all the information in the intercept
    everybody.columns = 1;
    for (int i = 0; i < 4; ++i) {
        everybody.add(1, 0.5);
        everybody.design.push_back(1);
    }
    EXPECT_FALSE(ExactScore().test(everybody.problem(4)).usable);
}

} // namespace
} // namespace salus
