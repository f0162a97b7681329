#include "stages/report/risk_model_parts.hpp"

#include "base/text.hpp"
#include "stages/report/charts.hpp"
#include "stages/report/html.hpp"
#include "stages/report/numbers.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace salus::report {
namespace {

constexpr std::array fifth_names{"lowest", "second", "middle", "fourth", "highest"};

std::string in_unit(const RiskModel& m) {
    return m.time_unit.empty() ? std::string{} : text(" (", m.time_unit, ")");
}

// Steps over time of three fifths, as long as enough people are under observation.
std::string fifths_figure(const RiskModel& m, std::uint64_t min_cell, bool competing,
                          std::string_view caption) {
    XyChart chart{
        .about = {.title = text(competing ? "Competing event: " : "Cumulative incidence: ", m.name),
                  .label = "By fifth of predicted risk",
                  .style = {}},
        .x = {},
        .y = {},
        .series = {}};
    double end = 0, high = 0.01;
    constexpr std::array styles{"c1", "", "c3", "", "c2"};
    for (const std::size_t f : {0U, 2U, 4U}) {
        if (f >= m.fifths_over_time.size()) return {};
        Series line{.name = fifth_names[f], .style = styles[f], .points = {{0, 0}}};
        for (const auto& step : m.fifths_over_time[f]) {
            const double y = competing ? step.competing : step.probability;
            if (step.at_risk < min_cell || std::isnan(y)) break;
            line.points.push_back({step.time, line.points.back().y});
            line.points.push_back({step.time, y});
            end = std::max(end, step.time), high = std::max(high, y);
        }
        if (line.points.size() > 1) chart.series.push_back(std::move(line));
    }
    if (chart.series.empty()) return {};
    chart.x = linear_axis("Time" + in_unit(m), 0, end);
    chart.y = percent_axis(competing ? "Competing events" : "Events", 0, high);
    return figure(xy_chart(chart), caption);
}

const RiskModel::Summary* summary_of(const RiskModel& m, const std::string& stratum,
                                     const std::string& metric) {
    for (const auto& s : m.summaries)
        if (s.stratum == stratum && s.metric == metric) return &s;
    return nullptr;
}

} // namespace

std::string incidence_figure(const RiskModel& m, std::uint64_t min_cell) {
    return fifths_figure(m, min_cell, false,
                         "How many had the event over time, by fifth of predicted risk "
                         "(Kaplan-Meier, or Aalen-Johansen with competing events).");
}

std::string competing_figure(const RiskModel& m, std::uint64_t min_cell) {
    return fifths_figure(m, min_cell, true,
                         "How many had the competing event over time, by the same fifths "
                         "(Aalen-Johansen).");
}

std::string levels_figure(const RiskModel& m, const std::string& metric, std::string_view words,
                          std::uint64_t min_cell) {
    const auto* mean = summary_of(m, m.left_out, metric);
    if (m.left_out.empty() || mean == nullptr) return {};
    Forest forest{.about = {.title = text(words, ": ", m.name),
                            .label = text("By ", m.left_out, " with 95 % intervals"),
                            .style = {}},
                  .x = {},
                  .reference = metric == "oe_ratio" || metric == "calibration_slope" ? 1.0
                               : metric == "r2"                                      ? 0.0
                                                                                     : 0.5,
                  .rows = {}};
    double low = mean->lower, high = mean->upper;
    const auto add = [&](const std::string& name, double estimate, double lower, double upper,
                         bool total) {
        low = std::min({low, lower, forest.reference}),
        high = std::max({high, upper, forest.reference});
        forest.rows.push_back({.name = name,
                               .note = std::isnan(estimate) ? std::string{} : decimal(estimate, 3),
                               .estimate = estimate,
                               .lower = lower,
                               .upper = upper,
                               .total = total});
    };
    for (const auto& x : m.measures)
        if (x.stratum == m.left_out && x.metric == metric && x.people >= min_cell &&
            same_horizon(m, x.horizon) && std::isfinite(x.lower) && std::isfinite(x.upper))
            add(text(x.stratum, " ", x.level), x.estimate, x.lower, x.upper, false);
    add("mean", mean->estimate, mean->lower, mean->upper, true);
    if (std::isfinite(mean->prediction_lower))
        add("another", mean->estimate, mean->prediction_lower, mean->prediction_upper, false);
    forest.x = linear_axis(std::string(words), low, high, 4);
    return figure(forest_chart(forest),
                  text("Each ", m.left_out,
                       " by a fit without it; the random-effects mean, and where another one is "
                       "expected (95 % intervals)."));
}

std::string summaries_table(const RiskModel& m) {
    HtmlTable table{.caption = text("Over groups", at_horizon(m),
                                    ": random-effects means, with 95 % intervals"),
                    .columns = {{"Groups"},
                                {"Measure"},
                                {"Mean", true},
                                {"Another group", true},
                                {"I\u00b2", true},
                                {"p", true}},
                    .rows = {}};
    for (const auto& s : m.summaries)
        if (const auto words = measure_words(s.metric); !words.empty())
            table.rows.push_back(
                {text(s.stratum, " (", s.levels, ")"), std::string(words),
                 interval(s.estimate, s.lower, s.upper, 3),
                 std::isnan(s.prediction_lower)
                     ? std::string("\u2013")
                     : text(decimal(s.prediction_lower, 3), " to ", decimal(s.prediction_upper, 3)),
                 percent(s.i_squared, 0), p_value(s.q_neg_log10_p)});
    return to_html(table);
}

std::string fifths_table(const RiskModel& m, std::uint64_t min_cell) {
    HtmlTable table{.caption = text("By fifth of predicted risk", at_horizon(m)),
                    .columns = {{"Fifth"},
                                {"People", true},
                                {"With the event", true},
                                {"Mean time without event" + in_unit(m), true}},
                    .rows = {}};
    std::vector<std::uint64_t> events;
    for (const auto& f : m.fifths)
        events.push_back(std::max<std::uint64_t>(f.events, 1)); // 0: few or none
    const auto cells = people_cells(events, std::max<std::uint64_t>(min_cell, 2));
    bool small = m.fifths.size() < fifth_names.size();
    for (std::size_t i = 0; i < m.fifths.size(); ++i) {
        const auto& f = m.fifths[i];
        const bool few = f.people < min_cell;
        small = small || few;
        table.rows.push_back(
            {fifth_names[std::min<std::size_t>(f.fifth - 1, fifth_names.size() - 1)],
             people(f.people, min_cell), f.events == 0 ? "few or none" : cells[i],
             few ? std::string("not shown") : interval(f.mean_time, f.lower, f.upper, 2)});
    }
    std::string out = to_html(table);
    for (const auto& t : m.fifth_tests)
        if (!small)
            out += paragraph(text(t.test == "gray"
                                      ? "Gray's test that incidences are alike"
                                      : "Log-rank test that hazards of the fifths are alike",
                                  ": \u03c7\u00b2 = ", measured(t.chi_square), " with ", t.df,
                                  " degrees of freedom, p = ", p_value(t.neg_log10_p), "."),
                             "quiet");
    return out;
}

std::string proportional_table(const RiskModel& m) {
    const bool causes = std::any_of(m.proportional.begin(), m.proportional.end(),
                                    [](const auto& t) { return t.cause != "event"; });
    HtmlTable table{
        .caption = "Do effects change with time? Tests of proportional hazards",
        .columns = {{"Term"}, {"\u03c7\u00b2", true}, {"Degrees of freedom", true}, {"p", true}},
        .rows = {}};
    for (const auto& t : m.proportional) {
        const std::string term = t.test == "(all)" ? "all terms" : t.test;
        table.rows.push_back({causes ? text(term, ", ", t.cause) : term, measured(t.chi_square),
                              text(t.df), p_value(t.neg_log10_p)});
    }
    return to_html(table);
}

std::string imputation_part(const RiskModel& m, std::uint64_t min_cell) {
    if (m.imputations == 0) return {};
    HtmlTable table{.caption = "Multiple imputation: information that is missing",
                    .columns = {{"Term"}, {"Effect (95 % interval)", true}, {"Missing", true}},
                    .rows = {}};
    for (const auto& t : m.terms)
        table.rows.push_back(
            {t.name,
             text(measured(t.estimate), " (", measured(t.lower), " to ", measured(t.upper), ")"),
             percent(t.fraction_missing)});
    return paragraph(text(capitalised(people(m.imputed, min_cell)),
                          " of the people it was fitted to lacked a column; their cells were "
                          "filled in ",
                          m.imputations, " data sets, whose fits are pooled."),
                     "quiet") +
           to_html(table);
}

} // namespace salus::report
