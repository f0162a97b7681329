#include "models/risk_measures.hpp"
#include "support/reference_data.hpp"

#include "models/discrimination.hpp"
#include "models/model_terms.hpp"
#include "support/reference.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace salus {
namespace {

using Csv = std::map<std::string, std::vector<double>>;
using reference::survival;

TEST(RiskMeasures, BirthwtAgreesWithR) {
    SKIP_WITHOUT_REFERENCE;
    const Csv data = reference::read_csv(survival / "birthwt.predictions.csv");
    const auto r = reference::read_json(survival / "birthwt.logistic.json");
    const auto &low = data.at("low"), &full = data.at("p_full"), &small = data.at("p_small");
    const auto d = delong(std::vector{full, small}, low);
    EXPECT_NEAR(d.auc[0], r["auc_full"]["auc"].number, 1e-12);
    EXPECT_NEAR(d.variance(0), r["auc_full"]["delong_var"].number, 1e-12);
    EXPECT_NEAR(d.covariance[1], r["delong_paired"]["cov"].number, 1e-12);
    const std::vector<double> cuts{0.2, 0.4};
    const auto moved = reclassify(small, full, low, cuts);
    EXPECT_NEAR(moved.idi, r["idi"]["idi"].number, 1e-12);
    EXPECT_NEAR(moved.idi_error, r["idi"]["se.idi"].number, 1e-10);
    EXPECT_NEAR(moved.nri, r["cfNRI"]["nri"].number, 1e-12);
    EXPECT_NEAR(moved.nri_error, r["cfNRI"]["se.nri"].number, 1e-10);
    EXPECT_NEAR(moved.nri_cases, r["cfNRI"]["nri.ev"].number, 1e-12);
    EXPECT_NEAR(moved.category_cases, r["catNRI_cut_.2_.4"]["event"].number, 1e-12);
    EXPECT_NEAR(moved.category_controls, r["catNRI_cut_.2_.4"]["nonevent"].number, 1e-12);
    std::vector<double> controls;
    for (const double v : low)
        controls.push_back(1 - v);
    const auto& curve = r["decision_curve"];
    const auto benefit = net_benefit(full, low, controls, curve["threshold"].numbers());
    for (std::size_t k = 0; k < benefit.size(); ++k) {
        EXPECT_NEAR(benefit[k].model.estimate, curve["nb_full"][k].number, 1e-12);
        EXPECT_NEAR(benefit[k].all.estimate, curve["nb_all"][k].number, 1e-12);
    }
    EXPECT_NEAR(nagelkerke_r2(r["model_full"]["loglik"].number,
                              -r["model_full"]["null_deviance"].number / 2, 189),
                r["nagelkerke"]["full"].number, 1e-10);
}

TEST(RiskMeasures, LiabilityScaleAgreesWithReference) {
    SKIP_WITHOUT_REFERENCE;
    const auto r = reference::read_json(survival / "aSAH.roc.json")["liability_r2_s100b"];
    EXPECT_NEAR(liability_r2(r["R2_observed"].number, r["K"].number, r["P"].number),
                r["R2_liability"].number, 1e-12);
}

TEST(RiskMeasures, AveragePrecisionByHand) {
    // sklearn.metrics.average_precision_score([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    EXPECT_NEAR(
        average_precision(std::vector{0.1, 0.4, 0.35, 0.8}, std::vector{0.0, 0.0, 1.0, 1.0}),
        0.8333333333333333, 1e-15);
    // All tied: the proportion of cases.
    EXPECT_DOUBLE_EQ(
        average_precision(std::vector{1.0, 1.0, 1.0, 1.0}, std::vector{0.0, 1.0, 0.0, 0.0}), 0.25);
    EXPECT_TRUE(std::isnan(average_precision(std::vector{1.0}, std::vector{0.0})));
}

TEST(RiskMeasures, PerfectCalibrationIsFound) {
    // Outcomes that are exactly as frequent as predicted, in fractions of people.
    std::vector<double> risk, cases, controls;
    for (std::size_t i = 0; i < 400; ++i) {
        const double p = 0.02 + 0.9 * static_cast<double>(i) / 400;
        risk.push_back(p), cases.push_back(p), controls.push_back(0);
        risk.push_back(p), cases.push_back(0), controls.push_back(1 - p);
    }
    const auto curve = calibration_curve(risk, cases, controls);
    ASSERT_TRUE(curve.converged);
    EXPECT_NEAR(curve.ici, 0, 1e-9);
    EXPECT_NEAR(curve.e90, 0, 1e-9);
    for (std::size_t k = 0; k < curve.predicted.size(); ++k)
        EXPECT_NEAR(curve.observed[k], curve.predicted[k], 1e-9);
    // Twice the odds everywhere.
    for (double& c : cases)
        c *= 2;
    EXPECT_GT(calibration_curve(risk, cases, controls).ici, 0.05);
}

TEST(ModelTerms, FormulaBecomesColumns) {
    std::string why;
    const auto formula = parse_formula(
        "age + spline(bmi, 20, 25, 30, 35) + factor(site, 2) + pgs:sex + log(x)*y", why);
    ASSERT_TRUE(formula) << why;
    EXPECT_EQ(formula->columns(),
              (std::vector<std::string>{"age", "bmi", "site", "pgs", "sex", "x", "y"}));
    const auto values = [](const std::string& name) {
        return name == "site" ? std::vector<double>{1, 2, 3, 2}
                              : std::vector<double>{22, 27, 33, 40};
    };
    const auto terms = expand(*formula, values, why);
    std::vector<std::string> names;
    for (const auto& term : terms) {
        names.push_back(term.text());
        const auto again = parse_term(term.text(), why);
        ASSERT_TRUE(again) << why;
        EXPECT_EQ(again->text(), term.text());
    }
    EXPECT_EQ(names,
              (std::vector<std::string>{"age", "bmi", "basis(bmi, 2, 20, 25, 30, 35)",
                                        "basis(bmi, 3, 20, 25, 30, 35)", "is(site, 1)",
                                        "is(site, 3)", "pgs:sex", "log(x)", "y", "log(x):y"}));
    // R: Hmisc::rcspline.eval(c(22,27,33,40), knots = c(20,25,30,35), inclx = TRUE)
    const auto second = evaluate(terms[2], values);
    EXPECT_NEAR(second[0], 8.0 / 225, 1e-14);
    EXPECT_NEAR(second[1], 343.0 / 225, 1e-13);
    // Linear behind the last knot: equal steps.
    const TermFactor& f = terms[3].factors[0];
    EXPECT_NEAR(f.value(40) - f.value(38), f.value(38) - f.value(36), 1e-12);
    EXPECT_EQ(f.value(24), 0);
    EXPECT_TRUE(std::isnan(terms[7].factors[0].value(-1)));
}

TEST(ModelTerms, KnotsAreQuantiles) {
    std::vector<double> values;
    for (int i = 0; i <= 100; ++i)
        values.push_back((i * 37) % 101);
    EXPECT_EQ(quantile_of(values, 0.35), 35);
    EXPECT_NEAR(quantile_of(values, 0.025), 2.5, 1e-12);
    std::string why;
    const auto terms = expand(
        *parse_formula("spline(x, 4)", why), [&](const std::string&) { return values; }, why);
    EXPECT_EQ(terms[1].text(), "basis(x, 2, 5, 35, 65, 95)");
    // Too few different values for three knots: linear.
    const auto linear = expand(
        *parse_formula("spline(x, 4)", why),
        [](const std::string&) {
            return std::vector<double>{1, 1, 2, 2};
        },
        why);
    EXPECT_EQ(linear.size(), 1u);
}

TEST(ModelTerms, WhatIsWrongIsSaid) {
    for (const char* written :
         {"age +", "spline(x)", "spline(x, 2)", "spline(x, 3, 2, 1)", "root(x)", "log(x", "a*b*c",
          "scale(x, 1, 0)", "x y", "factor(a, 1, 2)"}) {
        std::string why;
        EXPECT_FALSE(parse_formula(written, why)) << written;
        EXPECT_FALSE(why.empty()) << written;
    }
    std::string why;
    EXPECT_TRUE(parse_formula("1", why)->terms.empty());
}

TEST(ModelTerms, PublishedEquation) {
    // SCORE2 as terms: its linear predictor, given in the reference for real cases.
    SKIP_WITHOUT_REFERENCE;
    const auto r = reference::read_json(survival / "score2.json");
    const Csv cases = reference::read_csv(survival / "score2_cases.csv");
    const std::vector<std::string> written{"scale(age, 60, 5)",
                                           "smoking",
                                           "scale(sbp, 120, 20)",
                                           "scale(tchol, 6, 1)",
                                           "scale(hdl, 1.3, 0.5)",
                                           "smoking:scale(age, 60, 5)",
                                           "scale(sbp, 120, 20):scale(age, 60, 5)",
                                           "scale(tchol, 6, 1):scale(age, 60, 5)",
                                           "scale(hdl, 1.3, 0.5):scale(age, 60, 5)"};
    // The sex of a case is text; the equation that fits tells it.
    std::vector<std::vector<double>> lp(2, std::vector<double>(cases.at("age").size(), 0.0));
    for (std::size_t t = 0; t < written.size(); ++t) {
        std::string why;
        const auto term = parse_term(written[t], why);
        ASSERT_TRUE(term) << why;
        const auto x = evaluate(*term, [&](const std::string& name) { return cases.at(name); });
        for (const auto& [s, sex] : {std::pair{0, "male"}, std::pair{1, "female"}})
            for (std::size_t i = 0; i < x.size(); ++i)
                lp[static_cast<std::size_t>(s)][i] += r["coef"][sex][t].number * x[i];
    }
    for (std::size_t i = 0; i < lp[0].size(); ++i) {
        const double expected = cases.at("lp")[i];
        EXPECT_LT(std::min(std::fabs(lp[0][i] - expected), std::fabs(lp[1][i] - expected)), 1e-6);
    }
}

} // namespace
} // namespace salus
