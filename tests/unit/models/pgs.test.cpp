#include "models/pgs.hpp"

#include "base/random.hpp"
#include "models/logistic.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

namespace salus {
namespace {

TEST(PlaceSample, DependsOnTheNameAndTheSeedAlone) {
    std::size_t validation = 0;
    std::set<unsigned> folds, tuning;
    for (int i = 0; i < 4000; ++i) {
        const SamplePlace p = place_sample("sample" + std::to_string(i), {});
        validation += p.validation;
        folds.insert(p.validation_fold);
        tuning.insert(p.tuning_fold);
    }
    EXPECT_NEAR(static_cast<double>(validation), 2000, 150);
    EXPECT_EQ(folds.size(), 10u);
    EXPECT_EQ(tuning.size(), 4u);
    EXPECT_EQ(place_sample("a", {}).validation, place_sample("a", {}).validation);
    int moved = 0;
    for (int i = 0; i < 100; ++i)
        moved += place_sample(std::to_string(i), {.seed = 1}).validation !=
                 place_sample(std::to_string(i), {.seed = 2}).validation;
    EXPECT_GT(moved, 20);
    EXPECT_TRUE(place_sample("a", {.discovery_fraction = 0}).validation);
    EXPECT_FALSE(place_sample("a", {.discovery_fraction = 1}).validation);
}

TEST(ScoreSum, EqualsTheSumInDoubles) {
    constexpr std::size_t samples = 70, variants = 40;
    Rng rng(3, "score", 0);
    std::vector<double> expected(samples, 0.0);
    ScoreSum sum(samples, 2.5, variants), reversed(samples, 2.5, variants);
    struct One {
        std::vector<std::uint8_t> row;
        double weight, frequency;
    };
    std::vector<One> all;
    for (std::size_t v = 0; v < variants; ++v) {
        One one{std::vector<std::uint8_t>(packed_bytes(samples)), 5 * rng.uniform() - 2.5,
                rng.uniform()};
        for (std::size_t i = 0; i < samples; ++i) {
            const auto call = static_cast<std::uint8_t>(rng.below(4));
            packed_set(one.row, i, call);
            expected[i] += one.weight * (call == missing ? 2 * one.frequency : call);
        }
        all.push_back(std::move(one));
    }
    for (const One& o : all)
        sum.add(o.row, o.weight, o.frequency);
    for (std::size_t v = variants; v-- > 0;)
        reversed.add(all[v].row, all[v].weight, all[v].frequency);
    for (std::size_t i = 0; i < samples; ++i) {
        EXPECT_NEAR(sum.score(i), expected[i], 1e-12);
        EXPECT_EQ(sum.score(i), reversed.score(i));
    }
}

/// Simulated data and the slow way to each number.
struct ScoreCohort {
    static constexpr std::size_t n = 300;
    std::vector<std::uint8_t> members = std::vector<std::uint8_t>(n);
    std::vector<std::vector<double>> covariates{std::vector<double>(n), std::vector<double>(n),
                                                std::vector<double>(n, 4.0)};
    std::vector<double> quantitative = std::vector<double>(n), binary = std::vector<double>(n);
    std::vector<std::uint8_t> calls = std::vector<std::uint8_t>(n);
    std::vector<std::uint8_t> row = std::vector<std::uint8_t>(128); // padded to 64 bytes
    std::vector<Carrier> carriers;

    explicit ScoreCohort(std::uint64_t seed) {
        Rng rng(seed, "cohort", 0);
        for (std::size_t i = 0; i < n; ++i) {
            members[i] = rng.bernoulli(0.7);
            covariates[0][i] = 50 + 10 * rng.normal();
            covariates[1][i] = rng.bernoulli(0.5);
            calls[i] = static_cast<std::uint8_t>(
                rng.bernoulli(0.05) ? 3 : rng.bernoulli(0.3) + rng.bernoulli(0.3));
            const double eta =
                0.4 * (calls[i] % 3) + 0.02 * covariates[0][i] + covariates[1][i] - 2;
            quantitative[i] = eta + rng.normal();
            binary[i] = rng.uniform() < 1 / (1 + std::exp(-eta));
            packed_set(row, i, calls[i]);
            if (calls[i] != 0) carriers.push_back(make_carrier(i, calls[i]));
            if (members[i] == 0) quantitative[i] = binary[i] = std::nan("");
        }
    }
    /// Mean-imputed genotypes, outcome and covariates of the members.
    struct Members {
        std::vector<double> g, y;
        std::vector<std::vector<double>> x;
    };
    Members pick(const std::vector<double>& outcome) const {
        Members m{.g = {}, .y = {}, .x = std::vector<std::vector<double>>(2)};
        double sum = 0, called = 0;
        for (std::size_t i = 0; i < n; ++i)
            if (members[i] != 0 && calls[i] != missing) sum += calls[i], called += 1;
        for (std::size_t i = 0; i < n; ++i) {
            if (members[i] == 0) continue;
            m.g.push_back(calls[i] == missing ? sum / called : calls[i]);
            m.y.push_back(outcome[i]);
            for (std::size_t c = 0; c < 2; ++c)
                m.x[c].push_back(covariates[c][i]);
        }
        return m;
    }
};

TEST(DiscoveryModel, QuantitativeEqualsMultipleRegression) {
    for (const std::uint64_t seed : {1u, 2u, 3u}) {
        const ScoreCohort cohort(seed);
        const DiscoveryModel model(OutcomeKind::quantitative, cohort.members, cohort.covariates,
                                   cohort.quantitative);
        ASSERT_TRUE(model.usable());
        const auto m = cohort.pick(cohort.quantitative);
        auto columns = m.x;
        columns.push_back(m.g);
        const RegressionFit fit = fit_regression(OutcomeKind::quantitative, columns, m.y);
        ScanTest dense;
        const std::uint8_t* row = cohort.row.data();
        model.test_rows(std::span(&row, 1), std::span(&dense, 1));
        EXPECT_NEAR(dense.beta, fit.coefficients[2], 1e-7);
        const ScanTest sparse = model.test_carriers(cohort.carriers);
        EXPECT_EQ(sparse.beta, dense.beta);
        EXPECT_EQ(sparse.neg_log10_p, dense.neg_log10_p);
        const double t = fit.coefficients[2] / fit.standard_errors[2];
        const double z_p = -std::log10(std::erfc(std::fabs(t) / std::sqrt(2.0)));
        EXPECT_NEAR(dense.neg_log10_p, z_p,
                    0.03 * z_p + 0.01); // t with about 200 degrees of freedom
    }
}

TEST(DiscoveryModel, BinaryEqualsTheScoreTest) {
    const ScoreCohort cohort(4);
    const DiscoveryModel model(OutcomeKind::binary, cohort.members, cohort.covariates,
                               cohort.binary);
    ASSERT_TRUE(model.usable());
    const auto m = cohort.pick(cohort.binary);
    const RegressionFit null = fit_regression(OutcomeKind::binary, m.x, m.y);
    const auto p = predict(OutcomeKind::binary, null, m.x);
    // g~ by weighted least squares of g on the design, one pass of Gram-Schmidt in doubles.
    std::vector<std::vector<double>> design{std::vector<double>(m.y.size(), 1.0), m.x[0], m.x[1]};
    std::vector<double> g = m.g;
    const auto dot = [&](const std::vector<double>& a, const std::vector<double>& b) {
        double sum = 0;
        for (std::size_t i = 0; i < a.size(); ++i)
            sum += p[i] * (1 - p[i]) * a[i] * b[i];
        return sum;
    };
    for (std::size_t c = 0; c < 3; ++c) {
        for (std::size_t k = 0; k < c; ++k) {
            const double along = dot(design[c], design[k]) / dot(design[k], design[k]);
            for (std::size_t i = 0; i < g.size(); ++i)
                design[c][i] -= along * design[k][i];
        }
        const double along = dot(g, design[c]) / dot(design[c], design[c]);
        for (std::size_t i = 0; i < g.size(); ++i)
            g[i] -= along * design[c][i];
    }
    double score = 0;
    for (std::size_t i = 0; i < g.size(); ++i)
        score += g[i] * (m.y[i] - p[i]);
    const ScoreTest expected = score_test(score, dot(g, g));
    ScanTest test;
    const std::uint8_t* row = cohort.row.data();
    model.test_rows(std::span(&row, 1), std::span(&test, 1));
    EXPECT_NEAR(test.beta, expected.beta, 1e-6);
    EXPECT_NEAR(test.neg_log10_p, expected.neg_log10_p, 1e-6);
}

TEST(DiscoveryModel, DosagesEqualRegressionAndEqualCallsWhereTheyAreCalls) {
    const ScoreCohort cohort(6);
    const DiscoveryModel model(OutcomeKind::quantitative, cohort.members, cohort.covariates,
                               cohort.quantitative);
    std::vector<Dosage> calls, dosages;
    Rng rng(7, "dosages", 0);
    std::vector<double> of_members, called;
    double sum = 0;
    for (std::size_t i = 0; i < ScoreCohort::n; ++i) {
        calls.push_back(dosage_of_call(cohort.calls[i]));
        dosages.push_back(i % 17 == 0 ? dosage_missing : static_cast<Dosage>(rng.below(32769)));
        if (cohort.members[i] == 0) continue;
        of_members.push_back(i % 17 == 0 ? -1 : dosages[i] / 16384.0);
        if (i % 17 != 0) called.push_back(of_members.back());
    }
    for (const double copies : called)
        sum += copies;
    const double mean = sum / static_cast<double>(called.size());
    std::replace(of_members.begin(), of_members.end(), -1.0, mean);
    const auto m = cohort.pick(cohort.quantitative);
    auto columns = m.x;
    columns.push_back(of_members);
    const RegressionFit fit = fit_regression(OutcomeKind::quantitative, columns, m.y);
    const ScanTest test = model.test_dosages(dosages);
    ASSERT_TRUE(test.tested);
    EXPECT_NEAR(test.beta, fit.coefficients[2], 1e-7); // columns have 31 bits
    EXPECT_NEAR(test.alt_frequency, mean / 2, 1e-12);
    ScanTest dense;
    const std::uint8_t* row = cohort.row.data();
    model.test_rows(std::span(&row, 1), std::span(&dense, 1));
    EXPECT_EQ(model.test_dosages(calls).beta, dense.beta);
    EXPECT_EQ(model.test_dosages(calls).neg_log10_p, dense.neg_log10_p);
}

TEST(ScoreSum, DosagesAddTheirCopies) {
    ScoreSum sum(3, 1.5, 2);
    sum.add(std::vector<Dosage>{8192, dosage_missing, 32768}, 1.5, 0.25);
    EXPECT_DOUBLE_EQ(sum.score(0), 0.75);
    EXPECT_DOUBLE_EQ(sum.score(1), 0.75);
    EXPECT_DOUBLE_EQ(sum.score(2), 3.0);
}

TEST(DiscoveryModel, WithoutVariationThereIsNoTest) {
    const ScoreCohort cohort(5);
    const DiscoveryModel model(OutcomeKind::quantitative, cohort.members, cohort.covariates,
                               cohort.quantitative);
    EXPECT_FALSE(model.test_carriers({}).tested);
    const DiscoveryModel nobody(OutcomeKind::quantitative,
                                std::vector<std::uint8_t>(ScoreCohort::n), cohort.covariates,
                                cohort.quantitative);
    EXPECT_FALSE(nobody.usable());
    std::vector<double> one_class(ScoreCohort::n, 1.0);
    EXPECT_FALSE(
        DiscoveryModel(OutcomeKind::binary, cohort.members, cohort.covariates, one_class).usable());
}

} // namespace
} // namespace salus
