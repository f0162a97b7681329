#include "base/text.hpp"

#include "stages/report/charts.hpp"
#include "stages/report/html.hpp"
#include "stages/report/numbers.hpp"
#include "stages/report/quality_tests.hpp"

#include <algorithm>
#include <cmath>

namespace salus::report {
namespace {

constexpr std::size_t curves_max = 8; // colours g1 to g8

struct Curve {
    std::string name;
    std::vector<std::uint64_t> counts; // by -log10 p, as in TestTail
};

std::string legend(const std::vector<Curve>& curves) {
    std::string out = "<ul class=\"legend\">\n";
    for (std::size_t c = 0; c < curves.size(); ++c)
        out += text("<li><i class=\"g", c + 1, "\"></i>", html_escape(curves[c].name), "</li>\n");
    return out + "</ul>\n";
}

/// Share of variants whose -log10 p is at least x.
std::vector<Point> share_above(const Curve& curve) {
    std::uint64_t total = 0;
    for (const std::uint64_t n : curve.counts)
        total += n;
    std::vector<Point> points;
    std::uint64_t left = total;
    for (std::size_t b = 0; b < curve.counts.size() && left > 0; ++b) {
        points.push_back(
            {0.5 * static_cast<double>(b), static_cast<double>(left) / static_cast<double>(total)});
        left -= curve.counts[b];
    }
    return points;
}

/// Curves of how many variants lie beyond each level, with what chance would give.
std::string tail_figure(const PlotText& about, std::vector<Curve> curves,
                        const std::string& caption) {
    if (curves.size() > curves_max) curves.resize(curves_max);
    double least = 0.1;
    XyChart chart{.about = about,
                  .x = linear_axis("\u2212log\u2081\u2080 p", 0, 20, 5),
                  .y = {},
                  .series = {}};
    for (std::size_t c = 0; c < curves.size(); ++c) {
        auto points = share_above(curves[c]);
        if (points.empty()) continue;
        least = std::min(least, points.back().y);
        chart.series.push_back(
            {.name = {}, .style = text("g", c + 1), .points = std::move(points)});
    }
    if (chart.series.empty()) return {};
    chart.y = decade_axis("Share of variants beyond", least, 1);
    Series chance{.name = {}, .style = "reference", .points = {}};
    const double end = std::min(20.0, -std::log10(chart.y.low));
    chance.points = {{0, 1}, {end, std::pow(10.0, -end)}};
    chart.series.push_back(std::move(chance));
    return figure(xy_chart(chart), caption) + legend(curves);
}

std::vector<Curve> curves_of(const QualityTests& tests, const std::string& kind) {
    std::vector<Curve> curves;
    for (const TestTail& tail : tests.tails)
        if (tail.kind == kind) curves.push_back({tail.name, tail.counts});
    return curves;
}

/// Groups of fewer than `min_cell` people are left out.
std::string group_figure(const VariantQuality& variants, const SampleSets& sets,
                         std::uint64_t min_cell) {
    std::vector<Curve> curves = curves_of(variants.tests, "group");
    std::erase_if(curves, [&](const Curve& curve) {
        return std::any_of(sets.sets.begin(), sets.sets.end(), [&](const auto& set) {
            return set.kind == "group" && set.name == curve.name && set.samples < min_cell;
        });
    });
    if (curves.empty()) return {};
    curves.insert(curves.begin(), {"all samples together", variants.hwe});
    return tail_figure(
        {.title = "Hardy\u2013Weinberg by ancestry group",
         .label = "Share of variants beyond each level of the Hardy-Weinberg test, by group",
         .style = {}},
        std::move(curves),
        "Share of variants that depart from Hardy\u2013Weinberg proportions by at least so much. "
        "The dashed line is chance. Where the curve of all samples lies far above those of the "
        "groups, mixed "
        "ancestry and not genotyping is the reason.");
}

std::string comparison_figure(const QualityTests& tests) {
    std::vector<Curve> curves;
    for (const TestTail& tail : tests.tails) {
        if (tail.name == "batch_missing_neg_log10_p")
            curves.push_back({"call rate, between batches", tail.counts});
        if (tail.name == "batch_frequency_neg_log10_p")
            curves.push_back({"allele frequency, between batches", tail.counts});
        if (tail.name == "case_missing_neg_log10_p")
            curves.push_back({"missing calls, cases against controls", tail.counts});
    }
    if (curves.empty()) return {};
    return tail_figure(
        {.title = "Differences between batches",
         .label = "Share of variants beyond each level of the tests between batches and between "
                  "cases and controls",
         .style = {}},
        std::move(curves),
        "Share of variants that differ by at least so much. The dashed line is chance; a curve "
        "above it shows that batches, or cases and controls, were not genotyped alike.");
}

std::string mendel_figure(const QualityTests& tests, const SampleSets& sets) {
    if (sets.trios == 0) return {};
    Histogram chart{.about = {.title = "Mendel errors of variants",
                              .label = "Histogram of the number of trios in error per variant",
                              .style = {}},
                    .x = linear_axis("Trios in error", 0, 11, 11),
                    .y = {},
                    .edges = {},
                    .sets = {{.name = "", .style = "c1", .heights = {}}}};
    auto& heights = chart.sets[0].heights;
    heights.assign(tests.mendel.begin(), tests.mendel.end());
    for (std::size_t b = 0; b <= tests.mendel.size(); ++b)
        chart.edges.push_back(static_cast<double>(b));
    chart.y = decade_axis("Variants", 1,
                          std::max(10.0, *std::max_element(heights.begin(), heights.end())));
    chart.y.low = 0.5;
    const double rate = sets.judged == 0
                            ? unknown
                            : static_cast<double>(sets.errors) / static_cast<double>(sets.judged);
    return figure(histogram_chart(chart),
                  text("Variants by the number of trios whose calls contradict each other, of ",
                       with_thousands(sets.trios), " trios; the bar of 10 holds all above. ",
                       percent(rate, 3), " of the calls of a child cannot come from its parents."));
}

std::string sets_html(const SampleSets& sets, const std::string& kind, const std::string& caption,
                      std::uint64_t min_cell) {
    HtmlTable table{.caption = caption,
                    .columns = {{capitalised(kind)},
                                {"Samples", true},
                                {"Passed", true},
                                {"Call rate", true},
                                {"Heterozygosity", true}},
                    .rows = {}};
    std::vector<std::uint64_t> sizes;
    for (const auto& set : sets.sets)
        if (set.kind == kind) sizes.push_back(set.samples);
    const auto cells = people_cells(sizes, min_cell);
    std::size_t i = 0;
    for (const auto& set : sets.sets) {
        if (set.kind != kind) continue;
        const bool small = set.samples < min_cell ||
                           (set.passed != set.samples && set.samples - set.passed < min_cell);
        table.rows.push_back(
            {set.name, cells[i++], small ? "not shown" : with_thousands(set.passed),
             set.samples < min_cell ? "not shown" : percent(set.call_rate, 2),
             set.samples < min_cell ? "not shown" : percent(set.heterozygosity, 2)});
    }
    return to_html(table);
}

} // namespace

std::string quality_tests_body(const Quality& quality, std::uint64_t min_cell) {
    const QualityTests& tests = quality.variants.tests;
    const SampleSets& sets = quality.samples.sets;
    std::vector<std::string> figures;
    for (std::string one : {group_figure(quality.variants, sets, min_cell),
                            comparison_figure(tests), mendel_figure(tests, sets)})
        if (!one.empty()) figures.push_back("<div>" + std::move(one) + "</div>");
    std::string body = figures.empty() ? "" : figure_row(figures);
    const std::string tables = sets_html(sets, "batch", "Samples by batch", min_cell) +
                               sets_html(sets, "group", "Samples by ancestry group", min_cell);
    if (!tables.empty()) body += "<div class=\"row\">\n" + tables + "</div>\n";
    return body;
}

} // namespace salus::report
