#include "base/text.hpp"

#include "stages/report/chart_manhattan.hpp"
#include "stages/report/charts.hpp"
#include "stages/report/findings.hpp"
#include "stages/report/html.hpp"
#include "stages/report/numbers.hpp"
#include "stages/report/quality_tests.hpp"
#include "stages/report/sections.hpp"

#include <algorithm>
#include <cmath>

namespace salus::report {
namespace {

std::vector<double> even_edges(double low, double high, std::size_t bins) {
    std::vector<double> edges;
    for (std::size_t i = 0; i <= bins; ++i)
        edges.push_back(low + (high - low) * static_cast<double>(i) / static_cast<double>(bins));
    return edges;
}

/// Counts on a log scale: bins start at 0.5, so that a count of one still shows.
Histogram count_histogram(PlotText about, Axis x, std::vector<double> edges,
                          const std::vector<std::uint64_t>& counts) {
    std::vector<double> heights(counts.begin(), counts.end());
    const double most = std::max(10.0, *std::max_element(heights.begin(), heights.end()));
    Axis y = decade_axis("Variants", 1, most);
    y.low = 0.5;
    return {.about = std::move(about),
            .x = std::move(x),
            .y = std::move(y),
            .edges = std::move(edges),
            .sets = {{.name = "", .style = "c1", .heights = std::move(heights)}}};
}

std::string call_rate_figure(const VariantQuality& v) {
    const auto svg = histogram_chart(count_histogram(
        {.title = "Call rate of variants", .label = "Histogram from 90 to 100 per cent"},
        percent_axis("Call rate", 0.90, 1.0, 5), even_edges(0.90, 1.0, v.call_rate.size()),
        v.call_rate));
    return figure(svg, "Share of samples with a called genotype, per variant. The first bar holds "
                       "all variants below 90.25 %.");
}

std::string frequency_figure(const VariantQuality& v) {
    std::size_t first = 0;
    while (first + 5 < v.frequency.size() && v.frequency[first] == 0)
        ++first;
    first = first / 4 * 4;
    std::vector<double> edges;
    for (std::size_t i = first; i <= v.frequency.size(); ++i)
        edges.push_back(std::pow(10.0, -7.0 + 0.25 * static_cast<double>(i)));
    const std::vector<std::uint64_t> counts(
        v.frequency.begin() + static_cast<std::ptrdiff_t>(first), v.frequency.end());
    const auto svg = histogram_chart(
        count_histogram({.title = "Allele frequency spectrum",
                         .label = "Histogram of the minor allele frequency on a log scale"},
                        decade_axis("Minor allele frequency", edges.front(), 1.0), edges, counts));
    return figure(svg, text("Minor allele frequency, four bars per power of ten. ",
                            with_thousands(v.monomorphic),
                            " variants without a minor allele are left out."));
}

std::string hwe_figure(const VariantQuality& v) {
    const auto svg = histogram_chart(count_histogram(
        {.title = "Hardy-Weinberg test", .label = "Histogram of -log10 p from 0 to 20"},
        linear_axis("\u2212log\u2081\u2080 p (exact test)", 0, 20, 5),
        even_edges(0, 20, v.hwe.size()), v.hwe));
    return figure(svg, "Departure from Hardy\u2013Weinberg proportions, per variant. The last bar "
                       "holds all above 19.5.");
}

/// Bars of few people are left out.
std::string inbreeding_figure(const SampleQuality& samples, std::uint64_t min_cell) {
    if (samples.inbreeding.empty()) return {};
    std::vector<std::uint64_t> counts = samples.inbreeding;
    for (auto& count : counts)
        if (count < min_cell) count = 0;
    Histogram chart = count_histogram({.title = "Inbreeding coefficient of samples",
                                       .label = "Histogram of F from -0.4 to 0.4",
                                       .style = {}},
                                      linear_axis("Inbreeding coefficient F", -0.4, 0.4, 5),
                                      even_edges(-0.4, 0.4, counts.size()), counts);
    chart.y.label = "Samples";
    return figure(
        histogram_chart(chart),
        text(
            "Heterozygosity of samples against expectation: below 0 a contaminated sample, above 0 "
            "related parents or mixed ancestries. Bars of fewer than ",
            min_cell, " are left out."));
}

std::string chromosome_figure(const VariantQuality& v) {
    StackedBars chart{.about = {.title = "Variants by chromosome",
                                .label = "Stacked columns of variants that pass and fail",
                                .style = "wide"},
                      .y_label = "Variants",
                      .categories = {},
                      .sets = {{"pass", "c1", {}}, {"fail", "c2", {}}}};
    for (const auto& one : v.chromosomes) {
        chart.categories.push_back(short_chromosome(one.name));
        chart.sets[0].values.push_back(one.pass);
        chart.sets[1].values.push_back(one.fail);
    }
    return figure(stacked_bars(chart),
                  "Variants by chromosome, and how many of them fail a threshold.", true);
}

std::string reasons_table(const std::string& caption, const std::string& what,
                          std::vector<Counted> reasons, std::uint64_t min_cell) {
    std::stable_sort(reasons.begin(), reasons.end(),
                     [](const auto& a, const auto& b) { return a.count > b.count; });
    HtmlTable table{.caption = caption, .columns = {{"Reason"}, {what, true}}, .rows = {}};
    std::vector<std::uint64_t> counts;
    for (const auto& reason : reasons)
        counts.push_back(reason.count);
    const auto cells = people_cells(counts, min_cell);
    for (std::size_t i = 0; i < reasons.size(); ++i)
        table.rows.push_back({capitalised(reason_label(reasons[i].name)), cells[i]});
    return to_html(table);
}

} // namespace

std::string quality_section(const ReportData& data) {
    if (!data.quality) return {};
    const auto& variants = data.quality->variants;
    const auto& samples = data.quality->samples;
    std::string body = paragraph(text(
        with_thousands(variants.passed), " of ", with_thousands(variants.total), " variants and ",
        with_thousands(samples.passed), " of ", with_thousands(samples.total),
        " samples pass every threshold. Nothing is deleted: the marks of each sample and "
        "variant, with the reason, are in quality.h5."));
    if (!variants.chromosomes.empty()) body += chromosome_figure(variants);
    body += figure_row({call_rate_figure(variants), frequency_figure(variants),
                        hwe_figure(variants), inbreeding_figure(samples, data.min_cell)});
    body += quality_tests_body(*data.quality, data.min_cell);
    body += "<div class=\"row\">\n" +
            reasons_table("Variants marked, by reason", "Variants", variants.reasons, 0) +
            reasons_table("Samples marked, by reason", "Samples", samples.reasons, data.min_cell) +
            "</div>\n";
    if (samples.reasons.empty()) body += paragraph("No sample is marked.", "quiet");
    body += paragraph(
        "A variant or sample may be marked for several reasons and is then counted in each.",
        "quiet");
    return section("quality", "Quality", body);
}

} // namespace salus::report
