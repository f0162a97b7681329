#pragma once

#include "stages/report/scale.hpp"
#include "stages/report/svg.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace salus::report {

/// Outer size of a picture and the margins around its axes, in drawing units.
struct Frame {
    double width = 440, height = 300;
    double left = 58, right = 14, top = 34, bottom = 46;
};

/// What names a picture: the title that is drawn, and the sentence that is read instead of it.
struct PlotText {
    std::string title;
    std::string label;
    std::string style; // further classes of the svg element
};

/// A picture with two axes; the constructor draws grid, ticks and titles.
class Plot {
public:
    Plot(const Frame& frame, const PlotText& about, const Axis& x, const Axis& y);

    Point at(double x, double y) const { return {x_(x), y_(y)}; }
    const Scale& x() const noexcept { return x_; }
    const Scale& y() const noexcept { return y_; }
    Svg& svg() noexcept { return svg_; }
    const Frame& frame() const noexcept { return frame_; }
    /// A row of keys (style, words) at the upper right, above the axes.
    void legend(const std::vector<std::pair<std::string, std::string>>& keys) {
        svg_.keys({frame_.width - frame_.right, 16}, keys);
    }
    std::string finish() && { return std::move(svg_).finish(); }

private:
    void draw_axes(const Axis& x, const Axis& y);

    Frame frame_;
    Svg svg_;
    Scale x_, y_;
};

/// Path data through the points; empty for none.
std::string polyline(const Plot& plot, const std::vector<Point>& points);

} // namespace salus::report
