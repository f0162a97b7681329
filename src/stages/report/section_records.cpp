#include "base/text.hpp"
#include "models/suppression.hpp"
#include "stages/report/charts.hpp"
#include "stages/report/html.hpp"
#include "stages/report/numbers.hpp"
#include "stages/report/sections.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace salus::report {
namespace {

constexpr std::size_t listed_max = 60, series_max = 8;

std::string what(const RecordQuality::Finding& finding) {
    std::string out = finding.table;
    if (!finding.field.empty()) out += text(out.empty() ? "" : ".", finding.field);
    if (finding.concept_id != 0)
        out += text(out.empty() ? "" : ", ", "concept ", finding.concept_id);
    if (!finding.site.empty()) out += text(", site ", finding.site);
    return out;
}

/// Rows at fault and their share, unless they or the rest are a small number.
std::pair<std::string, std::string> at_fault(const RecordQuality::Finding& finding,
                                             std::uint64_t min_cell) {
    const std::array cells{finding.violated, finding.examined - finding.violated};
    const auto shown = people_cells(cells, min_cell);
    const bool exact = suppress_one_way(cells, min_cell)[0] == CellRelease::shown;
    return {shown[0],
            exact ? percent(static_cast<double>(finding.violated) /
                                static_cast<double>(std::max<std::uint64_t>(1, finding.examined)),
                            2)
                  : "\u2013"};
}

std::string verdicts(const RecordQuality& quality) {
    HtmlTable table{.caption = "Checks by category",
                    .columns = {{"Category"},
                                {"Pass", true},
                                {"Warn", true},
                                {"Fail", true},
                                {"Not applicable", true}},
                    .rows = {}};
    for (const auto& row : quality.verdicts)
        table.rows.push_back({capitalised(row.category), with_thousands(row.pass),
                              with_thousands(row.warn), with_thousands(row.fail),
                              with_thousands(row.not_applicable)});
    return to_html(table);
}

std::string not_passed(const RecordQuality& quality, std::uint64_t min_cell) {
    HtmlTable table{.caption = "Checks that did not pass",
                    .columns = {{"Check"},
                                {"Of"},
                                {"Verdict"},
                                {"At fault", true},
                                {"Share", true},
                                {"Threshold", true},
                                {"Rule"},
                                {"Remark"}},
                    .rows = {}};
    for (std::size_t i = 0; i < std::min(quality.findings.size(), listed_max); ++i) {
        const auto& finding = quality.findings[i];
        const auto [count, share] = at_fault(finding, min_cell);
        table.rows.push_back({finding.check, what(finding), finding.verdict, count, share,
                              text(decimal(finding.threshold, 1), " %"), finding.rule,
                              share == "\u2013" ? "" : finding.reason});
    }
    std::string out = to_html(table);
    if (quality.findings.size() > listed_max)
        out += paragraph(text(with_thousands(quality.findings.size() - listed_max),
                              " more are in the table checks."));
    return out;
}

std::string rates(const RecordQuality& quality, std::uint64_t min_cell) {
    double first = 1e9, last = -1e9, most = 1;
    std::vector<Series> series;
    for (std::size_t s = 0; s < std::min(quality.series.size(), series_max); ++s) {
        Series curve;
        curve.name = quality.series[s].table;
        curve.style = text("g", s + 1);
        for (const auto& [month, rows] : quality.series[s].rows) {
            if (rows < min_cell) continue;
            const double year = month / 12.0;
            first = std::min(first, year);
            last = std::max(last, year);
            most = std::max(most, static_cast<double>(rows));
            curve.points.push_back({year, static_cast<double>(rows)});
        }
        if (curve.points.size() > 1) series.push_back(std::move(curve));
    }
    if (series.empty()) return {};
    const XyChart chart{
        .about = {.title = "Rows per month", .label = "Rows per month by table", .style = {}},
        .x = linear_axis("Year", first, last, 8),
        .y = decade_axis("Rows per month", 1, most),
        .series = std::move(series),
        .frame = {.width = 900, .height = 330}};
    return figure(xy_chart(chart),
                  text("Each line is a table, all sites together; months of fewer than ", min_cell,
                       " rows are left out. Jumps that are not explained by the source mean that "
                       "something was lost, added or coded differently from then on."),
                  true);
}

} // namespace

std::string records_section(const ReportData& data) {
    if (!data.records) return {};
    const RecordQuality& quality = *data.records;
    return section(
        "records", "Quality of health records",
        paragraph(
            text("Every row of the records of ", people(quality.persons, data.min_cell),
                 " people was checked. A check fails where more is at fault than its threshold "
                 "allows; a warning means faults within the threshold, or a pattern that "
                 "records of good quality rarely show.")) +
            verdicts(quality) + not_passed(quality, data.min_cell) + rates(quality, data.min_cell));
}

} // namespace salus::report
