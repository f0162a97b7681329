#include "stages/report/chart_regional.hpp"

#include "base/text.hpp"

#include "stages/report/chart_manhattan.hpp"
#include "stages/report/numbers.hpp"
#include "stages/report/plot.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <utility>

namespace salus::report {
namespace {

constexpr std::array<std::pair<const char*, const char*>, 5> ld_colours = {
    {{"g0", "r\u00b2 < 0.2"},
     {"g6", "0.2 \u2013 0.4"},
     {"g3", "0.4 \u2013 0.6"},
     {"g5", "0.6 \u2013 0.8"},
     {"g2", "\u2265 0.8"}}};
constexpr std::size_t most_rings = 200;
constexpr double place_size = 2; // drawing units; half a dot
constexpr Frame wide_frame{
    .width = 900, .height = 360, .left = 56, .right = 10, .top = 44, .bottom = 76};

std::size_t colour_of(double r2) {
    return std::isnan(r2) ? 0 : static_cast<std::size_t>(std::clamp(r2, 0.0, 0.999) * 5);
}

Axis position_axis(const RegionalChart& chart) {
    Axis axis{.label = text("Position on chromosome ", short_chromosome(chart.chromosome), " (Mb)"),
              .low = chart.start / 1e6,
              .high = chart.end / 1e6};
    auto ticks = nice_ticks(axis.low, axis.high, 6);
    std::erase_if(ticks, [&](double at) { return at < axis.low || at > axis.high; });
    const double step = ticks.size() > 1 ? ticks[1] - ticks[0] : 0.1;
    for (std::size_t i = 0; i < ticks.size(); ++i)
        axis.ticks.push_back(
            {.at = ticks[i], .label = tick_label(ticks[i], step), .minor = i % 2 != 0});
    return axis;
}

Axis height_axis(const char* label, double top) {
    Axis axis = linear_axis(label, 0, top, 4);
    axis.high = top;
    std::erase_if(axis.ticks, [&](const Tick& tick) { return tick.at > top; });
    return axis;
}

// Dots by colour, those of stronger LD on top; a place holds one dot, of the strongest LD.
void draw_dots(Plot& plot, const RegionalChart& chart) {
    std::array<std::string, ld_colours.size()> layers;
    std::set<std::pair<long, long>> taken;
    for (std::size_t colour = ld_colours.size(); colour-- > 0;)
        for (const RegionVariant& variant : chart.variants) {
            if (colour_of(variant.r2) != colour) continue;
            const Point at = plot.at(variant.position / 1e6, variant.neg_log10_p);
            if (!taken.emplace(std::lround(at.x / place_size), std::lround(at.y / place_size))
                     .second)
                continue;
            layers[colour] += text('M', coordinate(at.x), ' ', coordinate(at.y), "h0");
        }
    for (std::size_t c = 0; c < ld_colours.size(); ++c)
        plot.svg().path(layers[c], text("dots ", c == 0 ? "" : "c2 ", ld_colours[c].first));
}

std::vector<const RegionVariant*> ringed(const RegionalChart& chart) {
    std::vector<const RegionVariant*> found;
    for (const RegionVariant& variant : chart.variants)
        if (variant.in_set) found.push_back(&variant);
    if (found.size() > most_rings) found.clear();
    return found;
}

} // namespace

std::string regional_chart(const RegionalChart& chart) {
    double largest = chart.genome_wide;
    for (const RegionVariant& variant : chart.variants)
        largest = std::max(largest, variant.neg_log10_p);
    const auto rings = ringed(chart);
    const PlotText about{.title = text("Locus of ", chart.trait),
                         .label =
                             text(with_thousands(chart.variants.size()),
                                  " variants; the largest \u2212log10 p is ", decimal(largest, 1),
                                  "; ", rings.size(), " of them in credible sets have rings"),
                         .style = "wide"};
    Plot plot(wide_frame, about, position_axis(chart),
              height_axis("\u2212log\u2081\u2080 p", 1.12 * largest));
    const double line = plot.y()(chart.genome_wide);
    plot.svg().line({wide_frame.left, line}, {wide_frame.width - wide_frame.right, line},
                    "threshold");
    draw_dots(plot, chart);
    for (const RegionVariant* variant : rings)
        plot.svg().circle(plot.at(variant->position / 1e6, variant->neg_log10_p), 5.5, "ring");
    for (const RegionVariant& variant : chart.variants) {
        if (!variant.index) continue;
        const Point at = plot.at(variant.position / 1e6, variant.neg_log10_p);
        plot.svg().path(text('M', coordinate(at.x), ' ', coordinate(at.y - 8), "l6 8l-6 8l-6-8z"),
                        "ring");
    }
    return std::move(plot).finish();
}

std::string inclusion_chart(const RegionalChart& chart) {
    std::size_t likely = 0;
    bool known = false;
    for (const RegionVariant& variant : chart.variants) {
        known = known || !std::isnan(variant.pip);
        likely += variant.pip >= 0.5;
    }
    if (!known) return {};
    Frame frame = wide_frame;
    frame.height = 240;
    const PlotText about{.title = text("Inclusion probabilities for ", chart.trait),
                         .label = text(likely, " variants have a probability of 0.5 or more"),
                         .style = "wide"};
    Plot plot(frame, about, position_axis(chart), height_axis("Inclusion probability", 1.05));
    std::array<std::string, ld_colours.size()> layers;
    for (const RegionVariant& variant : chart.variants) {
        if (!(variant.pip >= 0.03)) continue; // lower ones are not seen
        const Point top = plot.at(variant.position / 1e6, variant.pip);
        layers[colour_of(variant.r2)] +=
            text('M', coordinate(top.x), ' ', coordinate(plot.y()(0)), 'V', coordinate(top.y));
    }
    for (std::size_t c = 0; c < ld_colours.size(); ++c)
        plot.svg().path(layers[c], text("dots ", ld_colours[c].first));
    return std::move(plot).finish();
}

std::string ld_legend() {
    std::string out = "<ul class=\"legend\">";
    for (const auto& [style, words] : ld_colours)
        out += text("<li><i class=\"", style, "\"></i>", html_escape(words), "</li>");
    return out + "</ul>\n";
}

} // namespace salus::report
