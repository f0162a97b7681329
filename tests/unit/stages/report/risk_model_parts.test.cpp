#include "stages/report/risk_model_parts.hpp"
#include "stages/report/sections.hpp"

#include <gmock/gmock.h>

#include <limits>

namespace salus::report {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

RiskModel judged() {
    RiskModel m{.name = "stroke10",
                .kind = "cox",
                .time_unit = "years",
                .people = 900,
                .events = 90,
                .horizon = 10,
                .judged = true};
    m.terms = {{"age", 1.05, 1.01, 1.09, 0.125}};
    return m;
}

TEST(RiskModelParts, AreEmptyWithoutTheirTables) {
    const RiskModel m = judged();
    EXPECT_EQ(incidence_figure(m, 5) + competing_figure(m, 5) + summaries_table(m) +
                  levels_figure(m, "auc_t", "AUC", 5) + fifths_table(m, 5) + proportional_table(m) +
                  imputation_part(m, 5),
              "");
}

TEST(RiskModelParts, CurvesEndWhereFewPeopleAreLeft) {
    RiskModel m = judged();
    m.fifths_over_time.assign(5, {{1, 0.1, nan, 40}, {2, 0.2, nan, 12}, {3, 0.9, nan, 4}});
    EXPECT_THAT(incidence_figure(m, 5), Not(HasSubstr("100 %"))); // axis up to 20 %
    EXPECT_THAT(incidence_figure(m, 1), HasSubstr("100 %"));
    EXPECT_EQ(incidence_figure(m, 50), "");
    EXPECT_EQ(competing_figure(m, 5), ""); // nothing competes
    m.fifths_over_time.assign(5, {{1, 0.1, 0.3, 40}});
    EXPECT_THAT(competing_figure(m, 5), HasSubstr("Competing event"));
}

TEST(RiskModelParts, FifthsHideFewPeopleAndFewEvents) {
    RiskModel m = judged();
    for (std::uint64_t f = 1; f <= 5; ++f)
        m.fifths.push_back({f, 180, 10 * f, 9.0, 8.5, 9.5});
    m.fifth_tests = {{"log_rank", "", 12.5, 4, 1.85}, {"gray", "", 11.0, 4, 1.5}};
    EXPECT_THAT(fifths_table(m, 5), HasSubstr("Log-rank test"));
    EXPECT_THAT(fifths_table(m, 5), HasSubstr("Gray"));
    EXPECT_THAT(fifths_table(m, 5), HasSubstr("Mean time without event (years)"));
    m.fifths[0].events = 0;
    EXPECT_THAT(fifths_table(m, 5), HasSubstr("few or none"));
    EXPECT_THAT(fifths_table(m, 5), HasSubstr("not shown")); // else the first could be computed
    EXPECT_THAT(fifths_table(m, 5), Not(HasSubstr(">20<")));
    m.fifths[2].people = 3;
    EXPECT_THAT(fifths_table(m, 5), HasSubstr("&lt;5"));
    EXPECT_THAT(fifths_table(m, 5), Not(HasSubstr("Log-rank"))); // of a hidden fifth
}

TEST(RiskModelParts, SitesHaveAMeanAndAnotherOne) {
    RiskModel m = judged();
    for (const char* level : {"north", "south", "west"})
        m.measures.push_back({10, "site", level, "auc_t", 0.71, 0.65, 0.77, 300, 30, ""});
    m.measures.push_back({10, "site", "tiny", "auc_t", 0.99, 0.9, 1, 4, 2, ""});
    m.summaries = {{"site", "auc_t", 3, 0.7123, 0.68, 0.74, 0.6, 0.8, 0.25, 0.3}};
    EXPECT_THAT(summaries_table(m), HasSubstr("site (3)"));
    EXPECT_THAT(summaries_table(m), HasSubstr("0.600 to 0.800"));
    EXPECT_THAT(summaries_table(m), HasSubstr("25 %"));
    EXPECT_EQ(levels_figure(m, "auc_t", "AUC", 5), ""); // no site was left out of a fit
    m.left_out = "site";
    const std::string picture = levels_figure(m, "auc_t", "AUC", 5);
    EXPECT_THAT(picture, HasSubstr("site north"));
    EXPECT_THAT(picture, HasSubstr("another"));
    EXPECT_THAT(picture, Not(HasSubstr("tiny")));
}

TEST(RiskModelParts, TestsAndImputationsAreInThePage) {
    ReportData data;
    RiskModel m = judged();
    m.imputations = 20, m.imputed = 3;
    m.proportional = {{"age", "event", 4.2, 1, 1.39}, {"(all)", "event", 5.0, 2, 1.1}};
    data.risk_models = {m};
    data.min_cell = 5;
    const std::string page = risk_models_section(data);
    EXPECT_THAT(page, HasSubstr("Tests of proportional hazards"));
    EXPECT_THAT(page, HasSubstr("all terms"));
    EXPECT_THAT(page, HasSubstr("&lt;5 of the people it was fitted to lacked a column"));
    EXPECT_THAT(page, HasSubstr("20 data sets"));
    EXPECT_THAT(page, HasSubstr("12.5 %"));
}

} // namespace
} // namespace salus::report
