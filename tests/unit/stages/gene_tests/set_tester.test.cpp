#include "stages/gene_tests/set_tester.hpp"

#include "base/random.hpp"
#include "models/skat.hpp"
#include "models/tails.hpp"
#include "stages/gene_tests/null_models.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

namespace salus::gene_tests {
namespace {

/// A trait of people with one covariate, and the variants of sets drawn independently of it.
class Cohort {
public:
    Cohort(std::size_t people, double case_share) : people_(people) {
        phenotypes_.covariates.push_back({.name = "x", .values = {}});
        phenotypes_.traits.push_back({.name = "y", .binary = case_share > 0, .values = {}});
        eligible_.samples.assign(people, 1);
        eligible_.sex.assign(people, Sex::female);
        for (std::size_t i = 0; i < people; ++i) {
            Rng random(1, "set_tester.test.people", i);
            const double x = random.normal();
            phenotypes_.covariates[0].values.push_back(x);
            const double logit = std::log(case_share / (1 - case_share)) + 0.3 * x;
            phenotypes_.traits[0].values.push_back(
                case_share > 0 ? random.bernoulli(1 / (1 + std::exp(-logit)))
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
            chosen.erase(std::ranges::unique(chosen).begin(), chosen.end());
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
    GeneRow test(const std::vector<SetColumn>& columns, const GeneRules& rules) const {
        Merger merger(people_);
        SetTester tester(*trait_, columns, rules, merger);
        std::vector<std::size_t> all(columns.size());
        std::iota(all.begin(), all.end(), 0);
        return tester.test(all);
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

// How many of `sets` sets under the null hypothesis have p below 0.01.
struct Below {
    int burden = 0, skat = 0, skat_o = 0, acat_o = 0;
    int plain_skat_o = 0; // from scores and covariance as they are, without saddle point
};
Below count_below(const Cohort& cohort, int sets, double copies) {
    Below count;
    for (int s = 0; s < sets; ++s) {
        const auto columns = cohort.draw(static_cast<std::uint64_t>(s), 8, copies);
        const GeneRow row = cohort.test(columns, {.collapse_count_max = 10});
        count.burden += row.burden > 2 ? 1 : 0;
        count.skat += row.skat > 2 ? 1 : 0;
        count.skat_o += row.skat_o > 2 ? 1 : 0;
        count.acat_o += row.acat_o > 2 ? 1 : 0;
        const GeneRules rules;
        Merger merger(cohort.people());
        SetTester tester(cohort.trait(), columns, rules, merger);
        std::vector<double> scores;
        for (std::size_t v = 0; v < columns.size(); ++v)
            scores.push_back(tester.score(v).score);
        const SetTests plain = test_set(scores, tester.covariance_of_all(), SetTestKind::skat_o);
        count.plain_skat_o += plain.skat_o > 2 ? 1 : 0;
    }
    return count;
}

TEST(SetTester, QuantitativeTestsAreCalibrated) {
    // 2,000 sets: 20 expected, four standard errors are 18
    const Below count = count_below(Cohort(1000, 0), 2000, 15);
    EXPECT_NEAR(count.burden, 20, 18);
    EXPECT_NEAR(count.skat, 20, 18);
    EXPECT_NEAR(count.skat_o, 20, 18);
    EXPECT_NEAR(count.acat_o, 20, 18);
}

// About 40 cases in 2,000 people, and 2.4 copies among them expected in a set: 20 of 2,000 sets are
// expected. The burden keeps that. Tests of single variants are too discrete here for a variance to
// mend: they stay inflated (49, 43 and 38 when this was written), though less than without the
// saddle point (70). The limit of 60 is that of a known weakness, told in docs/methods.md, and not
// of calibration.
TEST(SetTester, WithFewCasesTheBurdenIsCalibratedAndTheOthersAreInflatedLess) {
    const Below count = count_below(Cohort(2000, 0.02), 2000, 15);
    EXPECT_LE(count.burden, 38);
    EXPECT_LE(count.skat, 60);
    EXPECT_LE(count.skat_o, 60);
    EXPECT_LE(count.acat_o, 60);
    EXPECT_LT(count.skat_o, count.plain_skat_o);
}

} // namespace
} // namespace salus::gene_tests
