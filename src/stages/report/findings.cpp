#include "stages/report/findings.hpp"

#include "base/text.hpp"

#include "stages/report/chart_manhattan.hpp"
#include "stages/report/numbers.hpp"

#include <algorithm>
#include <cmath>

namespace salus::report {
namespace {

constexpr std::size_t named_at_most = 3;

std::string allele(const std::string& bases) {
    return bases.size() > 12 ? bases.substr(0, 10) + "\u2026" : bases;
}

/// Traits by their best variant, best first.
std::vector<const TraitAssociation*> by_strength(const ReportData& data) {
    std::vector<const TraitAssociation*> order;
    for (const auto& trait : data.association)
        if (!trait.loci.empty()) order.push_back(&trait);
    std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
        return a->loci[0].neg_log10_p > b->loci[0].neg_log10_p;
    });
    return order;
}

std::string best_of(const TraitAssociation& trait) {
    return text(trait_label(trait.name), " at ", locus_label(trait.loci[0]),
                " (p = ", p_value(trait.loci[0].neg_log10_p), ")");
}

std::string association_finding(const ReportData& data) {
    const auto order = by_strength(data);
    std::size_t significant = 0;
    for (const auto& trait : data.association)
        significant += trait.significant_loci > 0;
    std::vector<std::string> named;
    for (const auto* trait : order) {
        const bool counts = significant == 0 || trait->significant_loci > 0;
        if (counts && named.size() < (significant == 0 ? 1 : named_at_most))
            named.push_back(best_of(*trait));
    }
    const std::string level =
        text("genome-wide significance (p < ", p_value(data.genome_wide), ")");
    const std::size_t all = data.association.size();
    const std::string of_traits =
        all == 1 ? std::string("the one trait tested") : text("the ", all, " traits tested");
    if (significant == 0) {
        std::string out = text("No variant reaches ", level, " for ", of_traits);
        return out + (named.empty() ? "." : text("; the strongest signal is ", named[0], "."));
    }
    std::string out =
        all == 1 ? text(capitalised(trait_label(data.association[0].name)), " reaches ", level,
                        ", most strongly: ")
                 : text(significant, " of ", of_traits, significant == 1 ? " reaches " : " reach ",
                        level, ", most strongly ");
    if (significant > named.size()) named.push_back(text(significant - named.size(), " more"));
    return out + enumerate(named) + ".";
}

/// Variants of a meta-analysis by their strength: `hits` are the best of each place.
std::string meta_analysis_finding(const ReportData& data) {
    if (!data.meta_analysis || data.meta_analysis->hits.empty()) return {};
    const MetaAnalysis& meta = *data.meta_analysis;
    std::vector<std::string> named;
    for (const auto& hit : meta.hits)
        if (hit.locus.neg_log10_p > data.genome_wide && named.size() < named_at_most)
            named.push_back(
                text(locus_label(hit.locus), " (p = ", p_value(hit.locus.neg_log10_p), ")"));
    const std::string level =
        text("genome-wide significance (p < ", p_value(data.genome_wide), ")");
    const std::string of_studies = text("the meta-analysis of ", meta.studies.size(), " stud",
                                        meta.studies.size() == 1 ? "y" : "ies");
    const Locus& best = meta.hits[0].locus;
    return named.empty() ? text("No variant reaches ", level, " in ", of_studies,
                                "; the strongest signal is at ", locus_label(best),
                                " (p = ", p_value(best.neg_log10_p), ").")
                         : text(capitalised(of_studies), " reaches ", level, ", most strongly at ",
                                enumerate(named), ".");
}

/// Sets of variants beyond 0.05 over the tests of their trait, the strongest of each trait named.
std::string gene_finding(const ReportData& data) {
    std::vector<const TraitGenes*> order;
    std::uint64_t significant = 0;
    for (const TraitGenes& trait : data.genes) {
        significant += trait.significant;
        if (!trait.hits.empty() && !std::isnan(trait.hits[0].best)) order.push_back(&trait);
    }
    if (order.empty()) return {};
    std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
        return a->hits[0].best > b->hits[0].best;
    });
    std::vector<std::string> named;
    for (const TraitGenes* trait : order)
        if ((significant == 0 || trait->significant > 0) &&
            named.size() < (significant == 0 ? 1 : named_at_most))
            named.push_back(text(trait->hits[0].set, " for ", trait_label(trait->name),
                                 " (p = ", p_value(trait->hits[0].best), ")"));
    const std::string level = "p < 0.05 over all tests of its trait";
    return significant == 0 ? text("No gene or other set of variants reaches ", level,
                                   "; the strongest is ", named[0], ".")
                            : text(with_thousands(significant),
                                   significant == 1 ? " gene or other set of variants reaches "
                                                    : " genes or other sets of variants reach ",
                                   level, ", most strongly ", enumerate(named), ".");
}

/// "(3 sex mismatch, 2 duplicate)"; empty for no reasons. Reasons of people are subject to
/// `min_cell` > 0.
std::string reasons_in_words(std::vector<Counted> reasons, std::uint64_t min_cell) {
    std::stable_sort(reasons.begin(), reasons.end(),
                     [](const auto& a, const auto& b) { return a.count > b.count; });
    std::vector<std::uint64_t> counts;
    for (const auto& reason : reasons)
        counts.push_back(reason.count);
    const auto cells = people_cells(counts, min_cell);
    std::vector<std::string> words;
    for (std::size_t i = 0; i < reasons.size() && i <= named_at_most; ++i)
        words.push_back(text(reason_label(reasons[i].name), " ", cells[i]));
    return words.empty() ? "" : text(" (", join(words, ", "), ")");
}

std::string quality_finding(const ReportData& data) {
    const auto& samples = data.quality->samples;
    const auto& variants = data.quality->variants;
    const std::uint64_t bad = samples.total - samples.passed,
                        bad_variants = variants.total - variants.passed;
    return text("Quality control marks ", people(bad, data.min_cell), " of ",
                with_thousands(samples.total), " samples",
                reasons_in_words(samples.reasons, data.min_cell), " and ",
                with_thousands(bad_variants), " of ", with_thousands(variants.total), " variants",
                reasons_in_words(variants.reasons, 0), ".");
}

bool is_binary_metric(const ScoreMeasure& measure) { return measure.metric == "auc"; }

/// `again`: the sentence has spoken of explained variance before.
std::string score_in_words(const TraitRisk& trait, const ScoreMeasure& m, bool again) {
    if (is_binary_metric(m))
        return text("tells cases of ", trait_label(trait.name), " from others with an AUC of ",
                    decimal(m.estimate, 3), " (95 % CI ", decimal(m.lower, 3), " to ",
                    decimal(m.upper, 3), ")");
    return text(again ? "" : "explains ", percent(m.estimate),
                again ? " of that of " : " of the variance of ", trait_label(trait.name),
                " (95 % CI ", decimal(100 * m.lower, 1), " to ", decimal(100 * m.upper, 1), " %)");
}

/// Scores of one kind, best first, at most `count`.
std::vector<const TraitRisk*> best_scores(const ReportData& data, bool binary, std::size_t count) {
    std::vector<const TraitRisk*> order;
    for (const auto& trait : data.risk) {
        const auto* measure = headline_measure(trait);
        if (measure != nullptr && !std::isnan(measure->estimate) &&
            is_binary_metric(*measure) == binary)
            order.push_back(&trait);
    }
    std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
        return headline_measure(*a)->estimate > headline_measure(*b)->estimate;
    });
    order.resize(std::min(order.size(), count));
    return order;
}

/// Groups and close relatives, as far as they are known.
std::string structure_finding(const ReportData& data) {
    if (!data.structure) return {};
    const Structure& s = *data.structure;
    std::vector<std::string> parts;
    if (s.has_groups && !s.groups.empty()) {
        const std::size_t unassigned = s.groups.back().name == "unassigned" ? 1 : 0;
        const std::uint64_t left = unassigned == 1 ? s.groups.back().count : 0;
        parts.push_back(text("the samples fall into ", s.groups.size() - unassigned,
                             s.by_labels ? " ancestry groups" : " clusters",
                             left == 0 ? std::string(" without exception")
                                       : text(", ", people(left, data.min_cell), " unassigned")));
    }
    std::uint64_t close = 0;
    for (const auto& relation : s.relations)
        if (relation.name == "duplicate_or_twin" || relation.name == "parent_child" ||
            relation.name == "full_siblings")
            close += relation.count;
    if (s.has_kinship)
        parts.push_back(text(people(close, data.min_cell),
                             " pairs are one genome, parent and child, or siblings"));
    return parts.empty() ? "" : capitalised(join(parts, "; ")) + ".";
}

/// The two scores that explain most, and the one that tells cases best.
std::string score_finding(const ReportData& data) {
    std::vector<std::string> parts;
    for (const auto* trait : best_scores(data, false, 2))
        parts.push_back(score_in_words(*trait, *headline_measure(*trait), !parts.empty()));
    for (const auto* trait : best_scores(data, true, 1))
        parts.push_back(score_in_words(*trait, *headline_measure(*trait), false));
    if (parts.empty()) return {};
    return text("In people who were not used to build it, the genetic score ", enumerate(parts),
                ".");
}

/// For each outcome the model that discriminates best, of those that were judged.
std::vector<std::string> model_findings(const ReportData& data) {
    struct Best {
        const RiskModel* model;
        const RiskModel::Measure* measure;
    };
    std::vector<Best> best;
    for (const RiskModel& model : data.risk_models)
        for (const auto& m : model.measures) {
            const bool shown = m.stratum == "all" && (m.metric == "auc" || m.metric == "auc_t") &&
                               (m.horizon == model.horizon || std::isnan(m.horizon)) &&
                               m.people >= data.min_cell && !std::isnan(m.estimate);
            if (!shown) continue;
            const auto at = std::find_if(best.begin(), best.end(), [&](const Best& b) {
                return b.model->outcome == model.outcome;
            });
            if (at == best.end())
                best.push_back({&model, &m});
            else if (m.estimate > at->measure->estimate)
                *at = {&model, &m};
        }
    std::vector<std::string> findings;
    for (std::size_t i = 0; i < std::min(best.size(), named_at_most); ++i) {
        const auto& [model, m] = best[i];
        findings.push_back(
            text("Risk of ", trait_label(model->outcome),
                 std::isnan(model->horizon)
                     ? std::string{}
                     : text(" within ", model->time_unit.empty() ? "time " : "", model->horizon,
                            model->time_unit.empty() ? "" : " ", model->time_unit),
                 ": AUC ", interval(m->estimate, m->lower, m->upper, 2), " by the model ",
                 model->name, ", in people that it has not seen."));
    }
    return findings;
}

std::string trajectory_finding(const ReportData& data) {
    if (!data.trajectories || data.trajectories->checks.empty()) return {};
    const auto& checks = data.trajectories->checks;
    return text(
        "Simulated life courses agree with ",
        std::count_if(checks.begin(), checks.end(), [](const auto& check) { return check.agrees; }),
        " of ", checks.size(),
        " incidences and prevalences of people that the model has not seen.");
}

} // namespace

std::string locus_label(const Locus& locus) {
    return text(short_chromosome(locus.chromosome), ":", with_thousands(locus.position), " ",
                allele(locus.other_allele), ">", allele(locus.effect_allele));
}

std::string reason_label(const std::string& reason) {
    if (reason == "hardy_weinberg") return "Hardy\u2013Weinberg";
    std::string out = reason;
    std::replace(out.begin(), out.end(), '_', ' ');
    if (out.starts_with("mendel")) out.front() = 'M'; // a name
    return out;
}

const ScoreMeasure* headline_measure(const TraitRisk& trait, const std::string& group) {
    const ScoreMeasure* best = nullptr;
    for (const auto& m : trait.measures) {
        if (m.group != group || (m.metric != "r2" && m.metric != "auc")) continue;
        if (best == nullptr || (best->model != "score" && m.model == "score")) best = &m;
    }
    return best;
}

const ScoreMeasure* headline_measure(const TraitRisk& trait) {
    return headline_measure(trait, "all");
}

std::vector<std::string> main_findings(const ReportData& data) {
    std::vector<std::string> findings;
    if (!data.association.empty()) findings.push_back(association_finding(data));
    for (auto& further : {meta_analysis_finding(data), gene_finding(data)})
        if (!further.empty()) findings.push_back(further);
    if (data.quality) findings.push_back(quality_finding(data));
    if (auto structure = structure_finding(data); !structure.empty())
        findings.push_back(std::move(structure));
    if (auto score = score_finding(data); !score.empty()) findings.push_back(std::move(score));
    for (std::string& model : model_findings(data))
        findings.push_back(std::move(model));
    if (auto lives = trajectory_finding(data); !lives.empty()) findings.push_back(std::move(lives));
    return findings;
}

} // namespace salus::report
