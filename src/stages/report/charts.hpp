#pragma once

#include "stages/report/plot.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace salus::report {

/// One set of values of an XY picture. Styles: "c1", "c2" ... (page style sheet).
struct Series {
    enum class Mark { line, dots, band, error_bars };
    std::string name;  // in the legend if not empty
    std::string style; // colour class
    Mark mark = Mark::line;
    std::vector<Point> points;        // line, dots, error_bars; upper edge of a band
    std::vector<double> lower, upper; // error_bars: limits of y; band: `lower` is its lower edge
};

struct XyChart {
    PlotText about;
    Axis x, y;
    std::vector<Series> series;
    bool diagonal = false;   // y = x for reference
    std::string corner = {}; // words in the lower right corner, e.g. "AUC 0.71"
    Frame frame = {};
};
std::string xy_chart(const XyChart& chart);

/// Counts in neighbouring bins. With several sets they are drawn over one another, translucent.
struct Histogram {
    PlotText about;
    Axis x, y;
    std::vector<double> edges; // one more than counts of each set
    struct Set {
        std::string name, style;
        std::vector<double> heights;
    };
    std::vector<Set> sets;
    Frame frame = {};
};
std::string histogram_chart(const Histogram& chart);

/// Stacked columns, one per category; the first set is at the bottom.
struct StackedBars {
    PlotText about;
    std::string y_label;
    std::vector<std::string> categories;
    struct Set {
        std::string name, style;
        std::vector<std::uint64_t> values;
    };
    std::vector<Set> sets;
    Frame frame = {.width = 900, .height = 330, .left = 84, .right = 14, .top = 44, .bottom = 74};
};
std::string stacked_bars(const StackedBars& chart);

/// Rows of estimates with confidence intervals.
struct Forest {
    PlotText about;
    Axis x;
    double reference = 0; // a vertical line: no effect
    struct Row {
        std::string name, note; // left and right of the interval
        double estimate = 0, lower = 0, upper = 0;
        bool total = false; // drawn as a diamond
    };
    std::vector<Row> rows;
};
std::string forest_chart(const Forest& chart);

} // namespace salus::report
