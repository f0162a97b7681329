#include "base/text.hpp"

#include "stages/report/html.hpp"
#include "stages/report/numbers.hpp"
#include "stages/report/sections.hpp"

#include <algorithm>

namespace salus::report {
namespace {

std::string methods_text(const ReportData& data) {
    std::string out;
    if (data.quality)
        out += paragraph("Quality. Call rate, allele frequency and the exact Hardy\u2013Weinberg "
                         "test are computed per variant; call rate, "
                         "heterozygosity, genetic sex, singletons and duplicates per sample. "
                         "Thresholds mark, they do not delete.");
    if (data.structure && data.structure->has_components)
        out += paragraph("Population structure. Principal components of standardised genotypes of "
                         "the samples marked as used; all others are projected. Kinship is "
                         "KING-robust. Groups are Gaussian in the leading components; samples "
                         "that fit none well enough stay unassigned.");
    if (!data.association.empty())
        out += paragraph("Association. Linear regression for quantitative traits and logistic "
                         "regression for binary traits, each variant in "
                         "turn, additive in copies of the effect allele, with the covariates of "
                         "the cohort. \u03bb is the median \u03c7\u00b2 "
                         "divided by 0.4549. Loci in the tables are chosen by significance and "
                         "distance alone, not by linkage disequilibrium.");
    if (!data.loci.empty())
        out += paragraph("Loci. Clumps by r\u00b2 of the samples of the trait; stepwise selection "
                         "in the model of the covariates and the signals so far; credible sets "
                         "from a sum of single effects on the genotypes themselves.");
    if (!data.risk.empty())
        out += paragraph("Risk scores. Variants are selected and weighted in the discovery half by "
                         "clumping and thresholding; the validation half "
                         "is used once, to measure. Intervals are 95 % confidence intervals.");
    out += paragraph(text("Disclosure control. Numbers of people from 1 to ", data.min_cell - 1,
                          " are shown as <", data.min_cell,
                          "; a second number is hidden where the first could be found by "
                          "subtraction. No individual value is shown."));
    return out;
}

std::string fact_label(const std::string& name) {
    std::string out = name;
    std::replace(out.begin(), out.end(), '_', ' ');
    return capitalised(out);
}

std::string provenance(const ReportData& data) {
    std::string out;
    for (const auto& source : data.sources) {
        HtmlTable table{
            .caption = "Source: " + source.name, .columns = {{"Fact"}, {"Value"}}, .rows = {}};
        for (const auto& [name, value] : source.facts)
            if (name != "citations" && name != "title" && !value.empty())
                table.rows.push_back({fact_label(name), value});
        if (!table.rows.empty()) out += "<div class=\"facts\">" + to_html(table) + "</div>\n";
    }
    return out;
}

/// Citations of all sources, each once, in order.
std::vector<std::string> all_citations(const ReportData& data) {
    std::vector<std::string> out;
    for (const auto& source : data.sources)
        for (const auto& [name, value] : source.facts) {
            if (name != "citations") continue;
            for (const auto one : split(value, ';')) {
                std::string entry(trim(one));
                if (!entry.empty() && std::find(out.begin(), out.end(), entry) == out.end())
                    out.push_back(std::move(entry));
            }
        }
    return out;
}

} // namespace

std::string methods_section(const ReportData& data) {
    std::string body = methods_text(data);
    if (const auto cited = all_citations(data); !cited.empty())
        body += "<h3>References</h3>\n" + citations(cited);
    if (const auto facts = provenance(data); !facts.empty())
        body += "<h3>Provenance</h3>\n" +
                paragraph("How each result file was made. The same inputs and parameters give the "
                          "same bytes, on any number of ranks.") +
                facts;
    return section("methods", "Methods and provenance", body);
}

std::string glossary_section(const ReportData& data) {
    std::vector<std::pair<std::string, std::string>> terms = {
        {"Sample", "A sequenced genome."},
        {"Variant", "One alternative allele of one place in the genome."},
        {"Effect allele",
         "The allele whose copies are counted: always the alternative allele (ALT)."},
        {"Call rate", "Share of genotypes that could be determined."}};
    if (data.quality)
        terms.insert(
            terms.end(),
            {{"Minor allele frequency", "Share of chromosomes that carry the rarer allele."},
             {"Hardy\u2013Weinberg proportions",
              "Genotype frequencies expected from allele frequencies under random mating; a strong "
              "departure often means a genotyping error."}});
    if (data.structure)
        terms.insert(
            terms.end(),
            {{"Principal component", "A direction in which genomes differ most; neighbours in it "
                                     "tend to share ancestors."},
             {"Kinship", "Probability that two alleles drawn from two people are copies of one "
                         "ancestral allele: \u00bd within one genome, \u00bc for first degree."},
             {"IBS0", "Share of variants at which two people have opposite homozygous genotypes; "
                      "near zero for parent and child."}});
    if (!data.association.empty())
        terms.insert(
            terms.end(),
            {{"p, \u2212log\u2081\u2080 p",
              "Probability of evidence at least this strong if the variant did not matter, and its "
              "negative decimal logarithm: 8 means p = 10\u207b\u2078."},
             {"\u03bb (genomic control)",
              "Median test statistic divided by its expected value; 1 means no inflation."},
             {"Beta, log odds ratio", "Change of the trait, or of the log odds of being a case, "
                                      "per copy of the effect allele."},
             {"SE", "Standard error of the estimate."}});
    if (!data.loci.empty())
        terms.insert(
            terms.end(),
            {{"r\u00b2 of two variants", "Squared correlation of their allele copies: linkage "
                                         "disequilibrium."},
             {"Index variant", "The most significant variant of a clump."},
             {"Credible set", "Fewest variants that hold a causal one with a given probability."},
             {"Inclusion probability", "Probability that a variant is one of the causal ones."}});
    if (!data.risk.empty())
        terms.insert(
            terms.end(),
            {{"Genetic score", "Sum of effect-allele copies times their weights."},
             {"R\u00b2", "Share of the variance of the trait that the prediction explains."},
             {"AUC", "Probability that a case has a higher score than another person; 0.5 is "
                     "chance, 1 is perfect."},
             {"CI", "Confidence interval."}});
    return section("glossary", "Glossary", definitions(terms));
}

} // namespace salus::report
