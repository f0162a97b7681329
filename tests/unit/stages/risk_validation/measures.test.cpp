#include "stages/risk_validation/measures.hpp"
#include "support/reference_data.hpp"

#include "support/reference.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace salus::risk_validation {
namespace {

using reference::survival;

double value_of(const std::vector<Measure>& all, const std::string& metric) {
    for (const Measure& m : all)
        if (m.metric == metric) return m.value.estimate;
    ADD_FAILURE() << "no " << metric;
    return 0;
}

TEST(RiskMeasuresOfStage, PbcAgreesWithReference) {
    if (!std::filesystem::exists(survival)) GTEST_SKIP() << "no reference data";
    auto data = reference::read_csv(survival / "pbc.test_predictions.csv");
    const auto r = reference::read_json(survival / "pbc.cox_metrics.json");
    Judged people{.kind = risk_models::Kind::cox, .survival = true, .horizon = 2000};
    people.exit = data["time"], people.outcome = data["death"], people.risk = data["risk2000"];
    people.reference_risk = data["risk2000_small"];
    people.lp = data["lp_full_uncentered"];
    const auto all = measure_all(people, {.categories = {0.2}, .bootstrap_replicates = 200});
    // Of the same predictions: O/E and slope of the reference; R's slope is to 1e-9.
    EXPECT_NEAR(value_of(all, "oe_ratio"), r["O_over_E_2000"]["O_E"].number, 1e-10);
    EXPECT_NEAR(value_of(all, "calibration_slope"), r["cloglog_slope_2000"]["coef"][0].number,
                1e-6);
    EXPECT_NEAR(value_of(all, "concordance_harrell"), r["test_concordance"]["harrell"]["C"].number,
                1e-12);
    for (const auto& row : r["ipcw_test"]["Brier"].items)
        if (row["model"].text == "full" && row["times"].number == 2000) {
            EXPECT_NEAR(value_of(all, "brier"), row["Brier"].number, 1e-10);
            EXPECT_NEAR(value_of(all, "ipa"), row["IPA"].number, 1e-10);
        }
    for (const Measure& m : all) {
        EXPECT_LE(m.value.lower, m.value.estimate) << m.metric;
        EXPECT_GE(m.value.upper, m.value.estimate) << m.metric;
    }
    // The same bits again, and other ones with another seed.
    const MeasureRule rule{.categories = {0.2}, .bootstrap_replicates = 25, .seed = 2};
    const auto again = measure_all(people, rule), other = measure_all(people, rule);
    for (std::size_t i = 0; i < again.size(); ++i)
        EXPECT_EQ(again[i].value.lower, other[i].value.lower);
}

TEST(RiskMeasuresOfStage, BirthwtAgreesWithReference) {
    if (!std::filesystem::exists(survival)) GTEST_SKIP() << "no reference data";
    auto data = reference::read_csv(survival / "birthwt.predictions.csv");
    const auto r = reference::read_json(survival / "birthwt.logistic.json");
    Judged people{.horizon = std::nan("")};
    people.outcome = data["low"], people.risk = data["p_full"];
    people.reference_risk = data["p_small"];
    people.lp = people.risk;
    const auto all = measure_all(people, {.categories = {0.2, 0.4}, .bootstrap_replicates = 0});
    EXPECT_NEAR(value_of(all, "auc"), r["auc_full"]["auc"].number, 1e-12);
    EXPECT_NEAR(value_of(all, "auc_difference"), r["delong_paired"]["diff"].number, 1e-12);
    EXPECT_NEAR(value_of(all, "brier"), r["brier"]["full"].number, 1e-12);
    EXPECT_NEAR(value_of(all, "nagelkerke_r2"), r["nagelkerke"]["full"].number, 1e-8);
    EXPECT_NEAR(value_of(all, "idi"), r["idi"]["idi"].number, 1e-12);
    EXPECT_NEAR(value_of(all, "calibration_slope"), 1, 1e-6); // in its own people
    EXPECT_NEAR(value_of(all, "oe_ratio"), 1, 1e-6);
}

} // namespace
} // namespace salus::risk_validation
