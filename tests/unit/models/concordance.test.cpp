#include "models/concordance.hpp"
#include "base/numbers.hpp"
#include "support/reference_data.hpp"

#include "support/reference.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

namespace salus {
namespace {

using Csv = std::map<std::string, std::vector<double>>;
using reference::survival;

Csv rows_where(const Csv& all, const std::string& column, const std::function<bool(double)>& keep) {
    Csv out;
    for (std::size_t i = 0; i < all.at(column).size(); ++i)
        if (keep(all.at(column)[i]))
            for (const auto& [name, values] : all)
                out[name].push_back(values[i]);
    return out;
}

void expect_concordance(const Concordance& got, const reference::Json& r) {
    EXPECT_NEAR(got.estimate, r["C"].number, 1e-12);
    EXPECT_NEAR(got.standard_error, r["se"].number, 1e-10);
    const auto& counts = r["counts"];
    EXPECT_NEAR(got.pairs,
                counts["concordant"].number + counts["discordant"].number + counts["tied.x"].number,
                1e-9 * got.pairs);
}

// Coefficients of R's fit: the risks whose concordance it gives.
std::vector<double> predictor(const Csv& data, const reference::Json& fit) {
    std::vector<double> out(data.begin()->second.size(), 0.0);
    for (std::size_t c = 0; c < fit["names"].items.size(); ++c)
        for (std::size_t i = 0; i < out.size(); ++i)
            out[i] += fit["coef"][c].number * data.at(fit["names"][c].text)[i];
    return out;
}

TEST(Concordance, AgreesWithR) {
    SKIP_WITHOUT_REFERENCE;
    struct Case {
        const char *stem, *time, *event, *key;
    };
    for (const Case& c : {Case{"veteran", "time", "status", "concordance_efron_fit"},
                          Case{"gbsg", "rfstime", "status", "concordance"},
                          Case{"flchain", "futime", "death", "concordance"}}) {
        const Csv data = rows_where(reference::read_csv(survival / (std::string(c.stem) + ".csv")),
                                    c.time, [](double t) { return t > 0; }); // as in the reference
        const auto r = reference::read_json(survival / (std::string(c.stem) + ".cox.json"));
        const auto risk = predictor(data, r["efron"]);
        const auto &exit = data.at(c.time), &event = data.at(c.event);
        expect_concordance(concordance(exit, event, risk, infinity), r[c.key]["harrell_n"]);
        const CensoringCurve curve(exit, event, CensoringTies::events_first);
        expect_concordance(concordance(exit, event, risk, infinity, &curve),
                           r[c.key]["uno_n_over_G2"]);
    }
}

TEST(Concordance, BruteForce) {
    // All pairs, with ties in everything.
    std::vector<double> exit, event, risk;
    for (std::size_t i = 0; i < 90; ++i) {
        exit.push_back(static_cast<double>((i * 7) % 12 + 1));
        event.push_back((i * 5) % 13 < 7 ? 1 : 0);
        risk.push_back(static_cast<double>((i * 11) % 9));
    }
    for (const double until : {infinity, 8.0}) {
        double agree = 0, pairs = 0;
        for (std::size_t i = 0; i < 90; ++i)
            for (std::size_t j = 0; j < 90; ++j) {
                if (event[i] != 1 || exit[i] >= until) continue;
                if (!(exit[j] > exit[i] || (exit[j] == exit[i] && event[j] == 0))) continue;
                pairs += 1;
                agree += risk[i] > risk[j] ? 1 : risk[i] == risk[j] ? 0.5 : 0;
            }
        const auto c = concordance(exit, event, risk, until);
        EXPECT_DOUBLE_EQ(c.pairs, pairs);
        EXPECT_DOUBLE_EQ(c.estimate, agree / pairs);
    }
    const std::vector<double> nobody(90, 0.0);
    EXPECT_TRUE(std::isnan(concordance(exit, nobody, risk, infinity).estimate));
    EXPECT_TRUE(std::isnan(concordance({}, {}, {}, infinity).estimate));
}

void expect_row(const WeightedMeasure& got, const reference::Json& rows, const char* value,
                const std::string& model, double time) {
    for (const auto& row : rows.items) {
        if (row["model"].text != model || row["times"].number != time) continue;
        EXPECT_NEAR(got.estimate, row[value].number, 1e-10) << value << model << time;
        EXPECT_NEAR(got.standard_error, row["se"].number, 1e-10) << value << model << time;
        return;
    }
    FAIL() << "no row for " << model << " " << time;
}

TEST(WeightedMeasures, PbcAgreesWithRiskRegression) {
    SKIP_WITHOUT_REFERENCE;
    const Csv data = reference::read_csv(survival / "pbc.test_predictions.csv");
    const auto r = reference::read_json(survival / "pbc.cox_metrics.json");
    const auto &exit = data.at("time"), &status = data.at("death");
    const CensoringCurve curve(exit, status, CensoringTies::events_first);
    for (const double t : {1000.0, 2000.0, 3000.0}) {
        const auto outcome = weigh_outcome(exit, status, curve, t);
        const auto& risk = data.at("risk" + std::to_string(static_cast<int>(t)));
        const auto auc = weighted_auc(outcome, exit, status, risk, curve);
        expect_row(auc, r["ipcw_test"]["AUC"], "AUC", "full", t);
        const auto brier = weighted_brier(outcome, exit, status, risk, curve);
        expect_row(brier, r["ipcw_test"]["Brier"], "Brier", "full", t);
        if (t != 2000) continue;
        const auto& small = data.at("risk2000_small");
        const auto other = weighted_auc(outcome, exit, status, small, curve);
        expect_row(other, r["ipcw_test"]["AUC"], "AUC", "small", t);
        for (const auto& row : r["ipcw_test"]["AUC_contrast"].items)
            if (row["times"].number == t) {
                EXPECT_NEAR(other.estimate - auc.estimate, row["delta.AUC"].number, 1e-10);
                EXPECT_NEAR(difference_error(other, auc), row["se"].number, 1e-10);
            }
        const auto other_brier = weighted_brier(outcome, exit, status, small, curve);
        for (const auto& row : r["ipcw_test"]["Brier_contrast"].items)
            if (row["times"].number == t && row["reference"].text == "full") {
                EXPECT_NEAR(difference_error(other_brier, brier), row["se"].number, 1e-10);
            }
    }
}

TEST(WeightedMeasures, CompetingRisksAgreeWithRiskRegression) {
    SKIP_WITHOUT_REFERENCE;
    const Csv data = reference::read_csv(survival / "mgus2.test_predictions.csv");
    const auto r = reference::read_json(survival / "mgus2.competing.json")["score_cr_test"];
    const auto &exit = data.at("etime"), &status = data.at("ev");
    const CensoringCurve curve(exit, status, CensoringTies::events_first);
    for (const int t : {60, 120, 240}) {
        const auto outcome = weigh_outcome(exit, status, curve, t);
        for (const auto& [model, column] : {std::pair{"CSC", "csc"}, std::pair{"FG", "fg"}}) {
            const auto& risk = data.at(column + std::to_string(t));
            expect_row(weighted_auc(outcome, exit, status, risk, curve), r["AUC"], "AUC", model, t);
            expect_row(weighted_brier(outcome, exit, status, risk, curve), r["Brier"], "Brier",
                       model, t);
        }
    }
}

TEST(WeightedMeasures, UnoUntil3000) {
    SKIP_WITHOUT_REFERENCE;
    const Csv data = reference::read_csv(survival / "pbc.test_predictions.csv");
    const auto r = reference::read_json(survival / "pbc.cox_metrics.json")["test_concordance"];
    const auto &exit = data.at("time"), &event = data.at("death");
    const auto& risk = data.at("lp_full_uncentered");
    const CensoringCurve curve(exit, event, CensoringTies::events_first);
    expect_concordance(concordance(exit, event, risk, infinity), r["harrell"]);
    expect_concordance(concordance(exit, event, risk, infinity, &curve), r["uno"]);
    expect_concordance(concordance(exit, event, risk, 3000, &curve), r["uno_tau3000"]);
}

TEST(IncidenceCurve, KaplanMeierAgreesWithR) {
    SKIP_WITHOUT_REFERENCE;
    const Csv data = reference::read_csv(survival / "veteran.csv");
    const Csv r = reference::read_csv(survival / "veteran.km_all.csv");
    const auto curve = incidence_curve({data.at("time"), data.at("status")}, 1);
    ASSERT_EQ(curve.time.size(), r.at("time").size());
    for (std::size_t k = 0; k < curve.time.size(); ++k) {
        EXPECT_EQ(curve.at_risk[k], r.at("n_risk")[k]);
        EXPECT_EQ(curve.events[k], r.at("n_event")[k]);
        EXPECT_NEAR(curve.event_free[k], r.at("surv")[k], 1e-12);
        if (r.at("surv")[k] > 0) {
            EXPECT_NEAR(curve.event_free_error[k], r.at("se_surv")[k], 1e-12);
        }
        EXPECT_NEAR(curve.incidence[0][k], 1 - r.at("surv")[k], 1e-12);
    }
}

TEST(IncidenceCurve, AalenJohansenAgreesWithR) {
    SKIP_WITHOUT_REFERENCE;
    const Csv all = reference::read_csv(survival / "mgus2.csv");
    const Csv r = reference::read_csv(survival / "mgus2.aalen_johansen_sex.csv");
    std::size_t row = 0;
    for (const double sex : {0.0, 1.0}) {
        const Csv data = rows_where(all, "male", [&](double v) { return v == sex; });
        const auto curve = incidence_curve({data.at("etime"), data.at("ev")}, 2);
        for (std::size_t k = 0; k < curve.time.size(); ++k, ++row) {
            ASSERT_EQ(curve.time[k], r.at("time")[row]);
            EXPECT_NEAR(curve.event_free[k], r.at("P_event_free")[row], 1e-10);
            EXPECT_NEAR(curve.incidence[0][k], r.at("CIF_pcm")[row], 1e-10);
            EXPECT_NEAR(curve.incidence[1][k], r.at("CIF_death")[row], 1e-10);
            EXPECT_NEAR(curve.event_free_error[k], r.at("se_free")[row], 1e-10);
            EXPECT_NEAR(curve.incidence_error[0][k], r.at("se_pcm")[row], 1e-10);
            EXPECT_NEAR(curve.incidence_error[1][k], r.at("se_death")[row], 1e-10);
        }
    }
    EXPECT_EQ(row, r.at("time").size());
}

TEST(IncidenceCurve, LateEntryCountsFromThere) {
    // By hand: at 2 only the first two are there, at 5 the last two.
    const std::vector<double> exit{2, 3, 5, 6}, status{1, 0, 1, 0}, entry{0, 0, 2, 3};
    const auto curve = incidence_curve({exit, status, entry}, 1);
    EXPECT_EQ(curve.at_risk, (std::vector<double>{2, 2, 2, 1}));
    EXPECT_EQ(curve.event_free, (std::vector<double>{0.5, 0.5, 0.25, 0.25}));
    EXPECT_EQ(curve.at(0, 1).estimate, 1);
    EXPECT_EQ(curve.at(1, 5.5).estimate, 0.75);
}

TEST(SameTimes, NearlyEqualTimesAreOne) {
    const std::vector<double> times{3, 1, 1 + 1e-9, 2};
    EXPECT_EQ(same_times(times), (std::vector<double>{3, 1, 1, 2}));
}

} // namespace
} // namespace salus
