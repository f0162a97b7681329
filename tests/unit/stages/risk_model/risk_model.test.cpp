#include "stages/risk_model/equation.hpp"
#include "stages/risk_model/fit.hpp"
#include "support/reference.hpp"
#include "support/reference_data.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

namespace salus::risk_models {
namespace {

using reference::survival;

TEST(RiskModelDeclaration, PartsAreFound) {
    std::string why;
    const auto d = parse_declaration(
        "cvd10: fine_gray( stroke , competing = death,cluster=family) ~ age*sex + pgs:sex", why);
    ASSERT_TRUE(d) << why;
    EXPECT_EQ(d->name, "cvd10");
    EXPECT_EQ(d->kind, Kind::fine_gray);
    EXPECT_EQ(d->outcome, "stroke");
    EXPECT_EQ(d->competing, "death");
    EXPECT_EQ(d->columns(), (std::vector<std::string>{"age", "sex", "pgs", "family"}));
    EXPECT_EQ(d->formula.terms.size(), 4u);
}

TEST(RiskModelDeclaration, WhatIsWrongIsSaid) {
    for (const char* written :
         {"cox(stroke) ~ age", "a: cox(stroke)", "a b: cox(stroke) ~ age",
          "a: weibull(stroke) ~ age", "a: cox(stroke, ties = discrete) ~ age",
          "a: cox(stroke, ties = exact, cluster = site) ~ age",
          "a: cox(stroke, ties = exact, net = 1) ~ age",
          "a: fine_gray(stroke, competing = death, ties = exact) ~ age",
          "a: cox(stroke, competing = death) ~ age", "a: cause_specific(stroke) ~ age",
          "a: logistic(y, strata = s) ~ age", "a: firth(y, net = 1) ~ age",
          "a: cox(y, net = 2) ~ age", "a: cox(y) ~ spline(age)", "a: equation(y, net = 1) ~ chart",
          "a: cox(y, cluster = ) ~ age"}) {
        std::string why;
        EXPECT_FALSE(parse_declaration(written, why)) << written;
        EXPECT_FALSE(why.empty()) << written;
    }
}

FittedModel cause_specific(std::size_t times) {
    std::string why;
    FittedModel model{.declaration =
                          *parse_declaration("a: cause_specific(y, competing = d) ~ x", why),
                      .terms = {}};
    model.last_time = 10;
    model.competing.emplace();
    // Constant hazards of 0.05 and 0.1 a year.
    for (Estimates* e : {&model.event, &*model.competing}) {
        Baseline b;
        for (std::size_t k = 1; k <= times; ++k) {
            b.time.push_back(10 * static_cast<double>(k) / static_cast<double>(times));
            b.cumulative.push_back(b.time.back() * (e == &model.event ? 0.05 : 0.1));
        }
        e->baseline.push_back(b);
    }
    return model;
}

TEST(RiskFunction, CauseSpecificRiskOfConstantHazards) {
    // h1 / (h1 + h2) (1 - exp(-(h1 + h2) t)); a step function is within half a step of it, and
    // taking steps together within a part of 512.
    const double expected = 0.1 / 0.2 * (1 - std::exp(-0.2 * 8));
    for (const std::size_t times : {400U, 40000U}) {
        const FittedModel model = cause_specific(times);
        const RiskFunction function(model);
        EXPECT_NEAR(function.risk(std::log(2.0), 0, 0, 8), expected, times == 400 ? 2e-3 : 2e-4);
        EXPECT_TRUE(std::isnan(function.risk(0, 0, 0, 10.5)));           // behind the follow-up
        EXPECT_EQ(function.risk(0, 0, 7, 8), function.risk(0, 0, 0, 8)); // there are no strata
    }
}

TEST(RiskFunction, CoxRiskStepsAtEvents) {
    std::string why;
    FittedModel model{.declaration = *parse_declaration("a: cox(y) ~ x", why), .terms = {}};
    model.last_time = 5;
    model.event.center = 1;
    model.event.baseline.push_back({.stratum = 0, .time = {1, 3}, .cumulative = {0.1, 0.4}});
    const RiskFunction function(model);
    EXPECT_EQ(function.risk(1, 0, 0, 0.5), 0);
    EXPECT_DOUBLE_EQ(function.risk(1, 0, 0, 2), 1 - std::exp(-0.1));
    EXPECT_DOUBLE_EQ(function.risk(2, 0, 0, 3), -std::expm1(-0.4 * std::exp(1.0)));
}

TEST(Equation, Score2AgreesWithReference) {
    // The coefficients come from the reference data, as they would from a file of a user.
    if (!std::filesystem::exists(survival)) GTEST_SKIP() << "no reference data";
    const auto r = reference::read_json(survival / "score2.json");
    const std::vector<std::string> terms{"scale(age, 60, 5)",
                                         "smoking",
                                         "scale(sbp, 120, 20)",
                                         "scale(tchol, 6, 1)",
                                         "scale(hdl, 1.3, 0.5)",
                                         "smoking:scale(age, 60, 5)",
                                         "scale(sbp, 120, 20):scale(age, 60, 5)",
                                         "scale(tchol, 6, 1):scale(age, 60, 5)",
                                         "scale(hdl, 1.3, 0.5):scale(age, 60, 5)"};
    std::vector<EquationRow> rows;
    for (const std::string sex : {"male", "female"})
        for (const std::string region : {"low", "very_high"}) {
            const std::string people =
                (sex == "male" ? "sex = 1" : "sex = 2") +
                std::string(region == "low" ? " & region = 1" : " & region = 4");
            for (std::size_t t = 0; t < terms.size(); ++t)
                rows.push_back({"score2", people, terms[t], r["coef"][sex][t].number});
            rows.push_back({"score2", people, "(baseline_survival)", r["S0"][sex].number});
            const auto& scale = r["scale"][sex][region];
            rows.push_back({"score2", people, "(scale_intercept)", scale[0].number});
            rows.push_back({"score2", people, "(scale_slope)", scale[1].number});
        }
    const Equation equation(rows, "score2");
    auto columns = reference::read_csv(survival / "score2_cases.csv");
    std::ifstream file(survival / "score2_cases.csv");
    std::string line;
    std::getline(file, line);
    for (auto& [name, values] : columns)
        if (name == "sex" || name == "region") values.clear();
    while (std::getline(file, line)) {
        columns["sex"].push_back(line.starts_with("male") ? 1 : 2);
        columns["region"].push_back(line.find("very_high") != std::string::npos ? 4 : 1);
    }
    const std::size_t n = columns["age"].size();
    const auto predicted =
        equation.predict([&](const std::string& name) { return columns.at(name); }, n);
    ASSERT_GT(n, 10u);
    for (std::size_t i = 0; i < n; ++i) { // the file has 12 digits
        EXPECT_NEAR(predicted.lp[i], columns["lp"][i], 1e-6);
        EXPECT_NEAR(predicted.risk[i], columns["risk_calibrated"][i], 1e-9);
    }
    EXPECT_TRUE(Equation(rows, "qrisk").empty());
}

} // namespace
} // namespace salus::risk_models
