#include "base/text.hpp"

#include "stages/report/html.hpp"
#include "stages/report/numbers.hpp"
#include "stages/report/sections.hpp"

#include <algorithm>

namespace salus::report {
namespace {

/// How the cohort divides in one respect.
std::string division(const std::string& what, const std::vector<std::string>& names,
                     const std::vector<std::uint64_t>& counts, const ReportData& data) {
    HtmlTable table{.caption = "Samples by " + what,
                    .columns = {{capitalised(what)}, {"Samples", true}, {"Share", true}},
                    .rows = {}};
    const auto cells = people_cells(counts, data.min_cell);
    for (std::size_t i = 0; i < names.size(); ++i) {
        const bool shown = cells[i] == with_thousands(counts[i]);
        const double share =
            static_cast<double>(counts[i]) / static_cast<double>(data.cohort->samples);
        table.rows.push_back({names[i], cells[i], shown ? percent(share) : "\u2013"});
    }
    return to_html(table);
}

std::string composition(const ReportData& data) {
    const Cohort& cohort = *data.cohort;
    std::vector<std::string> names;
    std::vector<std::uint64_t> counts;
    std::vector<Counted> groups = cohort.groups;
    std::sort(groups.begin(), groups.end(),
              [](const Counted& a, const Counted& b) { return a.name < b.name; });
    for (const auto& group : groups) {
        names.push_back(group.name);
        counts.push_back(group.count);
    }
    return text("<div class=\"row three\">\n",
                division("recorded sex", {"Female", "Male", "Not given"},
                         {cohort.sexes[2], cohort.sexes[1], cohort.sexes[0]}, data),
                division("group", names, counts, data),
                division("health record", {"Linked", "Not linked"},
                         {cohort.with_record, cohort.samples - cohort.with_record}, data),
                "</div>\n");
}

std::string case_share(const TraitCohort& trait, std::uint64_t min_cell) {
    const auto cells = people_cells(std::vector{trait.cases, trait.n - trait.cases}, min_cell);
    if (trait.n == 0 || cells[0] != with_thousands(trait.cases)) return cells[0];
    return text(cells[0], " (",
                percent(static_cast<double>(trait.cases) / static_cast<double>(trait.n)), ")");
}

std::string traits_table(const Cohort& cohort, std::uint64_t min_cell) {
    HtmlTable table{.caption = "Traits",
                    .columns = {{"Trait"},
                                {"Kind"},
                                {"People", true},
                                {"Cases", true},
                                {"Mean", true},
                                {"SD", true},
                                {"Unit"}},
                    .rows = {}};
    for (const auto& trait : cohort.traits) {
        const bool binary = trait.kind == "binary",
                   measured_trait = trait.kind == "quantitative" && trait.n >= min_cell;
        table.rows.push_back({capitalised(trait_label(trait.name)), kind_label(trait.kind),
                              people(trait.n, min_cell), binary ? case_share(trait, min_cell) : "",
                              measured_trait ? measured(trait.mean, 4) : "",
                              measured_trait ? measured(trait.sd) : "",
                              measured_trait ? trait.unit : ""});
    }
    return to_html(table);
}

} // namespace

std::string cohort_section(const ReportData& data) {
    if (!data.cohort) return {};
    const Cohort& cohort = *data.cohort;
    std::string body =
        paragraph(text(with_thousands(cohort.samples), " sequenced samples, of whom ",
                       people(cohort.with_record, data.min_cell),
                       " have a linked health record. Numbers of people from 1 to ",
                       data.min_cell - 1, " are shown as <", data.min_cell, "."));
    body += composition(data);
    body += traits_table(cohort, data.min_cell);
    if (!cohort.covariates.empty()) {
        std::vector<std::string> names;
        for (const auto& name : cohort.covariates)
            names.push_back(trait_label(name));
        body += paragraph("Covariates: " + enumerate(names) + ".", "quiet");
    }
    return section("cohort", "Cohort", body);
}

} // namespace salus::report
