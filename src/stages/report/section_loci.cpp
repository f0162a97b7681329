#include "base/text.hpp"

#include "stages/report/chart_manhattan.hpp"
#include "stages/report/chart_regional.hpp"
#include "stages/report/html.hpp"
#include "stages/report/numbers.hpp"
#include "stages/report/sections.hpp"

namespace salus::report {
namespace {

std::string loci_overview(const ReportData& data) {
    HtmlTable table{.caption = "Loci by trait",
                    .columns = {{"Trait"},
                                {"Loci", true},
                                {"Conditional signals", true},
                                {"Credible sets", true}},
                    .rows = {}};
    for (const TraitLoci& trait : data.loci)
        table.rows.push_back({capitalised(trait_label(trait.name)),
                              trait.note.empty() ? with_thousands(trait.total) : "\u2013",
                              trait.note.empty() ? with_thousands(trait.signals) : "\u2013",
                              trait.note.empty() ? with_thousands(trait.credible_sets) : "\u2013"});
    return to_html(table);
}

std::string sets_of(const FineLocus& locus) {
    if (!locus.mapped) return "not mapped";
    if (locus.set_sizes.empty()) return "none";
    std::vector<std::string> sizes;
    for (const std::uint64_t size : locus.set_sizes)
        sizes.push_back(with_thousands(size));
    return join(sizes, ", ");
}

std::string loci_table(const TraitLoci& trait) {
    HtmlTable table{.caption = "Loci of " + trait_label(trait.name) + ", strongest first",
                    .columns = {{"Locus", true},
                                {"Region"},
                                {"Index variant"},
                                {"\u2212log\u2081\u2080 p", true},
                                {"Variants", true},
                                {"Signals", true},
                                {"Sizes of credible sets", true}},
                    .rows = {}};
    for (std::size_t k = 0; k < trait.loci.size(); ++k) {
        const FineLocus& locus = trait.loci[k];
        table.rows.push_back(
            {std::to_string(k + 1),
             text(short_chromosome(locus.chromosome), ":", with_thousands(locus.start), "\u2013",
                  with_thousands(locus.end), locus.hla ? " (HLA)" : ""),
             locus.id.empty() ? with_thousands(locus.position) : locus.id,
             decimal(locus.neg_log10_p, 2), with_thousands(locus.variants),
             with_thousands(locus.signals), sets_of(locus)});
    }
    return to_html(table);
}

std::string trait_part(const TraitLoci& trait) {
    if (trait.loci.empty()) return {};
    std::string body = loci_table(trait);
    if (trait.total > trait.loci.size())
        body += paragraph(text("The other ", with_thousands(trait.total - trait.loci.size()),
                               " loci are in loci.h5."),
                          "quiet");
    bool first = true;
    for (std::size_t k = 0; k < trait.loci.size(); ++k) {
        const FineLocus& locus = trait.loci[k];
        if (locus.regional.empty()) continue;
        if (first) body += ld_legend();
        body +=
            figure(locus.regional,
                   text("Locus ", k + 1,
                        first ? ": tests by position, coloured by r\u00b2 with the index variant "
                                "(diamond). Rings: variants of credible sets."
                              : "."),
                   true);
        if (!locus.inclusion.empty())
            body += figure(locus.inclusion,
                           text("Locus ", k + 1,
                                ": probability that a variant is one of the causal ones, in the "
                                "same colours."),
                           true);
        first = false;
    }
    return section(anchor("loci", trait.name), capitalised(trait_label(trait.name)), body, 3);
}

} // namespace

std::string loci_section(const ReportData& data) {
    if (data.loci.empty()) return {};
    std::string body = paragraph(
        "Significant variants are sorted into clumps by linkage disequilibrium in the samples "
        "themselves; loci are windows around the index variants. Conditional signals are variants "
        "that stay significant when those found before are in the model. A credible set holds a "
        "causal variant with the probability asked for, if the model is right: one that was "
        "not genotyped cannot be in it.");
    body += loci_overview(data);
    for (const TraitLoci& trait : data.loci)
        if (!trait.note.empty())
            body += paragraph(
                text(capitalised(trait_label(trait.name)), " was left out: ", trait.note, "."),
                "quiet");
    for (const TraitLoci& trait : data.loci)
        body += trait_part(trait);
    return section("loci", "Loci", body);
}

} // namespace salus::report
