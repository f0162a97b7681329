#include "stages/report/page.hpp"

#include "base/text.hpp"

#include "stages/report/html.hpp"
#include "stages/report/numbers.hpp"
#include "stages/report/sections.hpp"

#include <algorithm>

namespace salus::report {
namespace {

/// "</" would end a script element, so "<" is written as an escape.
std::string json_for_script(const std::vector<std::string>& findings) {
    std::string out = "[";
    for (const auto& finding : findings)
        out += text(out.size() > 1 ? ",\n" : "\n", json_quote(finding));
    out += "\n]";
    for (auto at = out.find('<'); at != std::string::npos; at = out.find('<', at + 6))
        out.replace(at, 1, "\\u003c");
    return out;
}

std::string subtitle(const ReportData& data) {
    std::vector<std::string> parts;
    if (data.cohort) parts.push_back(with_thousands(data.cohort->samples) + " genomes");
    if (data.quality) parts.push_back(with_thousands(data.quality->variants.total) + " variants");
    if (!data.association.empty())
        parts.push_back(text(data.association.size(),
                             data.association.size() == 1 ? " trait" : " traits", " tested"));
    return join(parts, " \u00b7 ");
}

std::string keys(const ReportData& data) {
    std::vector<KeyFigure> figures;
    if (data.quality) {
        const auto& q = *data.quality;
        figures.push_back(
            {percent(static_cast<double>(q.samples.passed) /
                     static_cast<double>(std::max<std::uint64_t>(1, q.samples.total))),
             "of samples pass"});
        figures.push_back(
            {percent(static_cast<double>(q.variants.passed) /
                     static_cast<double>(std::max<std::uint64_t>(1, q.variants.total))),
             "of variants pass"});
    }
    if (!data.association.empty()) {
        std::uint64_t loci = 0;
        for (const auto& trait : data.association)
            loci += trait.significant_loci;
        figures.push_back({with_thousands(loci), loci == 1 ? "genome-wide significant locus"
                                                           : "genome-wide significant loci"});
    }
    if (!data.risk.empty())
        figures.push_back({std::to_string(data.risk.size()), data.risk.size() == 1
                                                                 ? "validated risk score"
                                                                 : "validated risk scores"});
    return figures.empty() ? "" : key_figures(figures);
}

/// Keeps "p = 3.2 × 10⁻⁴⁶" on one line.
std::string unbroken(std::string html) {
    for (const std::string_view sign : {" \u00d7 ", " = "}) {
        const std::string joined = text("&nbsp;", trim(sign), "&nbsp;");
        for (auto at = html.find(sign); at != std::string::npos;
             at = html.find(sign, at + joined.size()))
            html.replace(at, sign.size(), joined);
    }
    return html;
}

std::string findings_box(const std::vector<std::string>& findings) {
    std::string out =
        "<section id=\"main-findings\" class=\"findings\"><h2>Main findings</h2>\n<ol>\n";
    for (const auto& finding : findings)
        out += text("<li>", unbroken(html_escape(finding)), "</li>\n");
    return out + "</ol></section>\n";
}

struct Entry {
    std::string_view id, title;
};

std::string contents(const ReportData& data, const std::vector<Entry>& entries) {
    const auto traits = [&](std::string_view id, const auto& list) {
        std::string out;
        for (const auto& trait : list)
            out += text("<li><a href=\"#", html_escape(anchor(std::string(id), trait.name)), "\">",
                        html_escape(capitalised(trait_label(trait.name))), "</a></li>");
        return out.empty() ? out : "<ul>" + out + "</ul>";
    };
    std::string out = "<nav aria-label=\"Contents\"><h2>Contents</h2><ol>\n";
    for (const auto& entry : entries)
        out += text("<li><a href=\"#", entry.id, "\">", entry.title, "</a>",
                    entry.id == "association"   ? traits(entry.id, data.association)
                    : entry.id == "risk"        ? traits(entry.id, data.risk)
                    : entry.id == "risk-models" ? traits(entry.id, data.risk_models)
                                                : "",
                    "</li>\n");
    return out + "</ol></nav>\n";
}

std::string head(const ReportData& data) {
    return text("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                "<meta name=\"color-scheme\" content=\"light dark\">\n"
                "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                "style-src 'unsafe-inline'\">\n"
                "<title>",
                html_escape(data.title), "</title>\n<style>\n", style_sheet(),
                "</style>\n</head>\n");
}

} // namespace

std::string page(const ReportData& data, const std::vector<std::string>& findings) {
    const std::vector<std::pair<Entry, std::string>> sections = {
        {{"cohort", "Cohort"}, cohort_section(data)},
        {{"records", "Quality of health records"}, records_section(data)},
        {{"quality", "Quality"}, quality_section(data)},
        {{"structure", "Population structure"}, structure_section(data)},
        {{"prediction", "Whole-genome predictions"}, prediction_section(data)},
        {{"association", "Association"}, association_section(data)},
        {{"phenome", "Traits together"}, phenome_section(data)},
        {{"loci", "Loci"}, loci_section(data)},
        {{"genes", "Genes"}, genes_section(data)},
        {{"interaction", "Interaction with the environment"}, interaction_section(data)},
        {{"meta-analysis", "Meta-analysis"}, meta_analysis_section(data)},
        {{"ld-score-regression", "Heritability and genetic correlation"}, ld_score_section(data)},
        {{"risk", "Risk scores"}, risk_section(data)},
        {{"trajectories", "Simulated life courses"}, trajectories_section(data)},
        {{"risk-models", "Risk models"}, risk_models_section(data)},
        {{"methods", "Methods and provenance"}, methods_section(data)},
        {{"glossary", "Glossary"}, glossary_section(data)}};
    std::vector<Entry> entries;
    std::string body;
    for (const auto& [entry, html] : sections) {
        if (html.empty()) continue;
        entries.push_back(entry);
        body += html;
    }
    return text(head(data), "<body>\n<header><p class=\"brand\">Salus report</p>\n<h1>",
                html_escape(data.title), "</h1>\n<p class=\"lead\">", html_escape(subtitle(data)),
                "</p></header>\n<main>\n", findings.empty() ? "" : findings_box(findings),
                keys(data), contents(data, entries), body,
                "</main>\n<script type=\"application/json\" id=\"findings\">",
                json_for_script(findings), "</script>\n</body>\n</html>\n");
}

} // namespace salus::report
