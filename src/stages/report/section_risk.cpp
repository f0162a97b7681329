#include "base/text.hpp"

#include "stages/report/charts.hpp"
#include "stages/report/findings.hpp"
#include "stages/report/html.hpp"
#include "stages/report/numbers.hpp"
#include "stages/report/sections.hpp"

#include <algorithm>
#include <cmath>

namespace salus::report {
namespace {

bool is_auc(const ScoreMeasure& m) { return m.metric == "auc"; }

std::string people_of(const ScoreMeasure& m, std::uint64_t min_cell) {
    if (m.cases == 0) return people(m.n, min_cell);
    const auto cells = people_cells(std::vector{m.cases, m.n - m.cases}, min_cell);
    return text(cells[0], " / ", cells[1]);
}

const ScoreMeasure* find(const TraitRisk& trait, const std::string& group, std::string_view metric,
                         std::string_view model) {
    for (const auto& m : trait.measures)
        if (m.group == group && m.metric == metric && m.model == model) return &m;
    return nullptr;
}

bool is_small(const ScoreMeasure& m, std::uint64_t min_cell) {
    return m.n < min_cell || (m.cases > 0 && (m.cases < min_cell || m.n - m.cases < min_cell));
}

/// An estimate with its interval; `share` of variance is given in per cent.
std::string in_words(const ScoreMeasure* m, std::uint64_t min_cell, bool share) {
    if (m == nullptr || std::isnan(m->estimate)) return "\u2013";
    if (is_small(*m, min_cell)) return "not shown";
    return share ? percent_interval(m->estimate, m->lower, m->upper)
                 : interval(m->estimate, m->lower, m->upper, 3);
}

/// Groups in order of appearance, each with one of its measures.
std::vector<const ScoreMeasure*> groups_of(const TraitRisk& trait) {
    std::vector<const ScoreMeasure*> groups;
    for (const auto& m : trait.measures)
        if (std::none_of(groups.begin(), groups.end(),
                         [&](const auto* g) { return g->group == m.group; }))
            groups.push_back(&m);
    return groups;
}

std::string group_label(const std::string& group) { return group == "all" ? "Everybody" : group; }

std::string performance_table(const ReportData& data, const TraitRisk& trait) {
    const bool binary = trait.kind == "binary";
    const std::string metric = binary ? "auc" : "r2",
                      gain = binary ? "auc_difference" : "incremental_r2";
    HtmlTable table{.caption = text(binary ? "AUC" : "Variance explained (R\u00b2)",
                                    " in held-out people, with 95 % intervals"),
                    .columns = {{"Group"},
                                {binary ? "People (cases / others)" : "People", true},
                                {"Covariates alone", true},
                                {"Score alone", true},
                                {"Both", true},
                                {"Gain by the score", true}},
                    .rows = {}};
    for (const auto* group : groups_of(trait)) {
        std::vector<std::string> row = {group_label(group->group),
                                        people_of(*group, data.min_cell)};
        for (const char* model : {"covariates", "score", "both"})
            row.push_back(
                in_words(find(trait, group->group, metric, model), data.min_cell, !binary));
        row.push_back(
            in_words(find(trait, group->group, gain, "both-covariates"), data.min_cell, !binary));
        table.rows.push_back(std::move(row));
    }
    return to_html(table);
}

std::string calibration_table(const ReportData& data, const TraitRisk& trait) {
    const bool binary = trait.kind == "binary";
    const std::string effect = binary ? "odds_ratio_per_sd" : "beta_per_sd";
    HtmlTable table{
        .caption = "Effect and calibration in held-out people, with 95 % intervals",
        .columns = {{"Group"},
                    {binary ? "Odds ratio per SD of the score" : "Effect per SD of the score",
                     true},
                    {"Calibration slope", true},
                    {"Calibration intercept", true}},
        .rows = {}};
    for (const auto* group : groups_of(trait)) {
        std::vector<std::string> row = {group_label(group->group)};
        bool any = false;
        for (const std::string& metric :
             {effect, std::string("calibration_slope"), std::string("calibration_intercept")}) {
            const ScoreMeasure* found = nullptr;
            for (const auto& m : trait.measures)
                if (m.group == group->group && m.metric == metric) found = &m;
            any = any || found != nullptr;
            row.push_back(in_words(found, data.min_cell, false));
        }
        if (any) table.rows.push_back(std::move(row));
    }
    return to_html(table);
}

/// Why there are no estimates, each reason once.
std::string notes(const TraitRisk& trait) {
    std::string out;
    for (const auto& m : trait.measures)
        if (!m.note.empty())
            out += paragraph(text(group_label(m.group), ": ", m.note, "."), "quiet");
    return out;
}

std::string forest_figure(const ReportData& data, const TraitRisk& trait) {
    Forest forest{.about = {.title = "Performance by group: " + trait_label(trait.name),
                            .label = "Estimates with 95 % intervals",
                            .style = {}},
                  .x = {},
                  .reference = 0,
                  .rows = {}};
    double low = 1, high = 0;
    bool auc = false;
    for (const auto* group : groups_of(trait)) {
        const auto* best = headline_measure(trait, group->group);
        if (best == nullptr || std::isnan(best->estimate) || is_small(*best, data.min_cell))
            continue;
        auc = is_auc(*best);
        low = std::min(low, best->lower);
        high = std::max(high, best->upper);
        forest.rows.push_back({.name = best->group,
                               .note = auc ? decimal(best->estimate, 3) : percent(best->estimate),
                               .estimate = best->estimate,
                               .lower = best->lower,
                               .upper = best->upper,
                               .total = best->group == "all"});
    }
    if (forest.rows.size() < 2) return {};
    forest.reference = auc ? 0.5 : 0.0;
    forest.x = auc ? linear_axis("AUC", std::min(0.5, low), high, 4)
                   : percent_axis("Variance explained (R\u00b2)", std::min(0.0, low), high, 4);
    return figure(forest_chart(forest), "The score in each group, with 95 % confidence intervals. "
                                        "A score that is built mostly from one group is "
                                        "often weaker in the others.");
}

std::string roc_figure(const TraitRisk& trait) {
    if (trait.roc.size() < 2) return {};
    Series curve{.name = "", .style = "c1", .mark = Series::Mark::line};
    for (const auto& [x, y] : trait.roc)
        curve.points.push_back({x, y});
    const auto* measure = find(trait, "all", "auc", "both");
    const std::string corner =
        measure == nullptr
            ? ""
            : "AUC " + interval(measure->estimate, measure->lower, measure->upper, 3);
    const XyChart chart{
        .about = {.title = "ROC curve: " + trait_label(trait.name), .label = corner, .style = {}},
        .x = percent_axis("Others above the threshold", 0, 1),
        .y = percent_axis("Cases above the threshold", 0, 1),
        .series = {curve},
        .diagonal = true,
        .corner = corner};
    return figure(xy_chart(chart),
                  "How many cases covariates and score together find, for every share of others "
                  "that they also flag. The dashed line is chance.");
}

Series dots_of(const std::vector<CalibrationPoint>& points, std::uint64_t min_cell, Axis& x,
               Axis& y) {
    Series series{.name = "", .style = "c1", .mark = Series::Mark::error_bars};
    double low = 1e300, high = -1e300, bottom = 1e300, top = -1e300;
    for (const auto& p : points) {
        if (p.n < min_cell || std::isnan(p.observed)) continue;
        const double lower = std::isnan(p.lower) ? p.observed : p.lower,
                     upper = std::isnan(p.upper) ? p.observed : p.upper;
        series.points.push_back({p.predicted, p.observed});
        series.lower.push_back(lower);
        series.upper.push_back(upper);
        low = std::min(low, p.predicted);
        high = std::max(high, p.predicted);
        bottom = std::min(bottom, lower);
        top = std::max(top, upper);
    }
    x.low = low;
    x.high = high;
    y.low = bottom;
    y.high = top;
    return series;
}

std::string calibration_figure(const ReportData& data, const TraitRisk& trait) {
    Axis x, y;
    const Series series = dots_of(trait.calibration, data.min_cell, x, y);
    if (series.points.size() < 2) return {};
    const bool binary = trait.kind == "binary";
    const auto* cohort = find_trait(data, trait.name);
    const std::string unit =
        binary || cohort == nullptr || cohort->unit.empty() ? "" : text(" (", cohort->unit, ")");
    const double low = std::min(x.low, y.low), high = std::max(x.high, y.high);
    const auto axis = [&](const std::string& name) {
        return binary ? percent_axis(name + " risk", std::min(0.0, low), high)
                      : linear_axis(text(name, " value", unit), low, high);
    };
    const XyChart chart{.about = {.title = "Calibration: " + trait_label(trait.name),
                                  .label = "Observed against predicted in tenths of the prediction",
                                  .style = {}},
                        .x = axis("Predicted"),
                        .y = axis("Observed"),
                        .series = {series},
                        .diagonal = true};
    return figure(xy_chart(chart), "What was predicted against what was seen, in tenths of the "
                                   "prediction, with 95 % intervals. "
                                   "On the dashed line, predictions hold.");
}

std::string decile_figure(const ReportData& data, const TraitRisk& trait) {
    Axis x, y;
    const Series series = dots_of(trait.deciles, data.min_cell, x, y);
    if (series.points.size() < 2) return {};
    const bool binary = trait.kind == "binary";
    Axis tenths{.label = "Tenth of the score, lowest to highest", .low = 0.4, .high = 10.6};
    for (int i = 1; i <= 10; ++i)
        tenths.ticks.push_back({.at = static_cast<double>(i), .label = std::to_string(i)});
    const auto* cohort = find_trait(data, trait.name);
    const std::string unit =
        cohort == nullptr || cohort->unit.empty() ? "Mean" : text("Mean (", cohort->unit, ")");
    const XyChart chart{
        .about = {.title = "Outcome by tenth of the score: " + trait_label(trait.name),
                  .label = "Ten points with 95 % intervals",
                  .style = {}},
        .x = tenths,
        .y = binary ? percent_axis("Cases", 0, y.high) : linear_axis(unit, y.low, y.high),
        .series = {series}};
    return figure(xy_chart(chart),
                  binary ? "Share of cases in each tenth of the score, with 95 % intervals."
                         : "Mean of the trait in each tenth of the score, with 95 % intervals.");
}

std::vector<double> shares(const std::vector<std::uint64_t>& counts, std::uint64_t min_cell) {
    double total = 0;
    for (const auto count : counts)
        total += static_cast<double>(count);
    std::vector<double> out;
    for (const auto count : counts)
        out.push_back(count < min_cell || total == 0 ? 0.0 : static_cast<double>(count) / total);
    return out;
}

std::string score_figure(const ReportData& data, const TraitRisk& trait) {
    if (trait.score_edges.size() < 2) return {};
    Histogram chart{.about = {.title = "Distribution of the score: " + trait_label(trait.name),
                              .label = "Histogram of the standardised score",
                              .style = {}},
                    .x = linear_axis("Score, standard deviations from the mean",
                                     trait.score_edges.front(), trait.score_edges.back(), 8),
                    .y = {},
                    .edges = trait.score_edges,
                    .sets = {}};
    const bool binary = !trait.score_cases.empty();
    chart.sets.push_back(
        {binary ? "others" : "", "c1", shares(trait.score_controls, data.min_cell)});
    if (binary) chart.sets.push_back({"cases", "c2", shares(trait.score_cases, data.min_cell)});
    double most = 0.01;
    for (const auto& set : chart.sets)
        most = std::max(most, *std::max_element(set.heights.begin(), set.heights.end()));
    chart.y = percent_axis("People", 0, most, 4);
    return figure(histogram_chart(chart),
                  text(binary ? "The score of cases and of others in held-out people"
                              : "The score in held-out people",
                       "; bars of fewer than ", data.min_cell, " are left out."));
}

std::string trait_part(const ReportData& data, const TraitRisk& trait) {
    std::vector<std::string> figures;
    for (auto one : {score_figure(data, trait), roc_figure(trait), decile_figure(data, trait),
                     calibration_figure(data, trait), forest_figure(data, trait)})
        if (!one.empty()) figures.push_back(std::move(one));
    std::string body;
    if (trait.weights > 0)
        body += paragraph(
            text("The score has ", with_thousands(trait.weights),
                 trait.weights == 1 ? " variant" : " variants",
                 std::isnan(trait.p_threshold)
                     ? ""
                     : text(": what clumping leaves of p up to ",
                            p_value(-std::log10(trait.p_threshold)), " in the discovery half"),
                 "."),
            "quiet");
    if (!figures.empty()) body += figure_row(figures);
    if (headline_measure(trait) != nullptr)
        body += performance_table(data, trait) + calibration_table(data, trait);
    body += notes(trait);
    return section(anchor("risk", trait.name), capitalised(trait_label(trait.name)), body, 3);
}

} // namespace

std::string risk_section(const ReportData& data) {
    if (data.risk.empty()) return {};
    std::string body =
        paragraph("A genetic score per trait is built in one half of the people and measured in "
                  "the other half. "
                  "All numbers below are of people who were not used to build the score.");
    for (const auto& trait : data.risk)
        body += trait_part(data, trait);
    return section("risk", "Risk scores", body);
}

} // namespace salus::report
