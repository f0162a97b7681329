#include "stages/report/chart_manhattan.hpp"

#include "base/text.hpp"

#include "stages/report/charts.hpp"
#include "stages/report/numbers.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

namespace salus::report {
namespace {

constexpr std::uint64_t class_tests_min = 100; // of a frequency class in the quantile plot
constexpr double dot = 2.2;                    // height of a row of dots in drawing units

Axis genome_axis(const ManhattanChart& chart) {
    const auto& spans = chart.sketch.spans();
    Axis axis{.label = "Chromosome", .low = 0, .high = static_cast<double>(GenomeSketch::columns)};
    if (!spans.empty()) axis.high = std::max(axis.high, static_cast<double>(spans.back().end));
    double labelled = -100;
    for (std::size_t i = 0; i < spans.size(); ++i) {
        const double middle = 0.5 * static_cast<double>(spans[i].begin + spans[i].end);
        const bool room = middle - labelled > 14;
        const bool many = spans.size() > 8;
        axis.ticks.push_back({.at = middle,
                              .label = room ? short_chromosome(chart.runs[i].name) : "",
                              .minor = many && i % 3 != 0});
        if (room) labelled = middle;
    }
    return axis;
}

struct Layers {
    std::string odd, even, hits;
};

/// Occupied cells of one column as vertical strokes; neighbours are joined.
void draw_column(const Plot& plot, const ManhattanChart& chart, std::size_t column, bool odd,
                 Layers& layers) {
    const double x = plot.x()(static_cast<double>(column) + 0.5), floor = plot.y().from;
    const std::size_t highest =
        std::min(significance_bins - 1, significance_bin(chart.sketch.largest()));
    const long line = std::lround((floor - plot.y()(chart.genome_wide)) / dot);
    long start = -1, last = -2;
    const auto flush = [&] {
        if (start < 0) return;
        std::string& out = last >= line ? layers.hits : odd ? layers.odd : layers.even;
        out += text('M', coordinate(x), ' ',
                    coordinate(floor - dot * (static_cast<double>(start) + 0.5)), 'v',
                    coordinate(-dot * static_cast<double>(last - start)));
    };
    for (std::size_t bin = 0; bin <= highest; ++bin) {
        if (!chart.sketch.occupied(column, bin)) continue;
        const long row = static_cast<long>((floor - plot.y()(significance_of(bin))) / dot);
        if (row == last) continue;
        if (row != last + 1 || (last < line && row >= line)) {
            flush();
            start = row;
        }
        last = row;
    }
    flush();
}

/// Rings with the number of the locus in the table, left out where they would cover one another.
void number_loci(Plot& plot, const ManhattanChart& chart) {
    std::vector<Point> placed;
    for (std::size_t i = 0; i < chart.loci.size(); ++i) {
        const Hit& hit = chart.loci[i];
        const Point at = plot.at(chart.sketch.column_of(hit.run, hit.position), hit.neg_log10_p);
        const bool crowded = std::any_of(placed.begin(), placed.end(), [&](Point p) {
            return std::abs(p.x - at.x) < 34 && std::abs(p.y - at.y) < 28;
        });
        if (crowded) continue;
        placed.push_back(at);
        plot.svg().circle(at, 4.5, "ring");
        plot.svg().words({at.x, at.y - 9}, std::to_string(i + 1), "tick m strong");
    }
}

} // namespace

std::string short_chromosome(const std::string& name) {
    return name.starts_with("chr") && name.size() > 3 ? name.substr(3) : name;
}

std::string manhattan_chart(const ManhattanChart& chart) {
    const double top = 1.12 * std::max(chart.sketch.largest(), chart.genome_wide + 0.7);
    const PlotText about{.title = "Manhattan plot of " + chart.trait,
                         .label = text(with_thousands(chart.sketch.tested()),
                                       " variants along the genome; the largest −log10 p is ",
                                       decimal(chart.sketch.largest(), 1)),
                         .style = "wide"};
    const Frame frame{
        .width = 900, .height = 410, .left = 56, .right = 10, .top = 44, .bottom = 76};
    Axis y = linear_axis("\u2212log\u2081\u2080 p", 0, top, 5);
    y.high = top;
    std::erase_if(y.ticks, [&](const Tick& tick) { return tick.at > top; });
    Plot plot(frame, about, genome_axis(chart), y);
    Layers layers;
    for (std::size_t i = 0; i < chart.sketch.spans().size(); ++i) {
        const auto span = chart.sketch.spans()[i];
        for (std::size_t column = span.begin; column < span.end; ++column)
            draw_column(plot, chart, column, i % 2 == 0, layers);
    }
    plot.svg()
        .path(layers.odd, "dots c1")
        .path(layers.even, "dots c3")
        .path(layers.hits, "dots c2");
    const double line = plot.y()(chart.genome_wide);
    plot.svg().line({frame.left, line}, {frame.width - frame.right, line}, "threshold");
    number_loci(plot, chart);
    return std::move(plot).finish();
}

namespace {

// Counts of tests per significance_bin, best first against their expected ranks.
std::vector<Point> observed_points(const std::vector<std::uint64_t>& counts) {
    std::vector<Point> points;
    const auto tests =
        static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}));
    std::uint64_t above = 0;
    double last_x = 1e300, last_y = 1e300;
    for (std::size_t bin = significance_bins; bin-- > 0;) {
        const std::uint64_t count = counts[bin];
        if (count == 0) continue;
        // Up to three tests of a bin are drawn each; more are drawn at their middle rank.
        const std::uint64_t draws = count <= 3 ? count : 1;
        for (std::uint64_t i = 0; i < draws; ++i) {
            const double rank =
                static_cast<double>(above) +
                (draws == count ? static_cast<double>(i) + 0.5 : 0.5 * static_cast<double>(count));
            const Point p{-std::log10(rank / tests), significance_of(bin)};
            if (std::abs(p.x - last_x) < 0.004 && std::abs(p.y - last_y) < 0.03) continue;
            points.push_back(p);
            last_x = p.x;
            last_y = p.y;
        }
        above += count;
    }
    return points;
}

/// The band at ranks 1, 2, 3, 5, 8, 12 ... of n.
Series null_band(std::uint64_t n) {
    Series band{.name = "", .style = "c1", .mark = Series::Mark::band};
    for (std::uint64_t k = 1; k < n; k += std::max<std::uint64_t>(1, k / 2)) {
        const auto limits = uniform_order_band(k, n);
        const double x = -std::log10((static_cast<double>(k) - 0.5) / static_cast<double>(n));
        band.points.push_back({x, -std::log10(limits.lower)});
        band.lower.push_back(-std::log10(limits.upper));
    }
    band.points.push_back({0, 0});
    band.lower.push_back(0);
    return band;
}

// One series of all tests, or one by frequency class if at least two classes have enough tests.
std::vector<Series> observed_series(const GenomeSketch& sketch) {
    constexpr std::array<std::pair<const char*, const char*>, GenomeSketch::frequency_classes>
        names = {{{"< 1 %", "g2"}, {"1 \u2013 5 %", "g5"}, {"\u2265 5 %", "c1"}}};
    std::vector<Series> series;
    for (std::size_t c = 0; c < names.size(); ++c) {
        const auto& counts = sketch.counts_of(c);
        if (std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}) < class_tests_min)
            continue;
        series.push_back({.name = text(series.empty() ? "MAF " : "", names[c].first),
                          .style = names[c].second,
                          .mark = Series::Mark::dots,
                          .points = observed_points(counts)});
    }
    if (series.size() > 1) return series;
    return {{.name = "",
             .style = "c1",
             .mark = Series::Mark::dots,
             .points = observed_points(sketch.counts())}};
}

} // namespace

std::string qq_chart(const std::string& trait, const GenomeSketch& sketch, double lambda) {
    const double n = std::max(2.0, static_cast<double>(sketch.tested()));
    const Series band = null_band(sketch.tested());
    const double x_high = std::log10(2.0 * n);
    const double y_high = std::max(sketch.largest(), band.points.front().y);
    std::vector<Series> series{band};
    for (Series& observed : observed_series(sketch))
        series.push_back(std::move(observed));
    const XyChart chart{
        .about = {.title = "Quantile-quantile plot of " + trait,
                  .label = text("Observed against expected −log10 p of ",
                                with_thousands(sketch.tested()),
                                " tests; genomic control lambda is ", decimal(lambda, 3))},
        .x = linear_axis("Expected \u2212log\u2081\u2080 p", 0, x_high, 6),
        .y = linear_axis("Observed \u2212log\u2081\u2080 p", 0, y_high, 5),
        .series = std::move(series),
        .diagonal = true,
        .corner = "\u03bb = " + decimal(lambda, 3)};
    return xy_chart(chart);
}

} // namespace salus::report
