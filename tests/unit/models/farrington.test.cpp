#include "models/farrington.hpp"
#include "support/reference_data.hpp"

#include "base/date.hpp"
#include "base/random.hpp"
#include "base/text.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <vector>

namespace salus {
namespace {

using WeeklyCounts = std::vector<std::uint64_t>;

const std::filesystem::path epi = reference::data / "epi/farrington";

std::vector<std::size_t> years_back(std::size_t at, std::size_t years, std::size_t period) {
    std::vector<std::size_t> references;
    for (std::size_t i = 1; i <= years; ++i)
        references.push_back(at - period * i);
    return references;
}

TEST(ExpectedCount, NothingWithoutHistory) {
    EXPECT_FALSE(expected_count(WeeklyCounts{5}, 0, {}, {}));
    const WeeklyCounts zeros(60, 0);
    EXPECT_FALSE(expected_count(zeros, 50, years_back(50, 4, 12), {})) << "nothing was counted";
    const WeeklyCounts few(14, 3);
    EXPECT_FALSE(expected_count(few, 13, years_back(13, 1, 12), {.left_out = 12, .trend_p_max = 1}))
        << "one value, a parameter";
}

TEST(ExpectedCount, AConstantIsExpected) {
    const WeeklyCounts counts(60, 40);
    const auto expected = expected_count(counts, 55, years_back(55, 4, 12), {.both_sides = true});
    ASSERT_TRUE(expected);
    EXPECT_NEAR(expected->mean, 40, 1e-9);
    EXPECT_EQ(expected->dispersion, 1);
    EXPECT_NEAR(excess_z(*expected, 40), 0, 1e-9);
    EXPECT_NEAR(count_at_z(*expected, excess_z(*expected, 63)), 63, 1e-9);
    EXPECT_EQ(count_at_z(*expected, -100), 0);
}

TEST(ExpectedCount, MonthsWithAnOutbreakInThePast) {
    // Mean: R 4.2.2, surveillance 1.20.3: farringtonFlexible(sts(y, frequency = 12), list(range =
    // length(y), b = 3, w = 1, noPeriods = 4, pastWeeksNotIncluded = 3, weightsThreshold = 2.58,
    // pThresholdTrend = 1, limit54 = c(0, 4))). Its error: predict(glm(y ~ t + f, quasipoisson,
    // weights = w), se.fit = TRUE, type = "response") with the same t, f and weights.
    const WeeklyCounts counts{12, 15, 20, 18, 25, 30, 28, 22, 19, 14, 11, 9,  14, 13, 22, 21, 27,
                              31, 26, 25, 17, 16, 12, 10, 15, 18, 19, 24, 26, 90, 31, 24, 22, 15,
                              13, 12, 16, 17, 25, 22, 29, 35, 33, 27, 21, 18, 14, 13, 15, 20, 24};
    const auto expected = expected_count(counts, 50, years_back(50, 3, 12), {});
    ASSERT_TRUE(expected);
    EXPECT_NEAR(expected->mean, 23.0731186093, 1e-6);
    EXPECT_EQ(expected->dispersion, 1);
    EXPECT_NEAR(std::sqrt(expected->variance), 2.338359, 1e-5);
    EXPECT_NEAR(count_at_z(*expected, 2.3263478740408408), 36.557970, 1e-4); // 1%
}

TEST(ExpectedCount, ALeastDispersionWidensAll) {
    const ExpectedCount narrow{.mean = 100, .dispersion = 2, .variance = 3};
    const ExpectedCount wide = with_dispersion(narrow, 8);
    EXPECT_EQ(wide.dispersion, 8);
    EXPECT_EQ(wide.variance, 12);
    EXPECT_NEAR(excess_z(wide, 150), excess_z(narrow, 150) / 2, 1e-12);
    EXPECT_EQ(with_dispersion(narrow, 1).dispersion, 2);
}

TEST(ExpectedCount, BothSidesPassOverADropInThePast) {
    WeeklyCounts counts(61, 100);
    counts[36] = 5; // in a reference window
    const auto upper = expected_count(counts, 60, years_back(60, 4, 12), {}),
               both = expected_count(counts, 60, years_back(60, 4, 12), {.both_sides = true});
    ASSERT_TRUE(upper && both);
    EXPECT_LT(upper->mean, 98);
    EXPECT_NEAR(both->mean, 100, 1);
    EXPECT_EQ(both->dispersion, 1);
    EXPECT_GT(upper->dispersion, 2);
}

// Negative binomial by a gamma mean.
std::uint64_t noisy(Rng& rng, double mean, int shape) {
    double gamma = 0;
    for (int i = 0; i < shape; ++i)
        gamma += rng.exponential();
    std::uint64_t count = 0;
    for (double sum = rng.exponential(); sum < mean * gamma / shape; sum += rng.exponential())
        ++count;
    return count;
}

TEST(ExpectedCount, QuietOnNoiseSeasonAndTrendAndLoudOnAHole) {
    int judged = 0, alarms = 0, missed = 0;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        Rng rng(seed, "months", 0);
        WeeklyCounts counts;
        for (int m = 0; m < 120; ++m)
            counts.push_back(
                noisy(rng, 80 * std::exp(0.004 * m) * (1 + 0.3 * std::sin(m * M_PI / 6)), 100));
        for (std::size_t at = 61; at < 120; ++at) {
            const auto e = expected_count(counts, at, years_back(at, 5, 12), {.both_sides = true});
            ASSERT_TRUE(e);
            ++judged;
            alarms += std::fabs(excess_z(*e, static_cast<double>(counts[at]))) >= 5 ? 1 : 0;
            missed += excess_z(*e, 5) > -5 ? 1 : 0;
        }
    }
    EXPECT_EQ(judged, 3540);
    EXPECT_LE(alarms, 2);
    EXPECT_LE(missed, 10);
}

/// Counts and days (epochs that are no dates: 0) of a series.
struct Weeks {
    WeeklyCounts counts;
    std::vector<Day> day;
};

using CsvRow = std::map<std::string, std::string>;

std::vector<CsvRow> read_rows(const std::string& name) {
    std::ifstream in(epi / name);
    std::string line;
    std::getline(in, line);
    const std::string header = line;
    const auto columns = split(header, ',');
    std::vector<CsvRow> rows;
    while (std::getline(in, line)) {
        const auto fields = split(line, ',');
        CsvRow& row = rows.emplace_back();
        for (std::size_t i = 0; i < std::min(columns.size(), fields.size()); ++i)
            row[std::string(columns[i])] = fields[i];
    }
    return rows;
}

Weeks read_weeks(const std::string& series) {
    Weeks weeks;
    for (CsvRow& row : read_rows(series + "_series.csv")) {
        weeks.counts.push_back(std::stoull(row["count"]));
        weeks.day.push_back(parse_date(row["epoch"]).value_or(0));
    }
    return weeks;
}

/// 52 weeks back, or with dates the week of the same weekday that is nearest to the day years ago.
std::vector<std::size_t> weeks_back(const Weeks& weeks, std::size_t at, std::size_t years) {
    if (weeks.day[at] == 0) return years_back(at, years, 52);
    const std::string today = format_date(weeks.day[at]);
    std::vector<std::size_t> references;
    for (std::size_t i = 1; i <= years; ++i) {
        const int year = year_of(weeks.day[at]) - static_cast<int>(i);
        const Day then =
            day_from_civil(year, std::stoi(today.substr(5, 2)), std::stoi(today.substr(8, 2)));
        std::size_t best = 0;
        for (std::size_t w = 0; w < at; ++w)
            if (std::abs(weeks.day[w] - then) < std::abs(weeks.day[best] - then)) best = w;
        references.push_back(best);
    }
    return references;
}

/// Against farringtonFlexible of R surveillance 1.20.3 (delta method, one-sided 5%). It puts the
/// weights of the second fit in the place of the working weights of the model, so that its variance
/// of the mean is scaled by the relative residuals: p-values and bounds differ by that.
void compare(const std::string& series, const std::string& tag, const FarringtonRule& rule) {
    if (!std::filesystem::exists(epi)) GTEST_SKIP() << "no shared data";
    const Weeks weeks = read_weeks(series);
    int compared = 0, bounds = 0, other_trend = 0, other_alarms = 0;
    for (CsvRow& row : read_rows(series + "_" + tag + "_expected.csv")) {
        const auto number = [&](const std::string& column) { return std::stod(row[column]); };
        const auto at = static_cast<std::size_t>(number("t")) - 1;
        const auto e = expected_count(weeks.counts, at, weeks_back(weeks, at, 4), rule);
        ASSERT_TRUE(e) << at;
        if (row["expected"].empty()) continue; // fewer than 5 cases in 4 weeks: it says nothing
        if (e->trend != (row["trend_used"] == "1")) {
            ++other_trend;
            continue;
        }
        ++compared;
        EXPECT_NEAR(e->mean, number("expected"), 1e-6 * number("expected")) << at;
        EXPECT_NEAR(e->dispersion, number("phi"), 1e-6 * number("phi")) << at;
        const double z = excess_z(*e, number("observed"));
        EXPECT_NEAR(0.5 * std::erfc(z / std::sqrt(2.0)), number("pvalue"), 0.05) << at;
        if (row["upperbound"].empty()) continue;
        const double bound = count_at_z(*e, 1.6448536269514722);
        EXPECT_NEAR(bound, number("upperbound"), 0.15 * number("upperbound")) << at;
        other_alarms += (number("observed") > bound) != (row["alarm"] == "1") ? 1 : 0;
        ++bounds;
    }
    EXPECT_GT(bounds, 50);
    EXPECT_GE(compared, 60);
    EXPECT_LE(other_alarms, 3);
    // Its test of the trend is off by the same.
    EXPECT_LE(other_trend, rule.trend_p_max < 1 ? 25 : 0);
}

constexpr FarringtonRule original_rule{.half_window = 3,
                                       .blocks = 1,
                                       .left_out = 3,
                                       .trend_years = 3,
                                       .trend_p_max = 0.05,
                                       .weight_threshold = 1};

TEST(ExpectedCount, WeeksOfSalmonellaAgona) {
    compare("salmonella_agona", "orig_delta23", original_rule);
}
TEST(ExpectedCount, WeeksOfSalmonellaNewport) {
    compare("salmNewport_DE", "orig_delta23", original_rule);
}
TEST(ExpectedCount, WeeksWithTenSeasons) {
    compare("salmonella_agona", "flex10_delta",
            {.half_window = 3, .blocks = 10, .left_out = 26, .trend_p_max = 1});
}

} // namespace
} // namespace salus
