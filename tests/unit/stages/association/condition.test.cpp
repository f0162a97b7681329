#include "stages/association/condition.hpp"

#include "base/error.hpp"
#include "unit/stages/association/cohort.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace salus {
namespace {

class AssociationCondition : public test::AssociationCohort {
protected:
    /// Copies of variant `v` as a covariate, missing ones at the mean of the samples with `trait`.
    test::TestColumn column_of(std::size_t v, const std::string& trait) const {
        test::TestColumn made{"variant" + std::to_string(v), "", std::vector<double>(samples)};
        double sum = 0, count = 0;
        for (int round = 0; round < 2; ++round) {
            for (std::size_t i = 0; i < samples; ++i) {
                const auto call = packed_get(parts_[0].rows[v], i);
                made.values[i] = call == missing ? sum / count : call;
                if (round > 0 || call == missing) continue;
                if (std::isnan(column(trait).values[i] + column("age").values[i])) continue;
                sum += call;
                ++count;
            }
        }
        return made;
    }
    std::filesystem::path run_listed(AssociationParams params, const std::string& lines) {
        std::ofstream(folder_ / "list.txt") << lines;
        RunContext context({.comm = {},
                            .log = Log("test", 0, LogLevel::error),
                            .stage = "association",
                            .inputs = {{"genotypes", {folder_ / "store"}},
                                       {"phenotypes", {write_phenotypes()}},
                                       {"condition_list", {folder_ / "list.txt"}}},
                            .outputs = {{"association", folder_ / "listed.h5"}},
                            .work = folder_ / "listed-work",
                            .fingerprint = "f",
                            .provenance = {}});
        run_association(params, context);
        return folder_ / "listed.h5";
    }
};

TEST_F(AssociationCondition, IsACovariateWithTheMeanWhereItIsMissing) {
    // Variant 2 lacks 30 % of its calls; by ID and by place.
    AssociationParams params{
        .traits = {"height"}, .covariates = {"age", "sex_male"}, .minor_allele_count_min = 5};
    params.condition_on = {"1_2", "chr1:3000300:A:C"};
    const TableData given = H5File::open(run(params)).read("traits/height");
    const TableData listed = H5File::open(run_listed({.traits = {"height"},
                                                      .covariates = {"age", "sex_male"},
                                                      .minor_allele_count_min = 5,
                                                      .condition_on = {"1_2"}},
                                                     "1:3000300:A:C\tand what else\n\n"))
                                 .read("traits/height");
    covariates_.push_back(column_of(2, "height"));
    covariates_.push_back(column_of(3, "height"));
    const TableData by_hand =
        H5File::open(run({.traits = {"height"},
                          .covariates = {"age", "sex_male", "variant2", "variant3"},
                          .minor_allele_count_min = 5},
                         "by_hand"))
            .read("traits/height");
    std::size_t tested = 0;
    for (std::size_t v = 0; v < 230; ++v) { // on Y the mean is that of males
        const auto of = [&](const TableData& t, const char* name) {
            return t.column<double>(name)[v];
        };
        ASSERT_EQ(given.column<std::uint8_t>("status")[v],
                  by_hand.column<std::uint8_t>("status")[v]);
        ASSERT_EQ(listed.column<std::uint8_t>("status")[v],
                  by_hand.column<std::uint8_t>("status")[v]);
        if (by_hand.column<std::uint8_t>("status")[v] != 0) continue;
        ++tested;
        for (const char* name : {"beta", "standard_error", "neg_log10_p"}) {
            const double expected = of(by_hand, name);
            EXPECT_NEAR(of(given, name), expected, 1e-9 * (1 + std::fabs(expected))) << v;
            EXPECT_EQ(of(given, name), of(listed, name)) << v;
        }
    }
    EXPECT_GT(tested, 100u);
    EXPECT_EQ(given.column<std::uint8_t>("status")[2], 5);
    EXPECT_EQ(given.column<std::uint8_t>("status")[3], 5);
    EXPECT_EQ(given.column<std::uint32_t>("n"), by_hand.column<std::uint32_t>("n"));
}

TEST_F(AssociationCondition, WrongNamesAreToldAllAtOnce) {
    AssociationParams params{.traits = {"height"}, .covariates = {"age"}};
    params.condition_on = {"1_1999", "chr1:3000300:A:G", "1_3", "1_3"};
    try {
        run(params);
        FAIL();
    } catch (const UsageError& error) {
        ASSERT_EQ(error.problems().size(), 3u);
        EXPECT_EQ(error.problems()[0].help.find("did you mean \"1_1"), 0u);
        EXPECT_NE(error.problems()[1].help.find("1:3000300:A:C"), std::string::npos);
        EXPECT_NE(error.problems()[2].what.find("twice"), std::string::npos);
    }
    params.condition_on = {"1_3"};
    covariates_.push_back({"1_3", "", std::vector<double>(samples, 1.0)});
    params.covariates = {"age", "1_3"};
    EXPECT_THROW(run(params), UsageError);
    EXPECT_THROW(run_listed({.traits = {"height"}, .covariates = {"age"}}, "\n"), DataError);
}

TEST_F(AssociationCondition, CopiesOfAVariantAreCollinear) {
    Variant copy = parts_[0].variants[3];
    copy.id = "copy";
    copy.alt = "G";
    const auto row = parts_[0].rows[3];
    parts_[0].variants.insert(parts_[0].variants.begin() + 4, copy);
    parts_[0].rows.insert(parts_[0].rows.begin() + 4, row);
    std::filesystem::remove_all(folder_ / "store");
    write_small_store(folder_ / "store", store_, parts_);
    AssociationParams params{.traits = {"height"}, .covariates = {"age"}};
    params.condition_on = {"1_3", "copy"};
    EXPECT_THROW(run(params), DataError);
}

} // namespace
} // namespace salus
