#include "stages/report/charts.hpp"

#include "base/text.hpp"

#include "stages/report/numbers.hpp"

#include <algorithm>
#include <cmath>

namespace salus::report {
namespace {

std::string move_to(Point p) { return text('M', coordinate(p.x), ' ', coordinate(p.y)); }
std::string line_to(Point p) { return text('L', coordinate(p.x), ' ', coordinate(p.y)); }

void draw_band(Plot& plot, const Series& series) {
    std::string data = polyline(plot, series.points);
    for (std::size_t i = series.points.size(); i-- > 0;)
        data += line_to(plot.at(series.points[i].x, series.lower[i]));
    plot.svg().path(data + (data.empty() ? "" : "Z"), "band " + series.style);
}

/// Dots as zero-length strokes with round ends: one path however many there are.
void draw_dots(Plot& plot, const Series& series, std::string_view style) {
    std::string data;
    for (const auto& p : series.points)
        data += move_to(plot.at(p.x, p.y)) + "h0";
    plot.svg().path(data, text(style, ' ', series.style));
}

void draw_error_bars(Plot& plot, const Series& series) {
    std::string data;
    for (std::size_t i = 0; i < series.points.size(); ++i)
        data += move_to(plot.at(series.points[i].x, series.lower[i])) +
                line_to(plot.at(series.points[i].x, series.upper[i]));
    plot.svg().path(data, "whisker " + series.style);
    draw_dots(plot, series, "bigdots");
}

void draw(Plot& plot, const Series& series) {
    switch (series.mark) {
    case Series::Mark::line:
        plot.svg().path(polyline(plot, series.points), "curve " + series.style);
        break;
    case Series::Mark::dots:
        draw_dots(plot, series, "dots");
        break;
    case Series::Mark::band:
        draw_band(plot, series);
        break;
    case Series::Mark::error_bars:
        draw_error_bars(plot, series);
        break;
    }
}

template <class Sets>
std::vector<std::pair<std::string, std::string>> keys_of(const Sets& sets) {
    std::vector<std::pair<std::string, std::string>> keys;
    for (const auto& set : sets)
        if (!set.name.empty()) keys.push_back({set.style, set.name});
    return keys;
}

} // namespace

std::string xy_chart(const XyChart& chart) {
    Plot plot(chart.frame, chart.about, chart.x, chart.y);
    if (chart.diagonal) {
        const double low = std::max(chart.x.low, chart.y.low),
                     high = std::min(chart.x.high, chart.y.high);
        plot.svg().path(polyline(plot, {{low, low}, {high, high}}), "reference");
    }
    for (const auto& series : chart.series)
        draw(plot, series);
    if (!chart.corner.empty())
        plot.svg().words({chart.frame.width - chart.frame.right - 6,
                          chart.frame.height - chart.frame.bottom - 10},
                         chart.corner, "note e");
    plot.legend(keys_of(chart.series));
    return std::move(plot).finish();
}

std::string histogram_chart(const Histogram& chart) {
    Plot plot(chart.frame, chart.about, chart.x, chart.y);
    const double floor = plot.y().from;
    for (const auto& set : chart.sets) {
        std::string data;
        for (std::size_t i = 0; i < set.heights.size(); ++i) {
            if (!(set.heights[i] > 0)) continue;
            const double left = plot.x()(chart.edges[i]), right = plot.x()(chart.edges[i + 1]);
            const double top = std::min(plot.y()(set.heights[i]), floor - 1);
            data += text(move_to({left + 0.5, floor}), 'V', coordinate(top), 'H',
                         coordinate(right - 0.5), 'V', coordinate(floor), 'Z');
        }
        plot.svg().path(data, (chart.sets.size() > 1 ? "bars over " : "bars ") + set.style);
    }
    plot.legend(keys_of(chart.sets));
    return std::move(plot).finish();
}

namespace {

/// Categories that keep their label on a small screen, so that about eleven remain.
bool is_minor(std::size_t i, std::size_t count) { return i % (count / 11 + 1) != 0; }

Axis category_axis(const std::vector<std::string>& names) {
    Axis axis{.low = -0.5, .high = static_cast<double>(names.size()) - 0.5};
    for (std::size_t i = 0; i < names.size(); ++i)
        axis.ticks.push_back(
            {.at = static_cast<double>(i), .label = names[i], .minor = is_minor(i, names.size())});
    return axis;
}

} // namespace

std::string stacked_bars(const StackedBars& chart) {
    std::vector<double> totals(chart.categories.size(), 0.0);
    for (const auto& set : chart.sets)
        for (std::size_t i = 0; i < totals.size(); ++i)
            totals[i] += static_cast<double>(set.values[i]);
    const double most = totals.empty() ? 1.0 : *std::max_element(totals.begin(), totals.end());
    Plot plot(chart.frame, chart.about, category_axis(chart.categories),
              linear_axis(chart.y_label, 0, most, 4));
    std::vector<double> base(totals.size(), 0.0);
    for (const auto& set : chart.sets) {
        std::string data;
        for (std::size_t i = 0; i < base.size(); ++i) {
            const double next = base[i] + static_cast<double>(set.values[i]),
                         at = static_cast<double>(i);
            if (set.values[i] > 0)
                data +=
                    text(move_to(plot.at(at - 0.36, base[i])), 'V', coordinate(plot.y()(next)), 'H',
                         coordinate(plot.x()(at + 0.36)), 'V', coordinate(plot.y()(base[i])), 'Z');
            base[i] = next;
        }
        plot.svg().path(data, "bars " + set.style);
    }
    plot.legend(keys_of(chart.sets));
    return std::move(plot).finish();
}

std::string forest_chart(const Forest& chart) {
    constexpr double row_height = 26;
    const Frame frame{.width = 440,
                      .height = 64 + row_height * static_cast<double>(chart.rows.size()),
                      .left = 84,
                      .right = 92,
                      .top = 22,
                      .bottom = 46};
    Plot plot(frame, chart.about, chart.x, Axis{.low = 0, .high = 1});
    const double floor = frame.height - frame.bottom;
    if (chart.reference >= chart.x.low && chart.reference <= chart.x.high)
        plot.svg().line({plot.x()(chart.reference), frame.top - 6},
                        {plot.x()(chart.reference), floor}, "reference");
    double at = frame.top + row_height / 2 - 6;
    const auto inside = [&](double v) {
        return plot.x()(std::clamp(v, chart.x.low, chart.x.high));
    };
    for (const auto& row : chart.rows) {
        plot.svg().words({frame.left - 10, at + 4}, row.name,
                         row.total ? "tick e strong" : "tick e");
        plot.svg().words({frame.width - 2, at + 4}, row.note, "tick e");
        if (std::isfinite(row.estimate)) {
            plot.svg().line({inside(row.lower), at}, {inside(row.upper), at}, "whisker c1");
            const double x = inside(row.estimate), r = row.total ? 7 : 5;
            plot.svg().path(text(move_to({x - r, at}), line_to({x, at - r}), line_to({x + r, at}),
                                 line_to({x, at + r}), 'Z'),
                            row.total ? "bars c1" : "bars c1 soft");
        }
        at += row_height;
    }
    return std::move(plot).finish();
}

} // namespace salus::report
