#include "base/text.hpp"

#include "stages/report/charts.hpp"
#include "stages/report/further.hpp"
#include "stages/report/html.hpp"
#include "stages/report/numbers.hpp"
#include "stages/report/read_tables.hpp"
#include "stages/report/sections.hpp"

#include <algorithm>
#include <cmath>

namespace salus::report {
namespace {

/// Check of one event: what was seen of held-out people, and what was simulated for them.
std::string check_figure(const Trajectories& data, const std::string& event,
                         std::uint64_t min_cell) {
    Series seen{.name = "observed", .style = "c2", .mark = Series::Mark::error_bars},
        simulated{.name = "simulated", .style = "c1", .mark = Series::Mark::line},
        band{.name = "", .style = "c1", .mark = Series::Mark::band};
    double high = 0, last = 0;
    simulated.points.push_back({0, 0});
    band.points.push_back({0, 0});
    band.lower.push_back(0);
    for (const auto& check : data.checks) {
        if (check.measure != "incidence" || check.event != event) continue;
        if (check.with > 0 && check.with < min_cell) continue;
        seen.points.push_back({check.years, check.observed});
        seen.lower.push_back(check.observed_lower);
        seen.upper.push_back(check.observed_upper);
        simulated.points.push_back({check.years, check.simulated});
        band.points.push_back({check.years, check.simulated_upper});
        band.lower.push_back(check.simulated_lower);
        high = std::max({high, check.observed_upper, check.simulated_upper});
        last = std::max(last, check.years);
    }
    if (seen.points.size() < 2) return {};
    const XyChart chart{.about = {.title = "Held-out people: " + trait_label(event),
                                  .label = "Observed and simulated incidence by years",
                                  .style = {}},
                        .x = linear_axis("Years since entry", 0, last * 1.05),
                        .y = percent_axis("Share to whom it happened", 0, high),
                        .series = {band, simulated, seen}};
    return xy_chart(chart);
}

std::string checks(const Trajectories& data, std::uint64_t min_cell) {
    std::vector<std::string> figures, events;
    for (const auto& check : data.checks)
        if (std::find(events.begin(), events.end(), check.event) == events.end())
            events.push_back(check.event);
    for (const std::string& event : events)
        if (const auto picture = check_figure(data, event, min_cell); !picture.empty())
            figures.push_back(figure(
                picture, text(capitalised(trait_label(event)),
                              " in people that the model has not seen: what happened, with 95 % "
                              "intervals, and what was simulated for them.")));
    return figure_row(figures);
}

std::string effects_table(const Trajectories& data) {
    HtmlTable table{.caption = "What changes the intensities (rate ratios per unit, with 95 % "
                               "intervals)",
                    .columns = {{"Of"}, {"With"}, {"Rate ratio", true}, {"p", true}},
                    .rows = {}};
    for (const auto& effect : data.effects)
        if (std::isfinite(effect.ratio))
            table.rows.push_back({trait_label(effect.event), trait_label(effect.term),
                                  interval(effect.ratio, effect.lower, effect.upper, 2),
                                  p_value(effect.neg_log10_p)});
    return to_html(table);
}

std::string changes_table(const Trajectories& data, std::uint64_t min_cell) {
    HtmlTable table{.caption = text("Mean risk within ", decimal(data.years, 0),
                                    " years, as it is and if a covariate were different"),
                    .columns = {{"Change"},
                                {"Of"},
                                {"People", true},
                                {"As it is", true},
                                {"Changed", true},
                                {"Difference in percentage points", true}},
                    .rows = {}};
    for (const auto& change : data.changes)
        if (change.people >= min_cell)
            table.rows.push_back(
                {change.change, trait_label(change.event), people(change.people, min_cell),
                 percent(change.risk), percent(change.changed),
                 interval(100 * change.difference, 100 * change.lower, 100 * change.upper, 2)});
    return to_html(table);
}

} // namespace

Trajectories read_trajectories(const H5File& file) {
    Trajectories out;
    out.years = file.number_attribute("/", "years").value_or(0);
    const TableData parts = file.read("people");
    const auto part = words(parts, "part");
    const auto count = counts(parts, "people");
    for (std::size_t i = 0; i < part.size(); ++i) {
        if (part[i] == "fitted") out.fitted = count[i];
        if (part[i] == "held_out") out.held_out = count[i];
    }
    const TableData v = file.read("validation");
    for (std::size_t i = 0; i < v.rows(); ++i)
        out.checks.push_back({.measure = words(v, "measure")[i],
                              .event = words(v, "event")[i],
                              .years = numbers(v, "years")[i],
                              .people = counts(v, "people")[i],
                              .with = counts(v, "with")[i],
                              .observed = numbers(v, "observed")[i],
                              .observed_lower = numbers(v, "observed_lower")[i],
                              .observed_upper = numbers(v, "observed_upper")[i],
                              .simulated = numbers(v, "simulated")[i],
                              .simulated_lower = numbers(v, "simulated_lower")[i],
                              .simulated_upper = numbers(v, "simulated_upper")[i],
                              .agrees = counts(v, "agrees")[i] != 0});
    const TableData e = file.read("effects");
    for (std::size_t i = 0; i < e.rows(); ++i)
        out.effects.push_back({.event = words(e, "event")[i],
                               .term = words(e, "term")[i],
                               .ratio = numbers(e, "rate_ratio")[i],
                               .lower = numbers(e, "lower")[i],
                               .upper = numbers(e, "upper")[i],
                               .neg_log10_p = numbers(e, "neg_log10_p")[i]});
    if (!file.is_table("what_if")) return out;
    const TableData w = file.read("what_if");
    for (std::size_t i = 0; i < w.rows(); ++i)
        out.changes.push_back({.change = words(w, "change")[i],
                               .event = words(w, "event")[i],
                               .people = counts(w, "people")[i],
                               .risk = numbers(w, "risk")[i],
                               .changed = numbers(w, "risk_changed")[i],
                               .difference = numbers(w, "difference")[i],
                               .lower = numbers(w, "lower")[i],
                               .upper = numbers(w, "upper")[i]});
    return out;
}

std::string trajectories_section(const ReportData& data) {
    if (!data.trajectories) return {};
    const Trajectories& t = *data.trajectories;
    const auto agree = std::count_if(t.checks.begin(), t.checks.end(),
                                     [](const auto& check) { return check.agrees; });
    std::string body = paragraph(
        text("Health states of ", people(t.fitted, data.min_cell),
             " people were fitted; the lives of ", people(t.held_out, data.min_cell),
             " others were simulated and compared with what happened: ", agree, " of ",
             t.checks.size(), " incidences and prevalences agree within their uncertainty."));
    body += checks(t, data.min_cell);
    body += effects_table(t);
    body += changes_table(t, data.min_cell);
    if (!t.changes.empty())
        body += paragraph("A change is one of a number in the model. It is the effect of an "
                          "intervention only if the covariate is a cause, and if the model holds "
                          "whatever confounds it.",
                          "quiet");
    return section("trajectories", "Simulated life courses", body);
}

} // namespace salus::report
