#include "stages/gene_tests/set_tester.hpp"

#include "base/random.hpp"
#include "models/tails.hpp"
#include "stages/gene_tests/null_models.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

namespace salus::gene_tests {
namespace {

enum class Times { none, to_event };

/// A trait of people with one covariate, and the variants of sets drawn independently of it.
class Cohort {
public:
    /// \param case_share  0: a quantitative trait; with times, of people with the event.
    Cohort(std::size_t people, double case_share, Times times = Times::none) : people_(people) {
        phenotypes_.covariates.push_back({.name = "x", .values = {}});
        phenotypes_.traits.push_back(
            {.name = "y", .binary = case_share > 0 && times == Times::none, .values = {}});
        association::Trait& trait = phenotypes_.traits[0];
        trait.survival = times == Times::to_event;
        eligible_.samples.assign(people, 1);
        eligible_.sex.assign(people, Sex::female);
        for (std::size_t i = 0; i < people; ++i) {
            Rng random(1, "set_tester.test.people", i);
            const double x = random.normal();
            phenotypes_.covariates[0].values.push_back(x);
            const double logit = std::log(case_share / (1 - case_share)) + 0.3 * x;
            if (trait.survival) {
                const double hazard = -std::log(1 - case_share) * std::exp(0.3 * x);
                const double time = random.exponential() / hazard, end = 0.5 + random.uniform();
                trait.values.push_back(time <= end ? 1 : 0);
                trait.time.push_back(std::min(time, end));
                continue;
            }
            trait.values.push_back(case_share > 0 ? random.bernoulli(1 / (1 + std::exp(-logit)))
                                                  : 0.3 * x + random.normal());
        }
        models_ = std::make_unique<NullModels>(input_, 0, 1);
        trait_ = models_->of("")[0].get();
    }
    const TraitScores& trait() const { return *trait_; }
    std::size_t people() const { return people_; }
    const std::vector<double>& y() const { return phenotypes_.traits[0].values; }
    const std::vector<double>& x() const { return phenotypes_.covariates[0].values; }

    /// Carriers of `variants` variants with about `copies` copies each.
    std::vector<SetColumn> draw(std::uint64_t key, std::size_t variants, double copies) const {
        std::vector<SetColumn> columns(variants);
        for (std::size_t v = 0; v < variants; ++v) {
            Rng random(3, "set_tester.test.variants", key * 1000 + v);
            double mean = copies * (0.5 + random.uniform());
            std::vector<std::uint32_t> chosen;
            while ((mean -= random.exponential()) > 0 || chosen.empty())
                chosen.push_back(static_cast<std::uint32_t>(random.below(people_)));
            std::ranges::sort(chosen);
            chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
            SetColumn& column = columns[v];
            for (const std::uint32_t person : chosen)
                column.copies.add(person, 1);
            column.called = people_;
            column.carriers = chosen;
            column.allele_count = static_cast<double>(chosen.size());
            column.mean = column.allele_count / static_cast<double>(people_);
        }
        return columns;
    }
    GeneRow test(const std::vector<SetColumn>& columns, const GeneRules& rules,
                 std::uint64_t key = 1) const {
        Merger merger(people_);
        SetTester tester(*trait_, columns, rules, merger);
        std::vector<std::size_t> all(columns.size());
        std::iota(all.begin(), all.end(), 0);
        return tester.test(all, key);
    }

private:
    std::size_t people_;
    association::Phenotypes phenotypes_;
    association::Eligible eligible_;
    GeneTestsParams params_;
    NullInput input_{phenotypes_, eligible_, params_, nullptr};
    std::unique_ptr<NullModels> models_;
    const TraitScores* trait_ = nullptr;
};

TEST(SetTester, WithoutVariantsOrCarriersGivesTheReason) {
    const Cohort cohort(200, 0);
    EXPECT_EQ(cohort.test({}, {}).status, GeneStatus::no_variants);
    EXPECT_EQ(cohort.test({SetColumn{.called = 200}}, {}).status, GeneStatus::no_carriers);
    const auto columns = cohort.draw(1, 1, 3);
    EXPECT_EQ(cohort.test(columns, {.allele_count_min = 100}).status, GeneStatus::rare);
    EXPECT_TRUE(std::isnan(cohort.test(columns, {.allele_count_min = 100}).burden));
}

TEST(SetTester, TooManyVariantsHaveTheBurdenTestOnly) {
    const Cohort cohort(300, 0);
    const GeneRow row = cohort.test(cohort.draw(1, 5, 20), {.variants_max = 4});
    EXPECT_EQ(row.status, GeneStatus::too_many_variants);
    EXPECT_FALSE(std::isnan(row.burden));
    EXPECT_TRUE(std::isnan(row.skat) && std::isnan(row.acat_o));
}

TEST(SetTester, AWholeCollapsedSetIsOneVariant) {
    const Cohort cohort(400, 0);
    const GeneRow row = cohort.test(cohort.draw(2, 6, 3), {.collapse_count_max = 100});
    EXPECT_EQ(row.collapsed, 6U);
    EXPECT_DOUBLE_EQ(row.skat, row.skat_o);
    EXPECT_DOUBLE_EQ(row.skat, row.acat_v);
}

TEST(SetTester, CarriersAllOverAreCollinear) {
    const Cohort cohort(50, 0);
    SetColumn everybody{.called = 50, .mean = 1, .allele_count = 50};
    for (std::uint32_t i = 0; i < 50; ++i) {
        everybody.copies.add(i, 1);
        everybody.carriers.push_back(i);
    }
    EXPECT_EQ(cohort.test({everybody}, {}).status, GeneStatus::collinear);
}

TEST(SetTester, SaddlePointIsTheTailOfTheExactDistribution) {
    // Five carriers in 400 people with 5 % cases: P(at least so many cases among them) by counting
    // all 32 outcomes, mid-p, as the approximation is continuous; it is good to about a tenth here.
    const Cohort cohort(400, 0.05);
    SparseColumn carriers;
    for (std::uint32_t i = 0; i < 400 && carriers.size() < 5; ++i)
        if (carriers.size() < 3 ? cohort.y()[i] == 1 : cohort.y()[i] == 0) carriers.add(i, 1);
    const Score score = cohort.trait().score(carriers);
    const double p = std::pow(10.0, -cohort.trait().saddlepoint(carriers, score));
    double exact = 0;
    const double share = static_cast<double>(cohort.trait().trait().n_cases) / 400;
    for (int cases = 3; cases <= 5; ++cases)
        exact += (cases == 3 ? 0.5 : 1) * std::tgamma(6) / std::tgamma(cases + 1) /
                 std::tgamma(6 - cases) * std::pow(share, cases) * std::pow(1 - share, 5 - cases);
    EXPECT_LT(std::fabs(std::log10(p / exact)), 0.4) << p << " " << exact;
    EXPECT_GT(p, 20 * std::pow(10.0, -chi_square_neg_log10_p(score.score * score.score /
                                                             score.variance)));
}

// How many of 2,000 sets under the null hypothesis have p below 0.01: 20 expected, four standard
// errors are 18.
struct Below {
    int burden = 0, skat = 0, skat_o = 0, acat_v = 0, acat_o = 0;
    void expect_calibrated() const {
        for (const int count : {burden, skat, skat_o, acat_v, acat_o})
            EXPECT_NEAR(count, 20, 18);
    }
};
Below count_below(const Cohort& cohort, double copies, double resample_cases_max = 50) {
    Below count;
    for (std::uint64_t s = 0; s < 2000; ++s) {
        const GeneRow row =
            cohort.test(cohort.draw(s, 8, copies),
                        {.collapse_count_max = 10, .resample_cases_max = resample_cases_max}, s);
        count.burden += row.burden > 2 ? 1 : 0;
        count.skat += row.skat > 2 ? 1 : 0;
        count.skat_o += row.skat_o > 2 ? 1 : 0;
        count.acat_v += row.acat_v > 2 ? 1 : 0;
        count.acat_o += row.acat_o > 2 ? 1 : 0;
    }
    return count;
}

TEST(SetTester, QuantitativeTestsAreCalibrated) {
    count_below(Cohort(1000, 0), 15).expect_calibrated();
}

// About 40 cases in 2,000 people, and 2.4 copies among them expected in a set.
TEST(SetTester, WithFewCasesTestsAreCalibratedByResampling) {
    const Cohort cohort(2000, 0.02);
    const Below resampled = count_below(cohort, 15);
    resampled.expect_calibrated();
    EXPECT_GT(count_below(cohort, 15, 0).skat, resampled.skat + 15); // without: 2.5 times as many
}

TEST(SetTester, WithFewEventsTestsAreCalibratedByResampling) {
    const Cohort cohort(2000, 0.02, Times::to_event);
    count_below(cohort, 15).expect_calibrated();
}

TEST(SetTester, OnlyWhatMayBeSignificantIsResampled) {
    const Cohort cohort(2000, 0.02);
    int resampled = 0;
    for (std::uint64_t s = 0; s < 100; ++s) {
        const auto columns = cohort.draw(s, 8, 15);
        const GeneRow without = cohort.test(columns, {.resample_cases_max = 0});
        const GeneRow with = cohort.test(columns, {});
        ASSERT_EQ(without.method, GeneMethod::saddlepoint);
        if (std::max({without.skat, without.skat_o, without.acat_v}) > -std::log10(0.05)) {
            EXPECT_EQ(with.method, GeneMethod::resampled);
            ++resampled;
        } else {
            EXPECT_EQ(with.method, GeneMethod::saddlepoint);
            EXPECT_EQ(with.skat_o, without.skat_o);
        }
        EXPECT_EQ(with.burden, without.burden);
    }
    EXPECT_GT(resampled, 3);
}

TEST(SetTester, RandomNumbersBelongToSetAndSeed) {
    const Cohort cohort(2000, 0.02);
    std::uint64_t s = 0; // a set that is resampled
    while (cohort.test(cohort.draw(s, 8, 15), {}).method != GeneMethod::resampled)
        ++s;
    const auto columns = cohort.draw(s, 8, 15);
    const GeneRow first = cohort.test(columns, {}, 1), again = cohort.test(columns, {}, 1);
    const GeneRow key = cohort.test(columns, {}, 2), seed = cohort.test(columns, {.seed = 2}, 1);
    EXPECT_EQ(first.skat_o, again.skat_o);
    for (const GeneRow& other : {key, seed}) {
        EXPECT_NE(first.skat_o, other.skat_o);
        EXPECT_NEAR(first.skat_o, other.skat_o, 5 * 0.15 * std::sqrt(2) / std::log(10));
    }
}

// People without a call have the mean of the others as copies. They are no carriers: nothing is
// redistributed among them.
TEST(SetTester, MissingGenotypesAreNotRedistributed) {
    const Cohort cohort(2000, 0.02);
    int compared = 0;
    for (std::uint64_t s = 0; s < 60; ++s) {
        auto columns = cohort.draw(s, 8, 15);
        const GeneRow complete = cohort.test(columns, {}, s);
        for (SetColumn& column : columns) {
            SparseColumn copies;
            std::size_t next = 0;
            for (std::uint32_t i = 0; i < 2000; ++i) {
                const bool carries = next < column.copies.size() && column.copies.sample[next] == i;
                if (carries || i % 50 == 7) copies.add(i, carries ? 1 : column.mean);
                next += carries ? 1 : 0;
            }
            column.copies = copies;
        }
        const GeneRow missing = cohort.test(columns, {}, s);
        EXPECT_EQ(missing.carriers, complete.carriers);
        if (complete.method < GeneMethod::exact || missing.method < GeneMethod::exact) continue;
        ++compared;
        EXPECT_NEAR(missing.skat, complete.skat, 0.3);
    }
    EXPECT_GT(compared, 3);
}

// All outcomes of few carriers are gone through: the p of one variant is that of the binomial.
TEST(SetTester, FewCarriersAreGoneThrough) {
    const Cohort cohort(4000, 0.02);
    SetColumn column{.called = 4000, .allele_count = 6};
    for (std::uint32_t i = 0; i < 4000 && column.carriers.size() < 6; ++i) {
        if (cohort.y()[i] != (column.carriers.size() < 2 ? 1 : 0)) continue;
        column.copies.add(i, 1);
        column.carriers.push_back(i);
    }
    const GeneRow row = cohort.test({column}, {});
    EXPECT_EQ(row.method, GeneMethod::exact);
    EXPECT_EQ(row.skat, row.skat_o);
    double mean = 0;
    for (const std::uint32_t i : column.carriers)
        mean += cohort.trait().expected(i) / 6;
    const double two = 15 * mean * mean * std::pow(1 - mean, 4); // 2 of 6; more: with half of this
    const double more = 20 * std::pow(mean, 3);
    EXPECT_NEAR(std::pow(10, -row.skat) / (0.5 * two + more), 1, 0.2);
}

} // namespace
} // namespace salus::gene_tests
