#include "stages/health_quality/rates.hpp"

#include "base/date.hpp"
#include "base/random.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace salus::health_quality {
namespace {

using ::testing::HasSubstr;

constexpr std::int32_t first = 12 * 2010; // January 2010

/// One table, two sites, eight years of months with season and trend.
class Rates : public ::testing::Test {
protected:
    void SetUp() override {
        plan_.tables.push_back({.name = "condition_occurrence", .path = "x.csv"});
        Rng rng(1, "rates", 0);
        for (std::int32_t m = 0; m < 96; ++m)
            for (const std::int64_t site : {1, 2}) {
                const double mean = 400 * std::exp(0.003 * m) * (1 + 0.2 * std::sin(m * M_PI / 6));
                const auto rows = static_cast<std::uint64_t>(mean + std::sqrt(mean) * rng.normal());
                set(site, m, rows);
            }
        counted_.people.first = day_from_civil(2010, 1, 3);
        counted_.people.last = day_from_civil(2017, 12, 31);
    }
    /// Rows of a month, three for each person, of one kind of code.
    void set(std::int64_t site, std::int32_t month, std::uint64_t rows) {
        counted_.people.months[{0, site, first + month}] = {rows, 3 * rows};
        counted_.people.kinds[{0, site, icd10_, first + month}] = rows;
    }
    void move_codes(std::int64_t site, std::int32_t month) {
        auto& kinds = counted_.people.kinds;
        kinds[{0, site, icd9_, first + month}] = kinds[{0, site, icd10_, first + month}];
        kinds.erase({0, site, icd10_, first + month});
    }
    MonthlyCounts judge(const HealthQualityParams& params = {}) {
        findings_.clear();
        return monthly_counts(plan_, params, counted_, findings_);
    }
    Finding at(Check check, const std::string& site) const {
        for (const Finding& finding : findings_)
            if (finding.check == check && finding.site == site) return finding;
        return {.table = "no such finding"};
    }

    Plan plan_;
    Counted counted_;
    std::vector<Finding> findings_;
    std::uint32_t icd9_ = KindNames({}).kind_of(0, form_of("250.00", true)),
                  icd10_ = KindNames({}).kind_of(0, form_of("E11.9", true));
};

TEST_F(Rates, CleanRecordsHaveNoSign) {
    const MonthlyCounts months = judge();
    ASSERT_EQ(findings_.size(), 6u);
    for (const Finding& finding : findings_) {
        EXPECT_EQ(finding.verdict, "PASS") << info_of(finding.check).id << finding.reason;
    }
    EXPECT_EQ(at(Check::rate_outliers, "1").tally.examined, 96u - 37);
    ASSERT_EQ(months.rates.size(), 192u);
    EXPECT_TRUE(std::isnan(months.rates[36].expected));
    EXPECT_NEAR(months.rates[37].expected, 400, 150);
    EXPECT_LT(months.rates[37].low, months.rates[37].expected);
    EXPECT_EQ(months.codes.size(), 192u);
    EXPECT_EQ(months.codes[0].system, "ICD10");
}

TEST_F(Rates, AMonthThatIsMissingAndOneThatIsThereTwice) {
    set(2, 70, 30);
    set(1, 50, 1100);
    const MonthlyCounts months = judge();
    EXPECT_EQ(at(Check::rate_outliers, "2").tally.violated, 1u);
    EXPECT_THAT(at(Check::rate_outliers, "2").reason, HasSubstr("2015-11 x 0.0"));
    EXPECT_EQ(at(Check::rate_outliers, "2").verdict, "WARN");
    EXPECT_EQ(at(Check::rate_outliers, "1").tally.violated, 1u);
    EXPECT_TRUE(months.rates[50].outlier);
    EXPECT_TRUE(months.rates[96 + 70].outlier);
    EXPECT_EQ(at(Check::rate_breaks, "1").verdict, "PASS") << "single months are no break";
    // Rows of few persons: a month of one who has many is not beyond what they bring.
    for (auto& [key, count] : counted_.people.months)
        count.squares = 300 * count.rows;
    judge();
    EXPECT_EQ(at(Check::rate_outliers, "1").tally.violated, 0u);
}

TEST_F(Rates, TheLastMonthIsJudgedOnlyIfItIsWhole) {
    set(1, 95, 20);
    judge();
    EXPECT_EQ(at(Check::rate_outliers, "1").tally.violated, 1u);
    counted_.people.last = day_from_civil(2017, 12, 30);
    judge();
    EXPECT_EQ(at(Check::rate_outliers, "1").tally.violated, 0u);
    EXPECT_EQ(at(Check::rate_outliers, "1").tally.examined, 95u - 37);
}

TEST_F(Rates, BehindABreakTheYearsBeforeItDoNotCount) {
    for (std::int32_t m = 48; m < 96; ++m)
        set(1, m, counted_.people.months.at({0, 1, first + m}).rows / 4);
    judge();
    EXPECT_EQ(at(Check::rate_breaks, "1").tally.violated, 1u);
    EXPECT_THAT(at(Check::rate_breaks, "1").reason, HasSubstr("2014-01"));
    EXPECT_EQ(at(Check::rate_outliers, "1").tally.violated, 0u);
}

TEST_F(Rates, ASiteThatStopsIsABreak) {
    for (std::int32_t m = 60; m < 96; ++m) {
        counted_.people.months.erase({0, 2, first + m});
        counted_.people.kinds.erase({0, 2, icd10_, first + m});
    }
    const MonthlyCounts months = judge();
    EXPECT_EQ(months.rates.size(), 192u);
    EXPECT_THAT(at(Check::rate_breaks, "2").reason, HasSubstr("2015-01"));
    EXPECT_EQ(at(Check::rate_breaks, "1").verdict, "PASS");
}

TEST_F(Rates, OneSiteGoesFromOneCodeSystemToAnother) {
    for (std::int32_t m = 0; m < 69; ++m)
        move_codes(1, m);
    const MonthlyCounts months = judge();
    const Finding changed = at(Check::code_switches, "1");
    EXPECT_EQ(changed.tally.violated, 1u);
    EXPECT_EQ(changed.verdict, "WARN");
    EXPECT_EQ(changed.reason, "2015-10 ICD9 (100%) -> ICD10 (100%)");
    EXPECT_EQ(at(Check::code_switches, "2").verdict, "PASS");
    EXPECT_EQ(at(Check::rate_breaks, "1").verdict, "PASS");
    EXPECT_EQ(at(Check::rate_outliers, "1").verdict, "PASS");
    std::size_t marked = 0;
    for (const MonthlyCode& code : months.codes)
        marked += code.switches ? 1 : 0;
    EXPECT_EQ(marked, 1u) << "the month that ICD-10 starts in";
}

TEST_F(Rates, RareRowsAreNotJudged) {
    for (std::int32_t m = 0; m < 96; ++m) { // once or twice in spring
        set(1, m, m % 12 == 4 ? 2 : 0);
        set(2, m, m % 12 == 4 ? 400 : 0);
    }
    set(1, 70, 12);
    set(2, 70, 4);
    judge();
    EXPECT_EQ(at(Check::rate_outliers, "1").verdict, "NOT_APPLICABLE");
    EXPECT_GT(at(Check::rate_outliers, "2").tally.examined, 0u);
    EXPECT_EQ(at(Check::rate_outliers, "2").tally.violated, 0u) << "4 rows are nothing";
}

TEST_F(Rates, FewMonthsAreNotJudged) {
    for (std::int32_t m = 20; m < 96; ++m)
        for (const std::int64_t site : {1, 2}) {
            counted_.people.months.erase({0, site, first + m});
            counted_.people.kinds.erase({0, site, icd10_, first + m});
        }
    judge();
    EXPECT_EQ(at(Check::rate_breaks, "1").reason, "fewer than 24 months");
    EXPECT_EQ(at(Check::rate_outliers, "1").verdict, "NOT_APPLICABLE");
    EXPECT_EQ(at(Check::code_switches, "1").verdict, "PASS");
}

} // namespace
} // namespace salus::health_quality
