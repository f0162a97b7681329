#include "base/text.hpp"

#include "stages/report/chart_manhattan.hpp"
#include "stages/report/charts.hpp"
#include "stages/report/findings.hpp"
#include "stages/report/html.hpp"
#include "stages/report/numbers.hpp"
#include "stages/report/sections.hpp"

#include <algorithm>

namespace salus::report {
namespace {

std::string people_of(const TraitAssociation& trait, std::uint64_t min_cell) {
    if (trait.kind != "binary" && trait.kind != "time_to_event") return people(trait.n, min_cell);
    const auto cells = people_cells(std::vector{trait.cases, trait.n - trait.cases}, min_cell);
    return text(cells[0], " / ", cells[1]);
}

std::string traits_overview(const ReportData& data) {
    HtmlTable table{.caption = "Traits tested",
                    .columns = {{"Trait"},
                                {"Kind"},
                                {"People (cases or events / others)", true},
                                {"Variants tested", true},
                                {"\u03bb", true},
                                {"Loci", true},
                                {"Strongest variant"},
                                {"p", true}},
                    .rows = {}};
    for (const auto& trait : data.association) {
        const bool any = !trait.loci.empty();
        table.rows.push_back({capitalised(trait_label(trait.name)), kind_label(trait.kind),
                              people_of(trait, data.min_cell), with_thousands(trait.tested),
                              decimal(trait.lambda, 3), with_thousands(trait.significant_loci),
                              any ? locus_label(trait.loci[0]) : "\u2013",
                              any ? p_value(trait.loci[0].neg_log10_p) : "\u2013"});
    }
    return to_html(table);
}

std::string effect_name(const TraitAssociation& trait, const std::string& unit) {
    return trait.kind == "binary"          ? "Log odds ratio"
           : trait.kind == "ordinal"       ? "Log odds ratio of higher levels"
           : trait.kind == "time_to_event" ? "Log hazard ratio"
           : unit.empty()                  ? "Beta"
                                           : text("Beta (", unit, ")");
}

/// Long insertions and deletions are cut to keep the table narrow.
std::string short_allele(const std::string& bases) {
    return bases.size() <= 8 ? bases : text(bases.substr(0, 6), "\u2026 (", bases.size(), " bp)");
}

std::string effects_figure(const TraitAssociation& trait, const std::string& unit) {
    if (trait.loci.empty()) return {};
    Forest forest{.about = {.title = "Effects of the loci on " + trait_label(trait.name),
                            .label = "Estimates with 95 % intervals",
                            .style = {}},
                  .x = {},
                  .reference = 0,
                  .rows = {}};
    double low = 0, high = 0;
    for (std::size_t i = 0; i < std::min<std::size_t>(trait.loci.size(), 8); ++i) {
        const Locus& locus = trait.loci[i];
        const double half = 1.959963984540054 * locus.standard_error;
        forest.rows.push_back({.name = text(i + 1, " \u00b7 ", short_chromosome(locus.chromosome)),
                               .note = measured(locus.beta),
                               .estimate = locus.beta,
                               .lower = locus.beta - half,
                               .upper = locus.beta + half});
        low = std::min(low, locus.beta - half);
        high = std::max(high, locus.beta + half);
    }
    forest.x = linear_axis(effect_name(trait, unit), low, high, 5);
    return figure(forest_chart(forest),
                  "Effect of one copy of the effect allele, by number and chromosome of the locus, "
                  "with 95 % intervals. "
                  "Effects of the strongest loci are overstated by being chosen.");
}

std::string loci_table(const TraitAssociation& trait, const std::string& unit) {
    HtmlTable table{.caption = "Strongest independent loci: " + trait_label(trait.name),
                    .columns = {{"Locus", true},
                                {"Position"},
                                {"Variant"},
                                {"Other"},
                                {"Effect"},
                                {"Frequency", true},
                                {effect_name(trait, unit), true},
                                {"SE", true},
                                {"\u2212log\u2081\u2080 p", true}},
                    .rows = {}};
    for (std::size_t i = 0; i < trait.loci.size(); ++i) {
        const Locus& locus = trait.loci[i];
        table.rows.push_back(
            {std::to_string(i + 1),
             text(short_chromosome(locus.chromosome), ":", with_thousands(locus.position)),
             locus.id.empty() ? "\u2013" : locus.id, short_allele(locus.other_allele),
             short_allele(locus.effect_allele), measured(locus.frequency), measured(locus.beta),
             measured(locus.standard_error), decimal(locus.neg_log10_p, 2)});
    }
    return to_html(table);
}

std::string trait_part(const ReportData& data, const TraitAssociation& trait) {
    const auto* cohort = find_trait(data, trait.name);
    const std::string label = trait_label(trait.name);
    std::string body;
    if (cohort != nullptr && !cohort->doc.empty()) body += paragraph(cohort->doc, "quiet");
    if (trait.ranked)
        body += paragraph("Values were replaced by normal quantiles of their ranks; effects are in "
                          "standard deviations.",
                          "quiet");
    if (trait.tested == 0) {
        body += paragraph("No variant could be tested for this trait.");
    } else if (trait.manhattan.empty()) {
        body += paragraph(
            "Left without pictures to keep the page small; all tests are in association.h5.");
    } else {
        body += figure(
            trait.manhattan,
            text(
                "Each dot is a variant, placed along the genome; height is the strength of "
                "evidence. Dots above the dashed "
                "line (p < ",
                p_value(data.genome_wide),
                ") are genome-wide significant; rings carry the number of the locus in the table."),
            true);
        const std::string unit = trait.ranked ? "SD" : cohort == nullptr ? "" : cohort->unit;
        body += figure_row(
            {figure(trait.qq, "Observed against expected evidence. Shaded: where 95 % of tests "
                              "would lie if no variant mattered; classes of minor allele frequency "
                              "(MAF), where there are several, are compared with their own ranks. "
                              "\u03bb near 1 means that the test statistics are not inflated."),
             effects_figure(trait, unit)});
        body += loci_table(trait, unit);
    }
    return section(anchor("association", trait.name), capitalised(label), body, 3);
}

} // namespace

std::string anchor(const std::string& section_name, const std::string& trait) {
    return section_name + "-" + trait;
}

std::string association_section(const ReportData& data) {
    if (data.association.empty()) return {};
    std::string body = paragraph(text(
        "Every variant is tested for association with every trait, one copy of the effect allele "
        "(ALT) at a time, adjusted for the covariates. Loci are lead variants at least ",
        with_thousands(data.locus_distance / 1000), " kb apart."));
    body += traits_overview(data);
    for (const auto& [name, reason] : data.skipped)
        body += paragraph(
            text(capitalised(trait_label(name)), " could not be analysed: ", reason, "."), "quiet");
    for (const auto& trait : data.association)
        body += trait_part(data, trait);
    return section("association", "Association", body);
}

} // namespace salus::report
