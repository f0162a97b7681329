#include "base/text.hpp"

#include "stages/report/charts.hpp"
#include "stages/report/html.hpp"
#include "stages/report/numbers.hpp"
#include "stages/report/sections.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace salus::report {
namespace {

constexpr std::size_t group_colours = 8;

/// Largest groups have a colour of their own; further ones, and unassigned samples, are grey.
std::string colour(std::size_t group, const StructureGroup& g) {
    return group < group_colours && g.name != "unassigned" ? text("g", group + 1) : "g0";
}

std::string group_name(const StructureGroup& group) {
    return group.name.empty()           ? "Not known"
           : group.name == "unassigned" ? "Unassigned"
                                        : group.name;
}

/// Round axis around all places, with a little room.
Axis axis_around(std::string label, const std::vector<StructureGroup>& groups,
                 std::vector<Place> StructureGroup::*places, double Place::*member) {
    double low = 0, high = 0;
    for (const auto& group : groups)
        for (const Place& at : group.*places) {
            low = std::min(low, at.*member);
            high = std::max(high, at.*member);
        }
    return linear_axis(std::move(label), low, high, 5);
}

Series dots_of(const std::vector<Place>& places, std::string style) {
    Series series{.name = {},
                  .style = std::move(style),
                  .mark = Series::Mark::dots,
                  .points = {},
                  .lower = {},
                  .upper = {}};
    for (const Place& at : places)
        series.points.push_back({at.x, at.y});
    return series;
}

std::string scatter(const Structure& s, std::vector<Place> StructureGroup::*places, int first) {
    const auto name = [&](int k) {
        const auto& [value, share] = s.eigenvalues[static_cast<std::size_t>(k - 1)];
        static_cast<void>(value);
        return text("Component ", k, " (", percent(share), ")");
    };
    XyChart chart{.about = {.title = text("Components ", first, " and ", first + 1),
                            .label = "Scatter plot of samples, coloured by group",
                            .style = {}},
                  .x = axis_around(name(first), s.groups, places, &Place::x),
                  .y = axis_around(name(first + 1), s.groups, places, &Place::y),
                  .series = {},
                  .frame = {.height = 340}};
    for (const bool grey : {true, false}) // small groups on top of large ones
        for (std::size_t g = 0; g < s.groups.size(); ++g)
            if ((colour(g, s.groups[g]) == "g0") == grey)
                chart.series.push_back(dots_of(s.groups[g].*places, colour(g, s.groups[g])));
    return xy_chart(chart);
}

std::string scatter_figure(const Structure& s, std::vector<Place> StructureGroup::*places,
                           int first) {
    const bool any = std::any_of(s.groups.begin(), s.groups.end(),
                                 [&](const auto& group) { return !(group.*places).empty(); });
    if (!any) return {};
    return figure(
        scatter(s, places, first),
        "Each dot is a sample, or several that fall on one spot. In brackets the share of "
        "the variance of all genotypes.");
}

std::string legend(const Structure& s, std::uint64_t min_cell) {
    if (!s.has_groups) return {};
    std::string out = "<ul class=\"legend\">\n";
    bool others = false;
    for (std::size_t g = 0; g < s.groups.size(); ++g) {
        const auto& group = s.groups[g];
        if (group.count < min_cell) continue;
        const std::string style = colour(g, group);
        const bool grey = style == "g0" && group.name != "unassigned";
        if (grey && std::exchange(others, true)) continue;
        out += text("<li><i class=\"", style, "\"></i>",
                    html_escape(grey ? "Other groups" : group_name(group)), "</li>\n");
    }
    return out + "</ul>\n";
}

std::string scree_figure(const Structure& s) {
    if (s.eigenvalues.empty()) return {};
    Series values{.name = {},
                  .style = "c1",
                  .mark = Series::Mark::line,
                  .points = {},
                  .lower = {},
                  .upper = {}};
    double most = 0;
    for (std::size_t k = 0; k < s.eigenvalues.size(); ++k) {
        values.points.push_back({static_cast<double>(k + 1), s.eigenvalues[k].first});
        most = std::max(most, s.eigenvalues[k].first);
    }
    Series dots = values;
    dots.mark = Series::Mark::dots;
    dots.style = "c2";
    Axis x = linear_axis("Component", 0, static_cast<double>(s.eigenvalues.size()), 5);
    const double least = std::max(1e-3, s.eigenvalues.back().first);
    return figure(
        xy_chart({.about = {.title = "Eigenvalues",
                            .label = "Eigenvalue of each component on a log scale",
                            .style = {}},
                  .x = std::move(x),
                  .y = decade_axis("Eigenvalue", least, std::max(most, 1.1 * least)),
                  .series = {values, dots}}),
        "How much each component stands out. Where the line becomes flat, components show "
        "noise.");
}

std::string groups_table(const Structure& s, std::uint64_t min_cell) {
    if (!s.has_groups) return {};
    HtmlTable table{.caption = "Ancestry groups",
                    .columns = {{"Group"}, {"Samples", true}, {"Share", true}},
                    .rows = {}};
    std::vector<std::uint64_t> counts;
    double total = 0;
    for (const auto& group : s.groups) {
        counts.push_back(group.count);
        total += static_cast<double>(group.count);
    }
    const auto shown = people_cells(counts, min_cell);
    for (std::size_t g = 0; g < counts.size(); ++g) {
        const bool whole = shown[g] == with_thousands(counts[g]);
        table.rows.push_back({group_name(s.groups[g]), shown[g],
                              whole ? percent(static_cast<double>(counts[g]) / total) : "\u2013"});
    }
    return to_html(table);
}

std::string relation_label(const std::string& relation) {
    if (relation == "duplicate_or_twin") return "One genome (duplicate or twin)";
    if (relation == "parent_child") return "Parent and child";
    if (relation == "full_siblings") return "Full siblings";
    if (relation == "second_degree") return "Second degree";
    if (relation == "third_degree") return "Third degree";
    return "Further";
}

std::string relations_table(const Structure& s, std::uint64_t min_cell) {
    HtmlTable table{
        .caption = "Related pairs", .columns = {{"Relation"}, {"Pairs", true}}, .rows = {}};
    std::vector<std::uint64_t> counts;
    for (const auto& relation : s.relations)
        counts.push_back(relation.count);
    const auto shown = people_cells(counts, min_cell);
    for (std::size_t r = 0; r < counts.size(); ++r)
        table.rows.push_back({relation_label(s.relations[r].name), shown[r]});
    return to_html(table);
}

/// Degrees of fewer than `min_cell` pairs are left out of the picture.
std::string kinship_figure(const Structure& s, std::uint64_t min_cell) {
    std::array<std::uint64_t, 5> pairs{};
    const std::array<std::size_t, 6> degree{0, 1, 1, 2, 3, 4}; // of the relations, in their order
    for (std::size_t r = 0; r < s.relations.size(); ++r)
        pairs[degree[r]] += s.relations[r].count;
    double most = 0.05;
    for (std::size_t d = 0; d < pairs.size(); ++d)
        if (pairs[d] >= min_cell)
            for (const Place& at : s.pairs[d])
                most = std::max(most, at.x);
    XyChart chart{.about = {.title = "Kinship of pairs",
                            .label = "Kinship against the share of opposite homozygotes, with the "
                                     "bands of each degree",
                            .style = {}},
                  .x = linear_axis("IBS0: share of opposite homozygotes", 0, most, 5),
                  .y = linear_axis("Kinship", 0, 0.5, 5),
                  .series = {},
                  .frame = {.height = 340}};
    for (const double cut : {0.3535533906, 0.1767766953, 0.0883883476, 0.0441941738})
        chart.series.push_back({.name = {},
                                .style = "reference",
                                .mark = Series::Mark::line,
                                .points = {{0, cut}, {chart.x.high, cut}},
                                .lower = {},
                                .upper = {}});
    const std::array<const char*, 5> styles{"g2", "g1", "g3", "g5", "g0"};
    for (std::size_t d = 0; d < pairs.size(); ++d)
        if (pairs[d] >= min_cell) chart.series.push_back(dots_of(s.pairs[d], styles[d]));
    return figure(
        xy_chart(chart),
        text("Dashed lines part one genome, first, second and third degree, from above. "
             "Parent and child lie at IBS0 near 0, siblings to the right of them. Degrees "
             "of fewer than ",
             min_cell, " pairs are left out."));
}

std::string kinship_part(const ReportData& data) {
    const Structure& s = *data.structure;
    if (!s.has_kinship) return {};
    return "<h3>Relatives</h3>\n" +
           paragraph(text(people(s.related_samples, data.min_cell),
                          " samples have a relative up to third degree in the cohort; ",
                          with_thousands(s.unrelated),
                          " samples are without relatives among each "
                          "other.")) +
           "<div class=\"row\">\n" + kinship_figure(s, data.min_cell) +
           relations_table(s, data.min_cell) + "</div>\n";
}

std::string opening(const Structure& s) {
    std::string words;
    if (s.has_ld)
        words += text(with_thousands(s.ld_kept), " of ", with_thousands(s.ld_candidates),
                      " common variants are left after pruning by linkage disequilibrium. ");
    if (s.has_components)
        words += text(s.eigenvalues.size(), " components of ", with_thousands(s.used),
                      " samples and ", with_thousands(s.variants), " variants; ",
                      with_thousands(s.samples - s.used), " further samples are projected. ");
    if (s.has_groups)
        words +=
            s.by_labels
                ? "Groups are those of a reference panel. "
                : "Groups are clusters of the samples themselves: a description, not peoples. ";
    if (s.labelled > 0)
        words += text("Of the labelled samples ",
                      percent(static_cast<double>(s.recovered) / static_cast<double>(s.labelled)),
                      " are found again by groups learnt without them, ",
                      percent(static_cast<double>(s.unclear) / static_cast<double>(s.labelled)),
                      " stay unassigned. ");
    return words.empty() ? "" : paragraph(trim(words));
}

} // namespace

std::string structure_section(const ReportData& data) {
    if (!data.structure) return {};
    const Structure& s = *data.structure;
    std::string body = opening(s);
    if (s.has_components) {
        body += legend(s, data.min_cell);
        body += figure_row({scatter_figure(s, &StructureGroup::first, 1),
                            scatter_figure(s, &StructureGroup::second, 3)});
    }
    if (s.has_components || s.has_groups)
        body += text("<div class=\"row\">\n", groups_table(s, data.min_cell), scree_figure(s),
                     "</div>\n");
    body += kinship_part(data);
    return section("structure", "Population structure", body);
}

} // namespace salus::report
