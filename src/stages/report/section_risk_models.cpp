#include "base/text.hpp"

#include "stages/report/charts.hpp"
#include "stages/report/html.hpp"
#include "stages/report/numbers.hpp"
#include "stages/report/risk_model_parts.hpp"
#include "stages/report/sections.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace salus::report {
namespace {

struct Named {
    std::string_view metric, words;
};
// Measures in the table, in the order in which they are read.
constexpr std::array listed{
    Named{"auc_t", "AUC at the horizon"},
    Named{"auc", "AUC"},
    Named{"concordance_harrell", "Concordance (Harrell)"},
    Named{"concordance_uno", "Concordance (Uno)"},
    Named{"auprc", "Average precision"},
    Named{"r2", "R\u00b2"},
    Named{"brier", "Brier score"},
    Named{"ibs", "Integrated Brier score"},
    Named{"ipa", "Index of prediction accuracy"},
    Named{"oe_ratio", "Observed over expected"},
    Named{"calibration_in_the_large", "Calibration in the large"},
    Named{"calibration_slope", "Calibration slope"},
    Named{"ici", "Mean calibration error (ICI)"},
    Named{"hazard_ratio_per_sd", "Hazard ratio per SD"},
    Named{"odds_ratio_per_sd", "Odds ratio per SD"},
    Named{"hazard_ratio_top_tenth", "Hazard ratio, top tenth against the rest"},
    Named{"odds_ratio_top_tenth", "Odds ratio, top tenth against the rest"},
    Named{"auc_t_difference", "AUC against the reference model"},
    Named{"auc_difference", "AUC against the reference model"},
    Named{"nri", "Net reclassification against the reference"},
    Named{"idi", "Discrimination improvement (IDI)"},
    Named{"incremental_r2", "R\u00b2 against the reference model"},
};

const RiskModel::Measure* find(const RiskModel& m, std::string_view metric,
                               const std::string& stratum = "all",
                               const std::string& level = "all") {
    for (const auto& x : m.measures)
        if (x.metric == metric && x.stratum == stratum && x.level == level &&
            same_horizon(m, x.horizon))
            return &x;
    return nullptr;
}

std::string measures_table(const RiskModel& m, std::uint64_t min_cell) {
    HtmlTable table{.caption = text("Performance", at_horizon(m), ", with 95 % intervals"),
                    .columns = {{"Measure"}, {"Estimate", true}},
                    .rows = {}};
    for (const Named& named : listed)
        if (const auto* x = find(m, named.metric); x != nullptr && x->people >= min_cell)
            table.rows.push_back(
                {std::string(named.words), std::isnan(x->lower)
                                               ? decimal(x->estimate, 3)
                                               : interval(x->estimate, x->lower, x->upper, 3)});
    return to_html(table);
}

std::string_view headline(const RiskModel& m) {
    for (const std::string_view metric : {"auc_t", "auc", "r2"})
        if (find(m, metric) != nullptr) return metric;
    return {};
}

std::string group_name(const RiskModel::Measure& x) { return text(x.stratum, " ", x.level); }

std::string groups_table(const RiskModel& m, std::uint64_t min_cell) {
    const std::string_view first = headline(m);
    HtmlTable table{.caption = text("By group", at_horizon(m), ", with 95 % intervals"),
                    .columns = {{"Group"},
                                {"People (with the event)", true},
                                {first == "r2" ? "R\u00b2" : "AUC", true},
                                {"Observed over expected", true},
                                {"Calibration slope", true}},
                    .rows = {}};
    const auto cell = [&](std::string_view metric, const RiskModel::Measure& of) {
        const auto* x = find(m, metric, of.stratum, of.level);
        return x == nullptr ? std::string("\u2013") : interval(x->estimate, x->lower, x->upper, 3);
    };
    for (const auto& x : m.measures) {
        if (x.stratum == "all" || !same_horizon(m, x.horizon)) continue;
        if (x.metric == "not_estimated")
            table.rows.push_back(
                {group_name(x), "not shown", "not shown", "not shown", "not shown"});
        if (x.metric != first || x.people < min_cell) continue;
        const auto cells = people_cells(std::vector{x.events, x.people - x.events}, min_cell);
        table.rows.push_back({group_name(x), text(people(x.people, min_cell), " (", cells[0], ")"),
                              cell(first, x), cell("oe_ratio", x), cell("calibration_slope", x)});
    }
    return to_html(table);
}

std::string forest_figure(const RiskModel& m, std::uint64_t min_cell) {
    const std::string_view metric = headline(m);
    Forest forest{.about = {.title = "By group: " + m.name,
                            .label = "Estimates with 95 % intervals",
                            .style = {}},
                  .x = {},
                  .reference = metric == "r2" ? 0 : 0.5,
                  .rows = {}};
    double low = forest.reference, high = forest.reference;
    for (const auto& x : m.measures) {
        if (x.metric != metric || !same_horizon(m, x.horizon) || x.people < min_cell) continue;
        low = std::min(low, x.lower), high = std::max(high, x.upper);
        forest.rows.push_back({.name = x.stratum == "all" ? "all" : group_name(x),
                               .note = decimal(x.estimate, 3),
                               .estimate = x.estimate,
                               .lower = x.lower,
                               .upper = x.upper,
                               .total = x.stratum == "all"});
    }
    if (forest.rows.size() < 2) return {};
    forest.x = linear_axis(metric == "r2" ? "R\u00b2" : "AUC", low, high, 4);
    return figure(forest_chart(forest), "Discrimination in each group, with 95 % intervals.");
}

std::string terms_figure(const RiskModel& m) {
    const bool ratio = m.kind != "linear";
    Forest forest{
        .about = {.title = "Terms: " + m.name, .label = "Effects with 95 % intervals", .style = {}},
        .x = {},
        .reference = ratio ? 1.0 : 0.0,
        .rows = {}};
    double low = forest.reference, high = forest.reference;
    for (const auto& t : m.terms) {
        if (std::isnan(t.lower) || std::isnan(t.upper) || forest.rows.size() >= 25) continue;
        if (t.upper > 1e3) continue; // a scale that hides all others
        low = std::min(low, t.lower), high = std::max(high, t.upper);
        forest.rows.push_back({.name = t.name,
                               .note = measured(t.estimate),
                               .estimate = t.estimate,
                               .lower = t.lower,
                               .upper = t.upper});
    }
    if (forest.rows.empty()) return {};
    const bool odds = m.kind == "logistic" || m.kind == "firth";
    forest.x = linear_axis(!ratio ? "Effect per unit"
                           : odds ? "Odds ratio per unit"
                                  : "Hazard ratio per unit",
                           low, high, 4);
    return figure(forest_chart(forest), "What one unit of each term does, the others held.");
}

std::string roc_figure(const RiskModel& m) {
    if (m.roc.size() < 3) return {};
    const auto* auc = find(m, headline(m));
    const std::string corner =
        auc == nullptr ? "" : "AUC " + interval(auc->estimate, auc->lower, auc->upper, 3);
    const XyChart chart{.about = {.title = "ROC curve: " + m.name, .label = corner, .style = {}},
                        .x = percent_axis("Without the event, above the threshold", 0, 1),
                        .y = percent_axis("With the event, above the threshold", 0, 1),
                        .series = {{.name = "", .style = "c1", .points = m.roc}},
                        .diagonal = true,
                        .corner = corner};
    return figure(xy_chart(chart), "How many people with the event are found, for every share of "
                                   "others that is flagged too. The dashed line is chance.");
}

std::string calibration_figure(const RiskModel& m, std::uint64_t min_cell) {
    Series band{.name = "smoothed", .style = "c1", .mark = Series::Mark::band},
        line{.name = "", .style = "c1"},
        dots{.name = "tenths", .style = "c2", .mark = Series::Mark::error_bars};
    double high = 0.01;
    for (const auto& p : m.curve) {
        band.points.push_back({p.predicted, p.upper});
        band.lower.push_back(p.lower);
        line.points.push_back({p.predicted, p.observed});
        high = std::max({high, p.predicted, p.observed});
    }
    for (const auto& p : m.tenths) {
        if (p.people < min_cell || std::isnan(p.observed)) continue;
        dots.points.push_back({p.predicted, p.observed});
        dots.lower.push_back(std::isnan(p.lower) ? p.observed : p.lower);
        dots.upper.push_back(std::isnan(p.upper) ? p.observed : p.upper);
        high = std::max({high, p.predicted, dots.upper.back()});
    }
    if (line.points.size() < 2 && dots.points.size() < 2) return {};
    for (auto& p : band.points)
        p.y = std::min(p.y, high);
    XyChart chart{.about = {.title = "Calibration: " + m.name,
                            .label = "Observed against predicted risk",
                            .style = {}},
                  .x = percent_axis("Predicted risk", 0, high),
                  .y = percent_axis("Observed risk", 0, high),
                  .series = {},
                  .diagonal = true};
    if (line.points.size() >= 2) chart.series = {band, line};
    if (!dots.points.empty()) chart.series.push_back(dots);
    return figure(
        xy_chart(chart),
        "Predicted against observed risk: smoothed with its 95 % band, and in tenths of the "
        "prediction. On the dashed line, predictions hold.");
}

std::string decision_figure(const RiskModel& m) {
    if (m.decision.size() < 2) return {};
    double low = 0, high = 0.001;
    for (const auto* line : {&m.decision, &m.decision_all})
        for (const auto& p : *line)
            high = std::max(high, p.y);
    for (const auto& p : m.decision)
        low = std::min(low, p.y);
    low = std::max(low, -high / 2);
    std::vector<Point> all;
    for (const auto& p : m.decision_all)
        if (p.y >= low) all.push_back(p);
    const XyChart chart{
        .about = {.title = "Decision curve: " + m.name,
                  .label = "Net benefit by risk threshold",
                  .style = {}},
        .x = percent_axis("Risk from which one would treat", 0, m.decision.back().x),
        .y = linear_axis("Net benefit", low, high, 4),
        .series = {
            {.name = "model", .style = "c1", .points = m.decision},
            {.name = "treat all", .style = "c2", .points = all},
            {.name = "treat none", .style = "c3", .points = {{0, 0}, {m.decision.back().x, 0}}}}};
    return figure(xy_chart(chart),
                  "People with the event who are treated, less people without it who "
                  "are treated as well, weighed by the threshold. The highest line "
                  "is the best policy.");
}

std::string distribution_figure(const RiskModel& m, std::uint64_t min_cell) {
    if (m.edges.size() < 2) return {};
    Histogram chart{.about = {.title = "Predicted risks: " + m.name,
                              .label = "Histogram of predicted risk",
                              .style = {}},
                    .x = percent_axis("Predicted risk", 0, m.edges.back()),
                    .y = {},
                    .edges = m.edges,
                    .sets = {}};
    double most = 0.01;
    const auto shares = [&](const std::vector<std::uint64_t>& counts) {
        double total = 0;
        for (const auto c : counts)
            total += static_cast<double>(c);
        std::vector<double> out;
        for (const auto c : counts)
            out.push_back(c < min_cell || total == 0 ? 0 : static_cast<double>(c) / total);
        most = std::max(most, *std::max_element(out.begin(), out.end()));
        return out;
    };
    chart.sets.push_back({"everybody", "c1", shares(m.bins)});
    chart.sets.push_back({"with the event", "c2", shares(m.event_bins)});
    chart.y = percent_axis("People", 0, most, 4);
    return figure(
        histogram_chart(chart),
        "Predicted risks of everybody, and of those who had the event; small bars are left "
        "out.");
}

std::string model_part(const ReportData& data, const RiskModel& m) {
    std::string body;
    if (!m.purpose.empty()) body += paragraph(m.purpose);
    if (m.people > 0)
        body += paragraph(text("Fitted to ", people(m.people, data.min_cell), " people, ",
                               people(m.events, data.min_cell), " with the event; ",
                               people(m.held_out, data.min_cell), " held out. ", m.declaration),
                          "quiet");
    if (!m.reason.empty()) body += paragraph(capitalised(m.reason) + ".", "quiet");
    std::vector<std::string> figures;
    for (auto one :
         {roc_figure(m), calibration_figure(m, data.min_cell), decision_figure(m),
          distribution_figure(m, data.min_cell), incidence_figure(m, data.min_cell),
          competing_figure(m, data.min_cell), terms_figure(m), forest_figure(m, data.min_cell),
          levels_figure(m, std::string(headline(m)), measure_words(headline(m)), data.min_cell),
          levels_figure(m, "oe_ratio", "Observed over expected", data.min_cell),
          levels_figure(m, "calibration_slope", "Calibration slope", data.min_cell)})
        if (!one.empty()) figures.push_back(std::move(one));
    if (!figures.empty()) body += figure_row(figures);
    body += measures_table(m, data.min_cell) + groups_table(m, data.min_cell) + summaries_table(m) +
            fifths_table(m, data.min_cell) + proportional_table(m) +
            imputation_part(m, data.min_cell);
    for (const auto& limit : m.limits)
        body += paragraph("Limit: " + limit + ".", "quiet");
    return section(anchor("risk-models", m.name), capitalised(trait_label(m.name)), body, 3);
}

} // namespace

std::string_view measure_words(std::string_view metric) {
    for (const Named& named : listed)
        if (named.metric == metric) return named.words;
    return {};
}

std::string at_horizon(const RiskModel& m) {
    return std::isnan(m.horizon) ? std::string{}
                                 : text(" at ", m.time_unit.empty() ? "time " : "", m.horizon,
                                        m.time_unit.empty() ? "" : " ", m.time_unit);
}

std::string risk_models_section(const ReportData& data) {
    if (data.risk_models.empty()) return {};
    const bool judged = std::any_of(data.risk_models.begin(), data.risk_models.end(),
                                    [](const RiskModel& m) { return m.judged; });
    std::string body = paragraph(
        judged ? "Each model gives people an absolute risk; performance is of people who "
                 "did not train it, unless a limit below says otherwise."
               : "Each model gives people an absolute risk. It has not been validated here.");
    for (const RiskModel& m : data.risk_models)
        body += model_part(data, m);
    return section("risk-models", "Risk models", body);
}

} // namespace salus::report
