#include "base/text.hpp"

#include "stages/report/chart_manhattan.hpp"
#include "stages/report/charts.hpp"
#include "stages/report/findings.hpp"
#include "stages/report/html.hpp"
#include "stages/report/numbers.hpp"
#include "stages/report/sections.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace salus::report {
namespace {

std::string cases_of(const std::string& kind, std::uint64_t n, std::uint64_t cases,
                     std::uint64_t min_cell) {
    if (kind == "quantitative" || kind == "ordinal") return people(n, min_cell);
    const auto cells = people_cells(std::vector{cases, n - cases}, min_cell);
    return text(cells[0], " / ", cells[1]);
}

std::string place_of(const Locus& locus) {
    return text(short_chromosome(locus.chromosome), ":", with_thousands(locus.position));
}

std::string alleles_of(const Locus& locus) {
    const auto cut = [](const std::string& bases) {
        return bases.size() <= 8 ? bases : text(bases.substr(0, 6), "\u2026");
    };
    return text(cut(locus.other_allele), " / ", cut(locus.effect_allele));
}

std::string label_of(const std::string& trait) { return capitalised(trait_label(trait)); }

/// Dots of -log10 p by trait number, one colour for each kind of trait.
struct DotsByKind {
    std::map<std::string, std::vector<Point>> kinds;
    double highest = 0;

    void add(const std::string& kind, std::size_t trait, double neg_log10_p) {
        if (std::isnan(neg_log10_p)) return;
        kinds[kind].push_back({static_cast<double>(trait + 1), neg_log10_p});
        highest = std::max(highest, neg_log10_p);
    }
    std::string chart(const PlotText& about, std::size_t traits, double line) const {
        XyChart chart{.about = about,
                      .x = linear_axis("Trait, by its number in the table", 0,
                                       static_cast<double>(traits + 1), 6),
                      .y = linear_axis("\u2212log\u2081\u2080 p", 0, std::max(highest, line), 5),
                      .series = {},
                      .frame = {.width = 900, .height = 330}};
        std::size_t style = 0;
        for (const auto& [kind, points] : kinds)
            chart.series.push_back({.name = kind_label(kind),
                                    .style = text("c", ++style),
                                    .mark = Series::Mark::dots,
                                    .points = points});
        chart.series.push_back({.name = "genome-wide significant",
                                .style = text("c", style + 1),
                                .mark = Series::Mark::line,
                                .points = {{0, line}, {static_cast<double>(traits + 1), line}}});
        return xy_chart(chart);
    }
};

std::string phenome_of_variant(const ReportData& data) {
    const Phenome& phenome = data.phenome;
    if (phenome.tests.empty()) return {};
    DotsByKind dots;
    HtmlTable table{
        .caption = text("All traits at ", locus_label(phenome.variant)),
        .columns =
            {{"Number", true}, {"Trait"}, {"Kind"}, {"Effect", true}, {"SE", true}, {"p", true}},
        .rows = {}};
    for (std::size_t t = 0; t < phenome.tests.size(); ++t) {
        const auto& test = phenome.tests[t];
        dots.add(test.kind, t, test.neg_log10_p);
        table.rows.push_back({std::to_string(t + 1), label_of(test.trait), kind_label(test.kind),
                              measured(test.beta), measured(test.standard_error),
                              std::isnan(test.neg_log10_p) ? "\u2013" : p_value(test.neg_log10_p)});
    }
    const std::string title =
        text("The strongest variant in all traits: ", locus_label(phenome.variant));
    return figure(dots.chart({.title = title, .label = title, .style = {}}, phenome.tests.size(),
                             data.genome_wide),
                  "Each dot is a trait; height is the evidence that the variant matters for it. "
                  "The variant was chosen for its strongest trait, so that one is overstated.",
                  true) +
           to_html(table);
}

std::string genes_of(const ReportData& data, const TraitGenes& trait) {
    HtmlTable table{.caption = text("Strongest sets: ", trait_label(trait.name)),
                    .columns = {{"Set"},
                                {"Position"},
                                {"Mask"},
                                {"Frequency bin"},
                                {"Variants", true},
                                {"Carriers", true},
                                {"Burden effect", true},
                                {"SE", true},
                                {"p burden", true},
                                {"p SKAT-O", true},
                                {"p ACAT-O", true}},
                    .rows = {}};
    const auto p = [](double value) { return std::isnan(value) ? "\u2013" : p_value(value); };
    for (const GeneHit& hit : trait.hits)
        table.rows.push_back(
            {hit.set, text(short_chromosome(hit.chromosome), ":", with_thousands(hit.position)),
             hit.mask, hit.bin, with_thousands(hit.variants), people(hit.carriers, data.min_cell),
             measured(hit.beta), measured(hit.standard_error), p(hit.burden), p(hit.skat_o),
             p(hit.acat_o)});
    return section(anchor("genes", trait.name), label_of(trait.name),
                   paragraph(text(with_thousands(trait.tests), " tests of sets; ",
                                  with_thousands(trait.significant),
                                  trait.significant == 1 ? " set is" : " sets are", " beyond p = ",
                                  p_value(trait.threshold), ", 0.05 over their number.")) +
                       to_html(table),
                   3);
}

std::string interaction_of(const TraitInteraction& trait) {
    HtmlTable table{.caption = text("Strongest interactions: ", trait_label(trait.name)),
                    .columns = {{"Position"},
                                {"Variant"},
                                {"Other / effect"},
                                {"Frequency", true},
                                {"Change of effect", true},
                                {"Robust SE", true},
                                {"p", true},
                                {"p joint", true},
                                {"Effective samples", true}},
                    .rows = {}};
    for (const InteractionHit& hit : trait.hits)
        table.rows.push_back({place_of(hit.locus), hit.locus.id, alleles_of(hit.locus),
                              measured(hit.locus.frequency), measured(hit.locus.beta),
                              measured(hit.locus.standard_error), p_value(hit.locus.neg_log10_p),
                              p_value(hit.joint), decimal(hit.effective, 0)});
    return section(anchor("interaction", trait.name), label_of(trait.name), to_html(table), 3);
}

} // namespace

std::string phenome_section(const ReportData& data) {
    if (data.association.size() < 2) return {};
    DotsByKind dots;
    for (std::size_t t = 0; t < data.association.size(); ++t)
        for (const Locus& locus : data.association[t].loci)
            dots.add(data.association[t].kind, t, locus.neg_log10_p);
    if (dots.kinds.empty()) return {};
    return section(
        "phenome", "Traits together",
        figure(dots.chart({.title = "Strongest loci of all traits",
                           .label = "Strength of the listed loci by trait",
                           .style = {}},
                          data.association.size(), data.genome_wide),
               "Each dot is a locus of the tables above, placed by the number of its trait in the "
               "order of the table of traits tested; colours are kinds of traits.",
               true) +
            phenome_of_variant(data));
}

std::string prediction_section(const ReportData& data) {
    if (data.predictions.empty()) return {};
    HtmlTable table{.caption = "Whole-genome predictions",
                    .columns = {{"Trait"},
                                {"Kind"},
                                {"People (cases / others)", true},
                                {"Heritability in the model", true},
                                {"r\u00b2 out of fold", true},
                                {"Gain in log-likelihood per person", true},
                                {"Converged"}},
                    .rows = {}};
    for (const TraitPrediction& trait : data.predictions)
        table.rows.push_back({label_of(trait.name), kind_label(trait.kind),
                              cases_of(trait.kind, trait.n, trait.cases, data.min_cell),
                              measured(trait.heritability), measured(trait.r2),
                              measured(trait.likelihood_gain), trait.converged ? "yes" : "no"});
    return section(
        "prediction", "Whole-genome predictions",
        paragraph("Each trait is predicted from the genome by stacked ridge regression. The tests "
                  "of a chromosome hold the prediction from all others fixed, which takes out "
                  "relatedness and polygenic background.") +
            to_html(table));
}

std::string genes_section(const ReportData& data) {
    if (data.genes.empty()) return {};
    std::string body = paragraph(
        "Rare variants of a gene or another set are tested together. The burden test asks whether "
        "carriers differ, SKAT-O also finds effects of both signs, and ACAT-O joins them. Each set "
        "is shown in the mask and frequency bin with its best ACAT-O, or its best test where there "
        "is none.");
    for (const TraitGenes& trait : data.genes)
        body += genes_of(data, trait);
    return section("genes", "Genes", body);
}

std::string interaction_section(const ReportData& data) {
    if (data.interaction.empty()) return {};
    HtmlTable table{.caption = "Interaction tests",
                    .columns = {{"Trait"},
                                {"Kind"},
                                {"Environment"},
                                {"People (cases / others)", true},
                                {"Variants tested", true},
                                {"\u03bb", true}},
                    .rows = {}};
    for (const TraitInteraction& trait : data.interaction)
        table.rows.push_back({label_of(trait.name), kind_label(trait.kind),
                              trait_label(trait.environment),
                              cases_of(trait.kind, trait.n, trait.cases, data.min_cell),
                              with_thousands(trait.tested), decimal(trait.lambda, 3)});
    std::string body =
        paragraph("Does the effect of a variant change with the environment? Errors are robust "
                  "against unequal variances; the joint test asks for effect or change.") +
        to_html(table);
    for (const TraitInteraction& trait : data.interaction)
        body += interaction_of(trait);
    return section("interaction", "Interaction with the environment", body);
}

std::string meta_analysis_section(const ReportData& data) {
    if (!data.meta_analysis) return {};
    const MetaAnalysis& meta = *data.meta_analysis;
    HtmlTable studies{.caption = "Studies",
                      .columns = {{"Study"},
                                  {"Rows", true},
                                  {"Variants used", true},
                                  {"Alleles swapped", true},
                                  {"\u03bb", true}},
                      .rows = {}};
    for (const auto& study : meta.studies)
        studies.rows.push_back({study.name, with_thousands(study.rows),
                                with_thousands(study.variants), with_thousands(study.swapped),
                                decimal(study.lambda, 3)});
    HtmlTable dropped{
        .caption = "Rows left out", .columns = {{"Study"}, {"Reason"}, {"Rows", true}}, .rows = {}};
    for (const auto& row : meta.dropped)
        dropped.rows.push_back({row.study, row.meaning, with_thousands(row.rows)});
    HtmlTable hits{.caption = "Strongest variants",
                   .columns = {{"Position"},
                               {"Variant"},
                               {"Other / effect"},
                               {"Studies", true},
                               {"Direction"},
                               {"Effect", true},
                               {"SE", true},
                               {"p", true},
                               {"I\u00b2", true},
                               {"p heterogeneity", true}},
                   .rows = {}};
    for (const auto& hit : meta.hits)
        hits.rows.push_back(
            {place_of(hit.locus), hit.locus.id, alleles_of(hit.locus), with_thousands(hit.studies),
             hit.direction, measured(hit.locus.beta), measured(hit.locus.standard_error),
             p_value(hit.locus.neg_log10_p),
             std::isnan(hit.i_squared) ? "\u2013" : percent(hit.i_squared, 0),
             std::isnan(hit.heterogeneity) ? "\u2013" : p_value(hit.heterogeneity)});
    return section("meta-analysis", "Meta-analysis",
                   paragraph("Effects of the studies are averaged with the inverse of their "
                             "variances as weights. I\u00b2 is the share of their differences that "
                             "chance does not explain. Listed variants are 500 kb apart.") +
                       to_html(studies) + to_html(dropped) + to_html(hits));
}

std::string ld_score_section(const ReportData& data) {
    if (!data.ld_score_regression) return {};
    HtmlTable studies{.caption = "Heritability",
                      .columns = {{"Study"},
                                  {"Variants", true},
                                  {"h\u00b2 (SE)", true},
                                  {"h\u00b2 of liability", true},
                                  {"Intercept (SE)", true},
                                  {"Ratio", true},
                                  {"\u03bb", true},
                                  {"Status"}},
                      .rows = {}};
    const auto with_error = [](double value, double error) {
        return text(decimal(value, 3), " (", decimal(error, 3), ")");
    };
    for (const auto& study : data.ld_score_regression->studies)
        studies.rows.push_back({study.name, with_thousands(study.variants),
                                with_error(study.h2, study.h2_error), decimal(study.liability, 3),
                                with_error(study.intercept, study.intercept_error),
                                decimal(study.ratio, 3), decimal(study.lambda, 3), study.status});
    HtmlTable pairs{.caption = "Genetic correlations",
                    .columns = {{"First"}, {"Second"}, {"r (SE)", true}, {"p", true}, {"Status"}},
                    .rows = {}};
    for (const auto& pair : data.ld_score_regression->pairs)
        pairs.rows.push_back({pair.first, pair.second, with_error(pair.correlation, pair.error),
                              std::isnan(pair.neg_log10_p) ? "\u2013" : p_value(pair.neg_log10_p),
                              pair.status});
    return section("ld-score-regression", "Heritability and genetic correlation",
                   paragraph("Test statistics rise with linkage disequilibrium where a trait is "
                             "polygenic. The slope gives the heritability; an intercept above 1 is "
                             "inflation of other origin, such as population structure.") +
                       to_html(studies) + to_html(pairs));
}

} // namespace salus::report
