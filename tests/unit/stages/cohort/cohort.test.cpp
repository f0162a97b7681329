#include "base/numbers.hpp"
#include "stages/cohort/balance.hpp"
#include "stages/cohort/columns.hpp"
#include "stages/cohort/tables.hpp"

#include "base/random.hpp"
#include "base/text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <unistd.h>

namespace salus {
namespace {

using namespace matching;
using ::testing::HasSubstr;

TEST(ParseCondition, WhatCanBeWritten) {
    const auto holds = [](const char* written, double v) {
        const auto condition = parse_condition(written);
        EXPECT_TRUE(condition) << written;
        return condition && condition->holds(v);
    };
    EXPECT_TRUE(holds("age >= 40", 40));
    EXPECT_FALSE(holds("age > 40", 40));
    EXPECT_TRUE(holds("age<=40", 40));
    EXPECT_FALSE(holds("age < 40", 40));
    EXPECT_TRUE(holds("stroke = 0", 0));
    EXPECT_TRUE(holds("stroke != 1", 0));
    EXPECT_TRUE(holds("ldl known", 3));
    for (const char* written : {"age >= 40", "stroke != 1", "ldl known"})
        EXPECT_FALSE(holds(written, nan)) << "a missing value fulfils no rule";
    for (const char* written : {"age", "age >=", ">= 4", "age = x", "known"})
        EXPECT_FALSE(parse_condition(written)) << written;
    EXPECT_EQ(parse_condition("ldl known")->column, "ldl");
}

TEST(ParseExact, ValuesAndBins) {
    EXPECT_EQ(parse_exact("sex")->bin(2), 2);
    EXPECT_EQ(parse_exact("age / 5")->bin(44.9), parse_exact("age / 5")->bin(40));
    EXPECT_NE(parse_exact("age / 5")->bin(45), parse_exact("age / 5")->bin(44.9));
    EXPECT_FALSE(parse_exact("age / 0"));
    EXPECT_FALSE(parse_exact("age / x"));
}

// R 4.2: x1 <- c(1,2,3,4,10); x0 <- c(2,2,3); w <- c(1,.5,.5)
// (mean(x1) - weighted.mean(x0, w)) / sqrt((var(x1) + var(x0)) / 2)
TEST(StandardisedDifference, AsInR) {
    const std::vector<double> values{1, 2, 3, 4, 10, 2, 2, 3, nan};
    const std::vector<double> cases{1, 1, 1, 1, 1, 0, 0, 0, 1}, controls{0, 0, 0, 0, 0, 1, 1, 1, 0},
        weighted{0, 0, 0, 0, 0, 1, 0.5, 0.5, 0};
    const Moments a = moments_of(values, cases), b = moments_of(values, controls);
    EXPECT_EQ(a.people, 5u);
    EXPECT_NEAR(a.variance, 12.5, 1e-12);
    EXPECT_NEAR(b.variance, 1.0 / 3, 1e-12);
    const double difference = 4 - 2.25;
    EXPECT_NEAR(standardised_difference(a, moments_of(values, weighted), a, b, Standard::pooled),
                difference / std::sqrt((12.5 + 1.0 / 3) / 2), 1e-12);
    EXPECT_NEAR(standardised_difference(a, moments_of(values, weighted), a, b, Standard::cases),
                difference / std::sqrt(12.5), 1e-12);
    const Moments constant = moments_of(std::vector<double>{1, 1}, std::vector<double>{1, 1});
    EXPECT_TRUE(std::isnan(
        standardised_difference(constant, constant, constant, constant, Standard::pooled)));
}

class CohortStage : public ::testing::Test {
protected:
    static constexpr std::size_t people = 400;
    void SetUp() override {
        folder_ =
            std::filesystem::temp_directory_path() / ("salus-cohort-" + std::to_string(::getpid()));
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_);
        H5File file = H5File::create(folder_ / "phenotypes.h5");
        TableData samples(TableSpec{.name = "samples",
                                    .row = "sample",
                                    .doc = "s",
                                    .columns = {{"sample_id", ColumnType::text, "", "id"},
                                                {"sex", ColumnType::u8, "1", "sex"},
                                                {"group", ColumnType::text, "", "group"}}});
        TableData traits(TableSpec{.name = "traits",
                                   .row = "sample",
                                   .doc = "t",
                                   .columns = {{"ill", ColumnType::f64, "1", "ill"}}});
        TableData covariates(TableSpec{.name = "covariates",
                                       .row = "sample",
                                       .doc = "c",
                                       .columns = {{"age", ColumnType::f64, "a", "age"},
                                                   {"smoker", ColumnType::f64, "1", "smoker"}}});
        for (std::size_t i = 0; i < people; ++i) {
            Rng rng(1, "people", i);
            const bool ill = rng.bernoulli(0.15);
            samples.column<std::string>("sample_id").push_back(text("S", i));
            samples.column<std::uint8_t>("sex").push_back(static_cast<std::uint8_t>(rng.below(3)));
            samples.column<std::string>("group").emplace_back(rng.bernoulli(0.5) ? "A" : "B");
            traits.column<double>("ill").push_back(rng.bernoulli(0.05) ? nan : ill ? 1 : 0);
            age_.push_back(40 + 30 * rng.uniform() + (ill ? 8 : 0));
            covariates.column<double>("age").push_back(age_.back());
            covariates.column<double>("smoker").push_back(rng.bernoulli(ill ? 0.5 : 0.3) ? 1 : 0);
        }
        sex_ = samples.column<std::uint8_t>("sex");
        file.write(samples);
        file.write(traits);
        file.write(covariates);
        file.close();
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }
    H5File run(const CohortParams& params, const std::string& name = "a") const {
        RunContext::Setup setup{.comm = {}, .log = Log("cohort", 1)};
        setup.stage = "cohort";
        setup.inputs = {{"phenotypes", {folder_ / "phenotypes.h5"}}};
        setup.outputs = {{"cohort", folder_ / name / "cohort.h5"}};
        setup.work = folder_ / name / "work";
        setup.fingerprint = name;
        RunContext context(std::move(setup));
        run_cohort(params, context);
        return H5File::open(folder_ / name / "cohort.h5");
    }
    static std::size_t number(const std::string& id) { return std::stoul(id.substr(1)); }
    std::filesystem::path folder_;
    std::vector<double> age_;
    std::vector<std::uint8_t> sex_;
};

TEST_F(CohortStage, SetsKeepToTheRules) {
    CohortParams params;
    params.case_trait = "ill";
    params.require = {"age >= 45"};
    params.exact = {"sex"};
    params.nearest = "age";
    params.caliper = 2;
    params.ratio = 2;
    const H5File file = run(params);
    const TableData sets = file.read("matched_sets");
    ASSERT_GT(sets.rows(), 20u);
    std::set<std::string> controls;
    std::map<std::uint32_t, int> size;
    for (std::size_t i = 0; i < sets.rows(); ++i) {
        const auto a = number(sets.column<std::string>("case_id")[i]),
                   b = number(sets.column<std::string>("control_id")[i]);
        EXPECT_EQ(sex_[a], sex_[b]);
        EXPECT_NE(sex_[a], 0);
        EXPECT_GE(std::min(age_[a], age_[b]), 45);
        EXPECT_LE(std::fabs(age_[a] - age_[b]), 2);
        EXPECT_EQ(sets.column<double>("distance")[i], std::fabs(age_[a] - age_[b]));
        EXPECT_TRUE(controls.insert(sets.column<std::string>("control_id")[i]).second);
        EXPECT_LE(++size[sets.column<std::uint32_t>("set")[i]], 2);
    }
    const TableData steps = file.read("attrition");
    EXPECT_EQ(
        steps.column<std::string>("rule"),
        (std::vector<std::string>{"ill known", "age >= 45", "age known", "sex known", "matched"}));
    EXPECT_EQ(steps.column<std::uint64_t>("cases").back(), size.size());
    EXPECT_EQ(steps.column<std::uint64_t>("controls").back(), controls.size());
    double weight = 0;
    const TableData members = file.read("members");
    for (std::size_t i = 0; i < members.rows(); ++i)
        if (members.column<std::uint8_t>("case")[i] == 0)
            weight += members.column<double>("weight")[i];
    EXPECT_NEAR(weight, static_cast<double>(size.size()), 1e-9);
}

TEST_F(CohortStage, MatchingBringsAgesTogether) {
    CohortParams params;
    params.case_trait = "ill";
    params.nearest = "age";
    params.caliper = 1; // some cases are older than all controls
    const TableData table = run(params).read("table_1");
    ASSERT_EQ(table.rows(), 4u);
    EXPECT_EQ(table.column<std::string>("variable")[0], "age");
    EXPECT_GT(table.column<double>("standardised_difference")[0], 0.5);
    EXPECT_LT(std::fabs(table.column<double>("standardised_difference")[1]), 0.05);
    EXPECT_EQ(table.column<std::uint64_t>("cases")[1], table.column<std::uint64_t>("controls")[1]);
}

TEST_F(CohortStage, WithReplacementAControlMayServeTwice) {
    CohortParams params;
    params.case_trait = "ill";
    params.nearest = "age";
    params.require = {"age >= 60"};
    params.ratio = 3;
    params.replacement = true;
    const TableData sets = run(params).read("matched_sets");
    std::set<std::string> controls(sets.column<std::string>("control_id").begin(),
                                   sets.column<std::string>("control_id").end());
    EXPECT_LT(controls.size(), sets.rows());
}

TEST_F(CohortStage, WhatIsWrongIsSaidAtOnce) {
    CohortParams params;
    params.case_trait = "il";
    params.require = {"agee >= 4", "age"};
    params.exact = {"sex / -1"};
    try {
        run(params);
        FAIL() << "no error";
    } catch (const UsageError& e) {
        for (const char* word : {"\"il\"", "did you mean ill", "agee", "\"age\"", "sex / -1"})
            EXPECT_THAT(e.what(), HasSubstr(word));
    }
    CohortParams none;
    none.case_trait = "ill";
    none.require = {"age > 200"};
    EXPECT_THROW(run(none, "b"), DataError);
    none.require = {};
    none.case_trait = "age";
    EXPECT_THROW(run(none, "c"), DataError);
    EXPECT_FALSE(std::filesystem::exists(folder_ / "b/cohort.h5"));
}

} // namespace
} // namespace salus
