#include "kernels/logistic_sums.hpp"

#include "base/random.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace salus {
namespace {

struct Example {
    Example(std::size_t samples, std::size_t count)
        : values(count), outcome(padded_samples(samples)) {
        for (std::size_t c = 0; c < count; ++c) {
            Rng rng(4, "design", c);
            values[c].resize(padded_samples(samples));
            for (std::size_t i = 0; i < samples; ++i)
                values[c][i] = c == 0 ? 1 : rng.normal();
            columns.push_back(values[c].data());
        }
        Rng rng(4, "outcome", 0);
        for (std::size_t i = 0; i < samples; ++i)
            outcome[i] = rng.bernoulli(0.4) ? 1 : 0;
        design = {.columns = columns, .samples = samples};
    }
    std::vector<std::vector<double>> values;
    std::vector<const double*> columns;
    std::vector<double> outcome;
    DesignColumns design;
};

struct Sums {
    std::vector<double> eta, residual, weight, gram, score, leverage;
    double likelihood = 0;
    friend bool operator==(const Sums&, const Sums&) = default;
};

Sums compute(const Example& example, std::span<const double> coefficients,
             std::span<const double> factor, Isa isa) {
    const std::size_t padded = example.design.padded(), count = example.design.count();
    Sums s{.eta = std::vector<double>(padded),
           .residual = std::vector<double>(padded),
           .weight = std::vector<double>(padded),
           .gram = std::vector<double>(count * count),
           .score = std::vector<double>(count),
           .leverage = std::vector<double>(padded)};
    linear_predictor(example.design, coefficients, s.eta, isa);
    s.likelihood =
        logistic_terms(s.eta, example.outcome, example.design.samples, s.residual, s.weight, isa);
    weighted_gram(example.design, s.weight, s.gram, isa);
    column_products(example.design, s.residual, s.score, isa);
    leverages(example.design, s.weight, factor, s.leverage, isa);
    return s;
}

TEST(LogisticSums, AgreeWithPlainLoopsAndAreTheSameBitsOnEveryInstructionSet) {
    const std::vector<double> coefficients{0.3, -1.5, 20}, factor{1, 0, 0, 0.5, 2, 0, -1, 0.25, 3};
    for (const std::size_t samples : {1U, 7U, 8U, 9U, 255U, 256U, 257U, 520U, 1000U, 1029U}) {
        const Example example(samples, 3);
        const Sums s = compute(example, coefficients, factor, Isa::reference);
        for (const Isa isa : {Isa::avx2, Isa::avx512_vnni}) {
            if (!is_supported(isa)) continue;
            EXPECT_EQ(compute(example, coefficients, factor, isa), s);
        }
        double likelihood = 0;
        std::vector<double> gram(9), score(3);
        for (std::size_t i = 0; i < samples; ++i) {
            double eta = 0;
            for (std::size_t c = 0; c < 3; ++c)
                eta += coefficients[c] * example.values[c][i];
            const double mu = 1 / (1 + std::exp(-eta)), weight = mu / (1 + std::exp(eta));
            likelihood += example.outcome[i] * eta - std::max(eta, 0.0) -
                          std::log1p(std::exp(-std::fabs(eta)));
            EXPECT_NEAR(s.residual[i], example.outcome[i] - mu, 1e-15);
            EXPECT_NEAR(s.weight[i], weight, 1e-14 * weight + 1e-300);
            double norm = 0;
            for (std::size_t a = 0; a < 3; ++a) {
                score[a] += example.values[a][i] * (example.outcome[i] - mu);
                double part = 0;
                for (std::size_t b = 0; b < 3; ++b) {
                    gram[a * 3 + b] += weight * example.values[a][i] * example.values[b][i];
                    part += factor[a * 3 + b] * example.values[b][i];
                }
                norm += part * part;
            }
            EXPECT_NEAR(s.leverage[i], weight * norm, 1e-13 * weight * norm + 1e-300);
        }
        EXPECT_NEAR(s.likelihood, likelihood, 1e-12 * std::fabs(likelihood) + 1e-14);
        for (std::size_t k = 0; k < 9; ++k)
            EXPECT_NEAR(s.gram[k], gram[k], 1e-12 * (1 + std::fabs(gram[k])));
        for (std::size_t k = 0; k < 3; ++k)
            EXPECT_NEAR(s.score[k], score[k], 1e-11);
    }
}

TEST(LogisticSums, SlopesAgreeWithPlainLoopsAndAreTheSameBitsOnEveryInstructionSet) {
    const auto values = [](const SlopeSums& s) {
        return std::vector{s.log_likelihood, s.score, s.information, s.third, s.fourth};
    };
    for (const std::size_t samples : {0U, 1U, 7U, 8U, 9U, 511U, 512U, 513U, 1029U}) {
        const Example example(samples, 3);
        const auto& offset = example.values[1];
        const SlopeColumns columns{.offset = offset,
                                   .slope = example.values[2],
                                   .outcome = example.outcome,
                                   .samples = samples};
        for (const double b : {0.0, 0.7, -30.0}) {
            const auto sums = values(slope_sums(columns, b, Isa::reference));
            for (const Isa isa : {Isa::avx2, Isa::avx512_vnni}) {
                if (!is_supported(isa)) continue;
                EXPECT_EQ(values(slope_sums(columns, b, isa)), sums);
            }
            std::vector<double> plain(5);
            for (std::size_t i = 0; i < samples; ++i) {
                const double x = example.values[2][i], eta = offset[i] + b * x;
                const double mu = 1 / (1 + std::exp(-eta)), w = mu / (1 + std::exp(eta));
                plain[0] += example.outcome[i] * eta - std::max(eta, 0.0) -
                            std::log1p(std::exp(-std::fabs(eta)));
                plain[1] += x * (example.outcome[i] - mu);
                plain[2] += x * x * w;
                plain[3] += x * x * x * w * (1 - 2 * mu);
                plain[4] += x * x * x * x * w * (1 - 6 * w);
            }
            for (std::size_t k = 0; k < 5; ++k)
                EXPECT_NEAR(sums[k], plain[k], 1e-11 * (1 + std::fabs(plain[k]))) << k;
        }
    }
}

TEST(LogisticSums, ExtremePredictorsStayFinite) {
    const std::vector<double> eta{-1e6, -750, -40, 0, 40, 750, 1e6, 1e-300}, outcome(8, 1.0);
    std::vector<double> residual(8), weight(8);
    const double likelihood = logistic_terms(eta, outcome, 8, residual, weight);
    EXPECT_NEAR(likelihood, -700 - 700 - 40 - 2 * std::log(2), 1e-9);
    for (std::size_t i = 0; i < 8; ++i) {
        EXPECT_TRUE(std::isfinite(residual[i]));
        EXPECT_GE(weight[i], 0);
    }
}

} // namespace
} // namespace salus
