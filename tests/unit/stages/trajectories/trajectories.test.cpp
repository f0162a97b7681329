#include "base/file.hpp"
#include "base/numbers.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "models/life_simulation.hpp"
#include "parallel/parallel_for.hpp"
#include "stages/trajectories/people.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <unistd.h>

namespace salus {
namespace {

using namespace trajectories;

TEST(ParseChange, WhatCanBeWritten) {
    const auto of = [](const char* written, double before) {
        return parse_change(written)->of(before);
    };
    EXPECT_EQ(of("smoker = 0", 1), 0);
    EXPECT_DOUBLE_EQ(of("ldl - 38.7", 138.7), 100);
    EXPECT_EQ(of("ldl + 10", 5), 15);
    EXPECT_DOUBLE_EQ(of("bmi * 0.9", 30), 27);
    EXPECT_EQ(parse_change("bmi * 0.9")->column, "bmi");
    for (const char* written : {"smoker=0", "smoker", " = 0", "bmi * x", "bmi * inf", "bmi / 2"})
        EXPECT_FALSE(parse_change(written)) << written;
}

/// 16,000 people whose lives come from the model: two conditions, a normal and a binary covariate.
class TrajectoriesStage : public ::testing::Test {
protected:
    static constexpr std::size_t people = 16000;
    static const Intensities& truth() {
        // Bands: below 50, 50 to 60, above.
        static const Intensities made{
            .sizes = {.conditions = 2, .bands = 3, .covariates = 2},
            .band_rate = {0.01, 0.02, 0.04, 0.008, 0.02, 0.03, 0.004, 0.01, 0.03},
            .condition_factor = {1, 1, 2, 1, 1.5, 2.5},
            .effects = {0.4, 0, 0, 0.7, 0.1, 0.3}};
        return made;
    }

    void SetUp() override {
        folder_ = std::filesystem::temp_directory_path() /
                  ("salus-trajectories-" + std::to_string(::getpid()));
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_);
        const auto spec = [](const char* name, std::vector<std::string> columns) {
            TableSpec made{.name = name, .row = "sample", .doc = "d", .columns = {}};
            for (const std::string& column : columns)
                made.columns.push_back({column, ColumnType::f64, "1", "d"});
            return made;
        };
        TableData samples({.name = "samples",
                           .row = "sample",
                           .doc = "d",
                           .columns = {{"sample_id", ColumnType::text, "", "d"},
                                       {"group", ColumnType::text, "", "d"}}});
        TableData lives(spec("lives", {"birth", "observed_from", "observed_to", "death"})),
            dates(spec("case_dates", {"gout", "stroke"})),
            follow(spec("follow_up_start", {"gout", "stroke"})),
            traits(spec("traits", {"gout", "stroke", "x"})), covariates(spec("covariates", {"s"}));
        for (std::size_t i = 0; i < people; ++i)
            add_person(i, samples, lives, dates, follow, traits, covariates);
        H5File file = H5File::create(folder_ / "phenotypes.h5");
        for (const TableData* table : {&samples, &lives, &dates, &follow, &traits, &covariates})
            file.write(*table);
        file.close();
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    static void add_person(std::size_t i, TableData& samples, TableData& lives, TableData& dates,
                           TableData& follow, TableData& traits, TableData& covariates) {
        Rng rng(4, "test.people", i);
        const double x = rng.normal(), s = rng.bernoulli(0.4) ? 1 : 0;
        const double age = 40 + 30 * rng.uniform(), years = 2 + 10 * rng.uniform();
        std::vector<double> thresholds{rng.exponential(), rng.exponential(), rng.exponential()},
            factors(3), happens(3);
        const std::vector<double> values{x, s}, edges{50, 60};
        person_factors(truth(), values, factors);
        const bool had = rng.bernoulli(0.1);
        simulate_life(truth(), edges, factors, {age, had ? 1u : 0u}, years, thresholds, happens);
        const double entry = 5000, birth = entry - age * 365.25;
        const auto day = [&](double at) { return at <= years ? entry + at * 365.25 : nan; };
        samples.column<std::string>("sample_id").push_back(text("p", i));
        samples.column<std::string>("group").emplace_back("A");
        lives.column<double>("birth").push_back(birth);
        lives.column<double>("observed_from").push_back(entry);
        lives.column<double>("observed_to").push_back(entry + std::min(years, happens[2]) * 365.25);
        lives.column<double>("death").push_back(day(happens[2]));
        dates.column<double>("gout").push_back(had ? entry - 100 : day(happens[0]));
        dates.column<double>("stroke").push_back(day(happens[1]));
        for (const char* name : {"gout", "stroke"})
            follow.column<double>(name).push_back(entry);
        traits.column<double>("gout").push_back(i % 100 == 3 ? nan : 0);
        traits.column<double>("stroke").push_back(0);
        traits.column<double>("x").push_back(i % 50 == 7 ? nan : x);
        covariates.column<double>("s").push_back(s);
    }

    H5File run(const TrajectoriesParams& params, const std::string& name = "a") const {
        RunContext context({.comm = {},
                            .log = Log("test", 0, LogLevel::error),
                            .stage = "trajectories",
                            .seed = 11,
                            .inputs = {{"phenotypes", {folder_ / "phenotypes.h5"}}},
                            .outputs = {{"trajectories", folder_ / (name + ".h5")}},
                            .work = folder_ / (name + "-work"),
                            .fingerprint = "f",
                            .provenance = {{"program", "salus"}}});
        run_trajectories(params, context);
        return H5File::open(folder_ / (name + ".h5"));
    }
    static TrajectoriesParams params() {
        TrajectoriesParams p;
        p.conditions = {"gout", "stroke"};
        p.covariates = {"x", "s"};
        p.age_bands = {50, 60};
        p.washout_years = 0;
        p.held_out = 0.4;
        p.checked_years = {1, 3, 6};
        p.what_if = {"s = 0"};
        p.draws = 30;
        p.lives = 10;
        return p;
    }
    std::filesystem::path folder_;
};

// Six effects of covariates and four of conditions, 4 standard errors each; nine log rates.
TEST_F(TrajectoriesStage, RecoversTheIntensitiesThatMadeTheLives) {
    const H5File file = run(params());
    const TableData effects = file.read("effects");
    const std::map<std::pair<std::string, std::string>, double> expected{
        {{"gout", "x"}, 0.4},
        {{"gout", "s"}, 0},
        {{"gout", "stroke"}, 0},
        {{"stroke", "x"}, 0},
        {{"stroke", "s"}, 0.7},
        {{"stroke", "gout"}, std::log(2.0)},
        {{"death", "x"}, 0.1},
        {{"death", "s"}, 0.3},
        {{"death", "gout"}, std::log(1.5)},
        {{"death", "stroke"}, std::log(2.5)}};
    ASSERT_EQ(effects.rows(), expected.size());
    for (std::size_t r = 0; r < effects.rows(); ++r) {
        const auto& event = effects.column<std::string>("event")[r];
        const auto& term = effects.column<std::string>("term")[r];
        EXPECT_NEAR(effects.column<double>("estimate")[r], expected.at({event, term}),
                    4 * effects.column<double>("standard_error")[r])
            << event << " of " << term;
    }
    const TableData rates = file.read("rates");
    // At the means of the covariates: about 0 and 0.4.
    for (std::size_t r = 0; r < rates.rows(); ++r) {
        const std::size_t k = r / 3;
        const double rate =
            1000 * truth().band_rate[r] * std::exp(0.4 * truth().effects[2 * k + 1]);
        EXPECT_LT(rates.column<double>("lower")[r], rate * 1.12) << r;
        EXPECT_GT(rates.column<double>("upper")[r], rate / 1.12) << r;
    }
}

// z of 9 incidences and 6 prevalences is standard normal, correlated between years: mean square
// below 2.5, and none above 4.
TEST_F(TrajectoriesStage, SimulatedLivesAgreeWithHeldOutOnes) {
    const H5File file = run(params());
    const TableData check = file.read("validation");
    ASSERT_EQ(check.rows(), 15u);
    double square = 0;
    for (std::size_t r = 0; r < check.rows(); ++r) {
        const double z = check.column<double>("z")[r];
        EXPECT_LT(std::fabs(z), 4) << r;
        square += z * z / static_cast<double>(check.rows());
        EXPECT_GT(check.column<double>("observed")[r], 0);
    }
    EXPECT_LT(square, 2.5);
}

TEST_F(TrajectoriesStage, TellsRisksChangesAndWhoIsLeftOut) {
    const H5File file = run(params());
    const TableData parts = file.read("people");
    std::map<std::string, std::uint64_t> count;
    for (std::size_t r = 0; r < parts.rows(); ++r)
        count[parts.column<std::string>("part")[r]] = parts.column<std::uint64_t>("people")[r];
    EXPECT_EQ(count["undefined_condition"], people / 100);
    EXPECT_EQ(count["missing_covariate"], people / 50);
    EXPECT_EQ(count["no_record"] + count["short_observation"], 0u);
    const double used = static_cast<double>(count["fitted"] + count["held_out"]);
    EXPECT_NEAR(static_cast<double>(count["held_out"]) / used, 0.4, 5 * 0.49 / std::sqrt(used));
    const TableData change = file.read("what_if");
    ASSERT_EQ(change.rows(), 3u);
    // Of stroke: everybody with s gets the rate of those without.
    EXPECT_LT(change.column<double>("difference")[1], -0.01);
    EXPECT_LT(change.column<double>("upper")[1], 0);
    const TableData risks = file.read("risks"), changed = file.read("what_if_risks");
    for (std::size_t i = 0; i < risks.rows(); ++i) {
        const double before = risks.column<double>("stroke")[i],
                     after = changed.column<double>("stroke_what_if_1")[i];
        ASSERT_EQ(std::isnan(before), std::isnan(after));
        ASSERT_FALSE(after > before + 0.02); // rarer death and gout leave a little more time
    }
}

TEST_F(TrajectoriesStage, IsTheSameForAnyNumberOfThreads) {
    auto few = params();
    few.draws = 3;
    few.lives = 2;
    const auto bytes = [&](int threads, const std::string& name) {
        set_threads(threads);
        run(few, name);
        return read_text_file(folder_ / (name + ".h5"));
    };
    EXPECT_TRUE(bytes(1, "one") == bytes(3, "three"));
    set_threads(1);
}

} // namespace
} // namespace salus
