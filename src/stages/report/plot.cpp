#include "stages/report/plot.hpp"

#include "base/text.hpp"

namespace salus::report {

Plot::Plot(const Frame& frame, const PlotText& about, const Axis& x, const Axis& y)
    : frame_(frame),
      svg_(frame.width, frame.height, text(about.title, ". ", about.label), about.style),
      x_{.low = x.low,
         .high = x.high,
         .from = frame.left,
         .to = frame.width - frame.right,
         .scaling = x.scaling},
      y_{.low = y.low,
         .high = y.high,
         .from = frame.height - frame.bottom,
         .to = frame.top,
         .scaling = y.scaling} {
    draw_axes(x, y);
}

void Plot::draw_axes(const Axis& x, const Axis& y) {
    const double floor = frame_.height - frame_.bottom, right = frame_.width - frame_.right;
    for (const auto& tick : y.ticks) {
        const double at = y_(tick.at);
        svg_.line({frame_.left, at}, {right, at}, "grid");
        if (!tick.label.empty())
            svg_.words({frame_.left - 8, at + 4}, tick.label,
                       tick.minor ? "tick e minor" : "tick e");
    }
    for (const auto& tick : x.ticks) {
        if (tick.label.empty()) continue;
        svg_.words({x_(tick.at), floor + (frame_.bottom > 60 ? 34 : 18)}, tick.label,
                   tick.minor ? "tick m minor" : "tick m");
    }
    svg_.line({frame_.left, floor}, {right, floor}, "axis");
    svg_.words({2, 16}, y.label, "name");
    svg_.words({right, frame_.height - 6}, x.label, "name e");
}

std::string polyline(const Plot& plot, const std::vector<Point>& points) {
    std::string data;
    for (const auto& p : points) {
        const Point q = plot.at(p.x, p.y);
        data += text(data.empty() ? 'M' : 'L', coordinate(q.x), ' ', coordinate(q.y));
    }
    return data;
}

} // namespace salus::report
