#include "stages/report/further.hpp"

#include "base/text.hpp"
#include "stages/report/read_tables.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

namespace salus::report {
namespace {

constexpr std::uint64_t hit_distance = 500000; // between listed variants

/// Best rows of a table by -log10 p, in slices: the best of each stretch of positions.
std::vector<std::uint64_t> best_rows(const H5File& file, const std::string& table,
                                     std::size_t listed, std::uint64_t& tested) {
    struct Row {
        std::string chromosome;
        std::uint64_t position = 0, row = 0;
        double neg_log10_p = 0;
    };
    std::map<std::pair<std::string, std::uint64_t>, Row> best; // by chromosome and stretch
    tested = 0;
    for (const RowRange range : row_slices(file.rows(table), slice_rows)) {
        const std::uint64_t count = range.end - range.begin;
        const auto where =
            file.read_rows("variants", range.begin, count, {"chromosome", "base_pair_location"});
        const auto chromosome = words(where, "chromosome");
        const auto position = counts(where, "base_pair_location");
        const auto p =
            numbers(file.read_rows(table, range.begin, count, {"neg_log10_p"}), "neg_log10_p");
        for (std::size_t i = 0; i < p.size(); ++i) {
            if (std::isnan(p[i])) continue;
            ++tested;
            Row& row = best[{chromosome[i], position[i] / hit_distance}];
            if (row.chromosome.empty() || p[i] > row.neg_log10_p)
                row = {chromosome[i], position[i], range.begin + i, p[i]};
        }
    }
    std::vector<Row> rows;
    for (const auto& [place, row] : best)
        rows.push_back(row);
    std::stable_sort(rows.begin(), rows.end(),
                     [](const Row& a, const Row& b) { return a.neg_log10_p > b.neg_log10_p; });
    std::vector<Row> kept;
    for (const Row& row : rows) {
        if (kept.size() == listed) break;
        if (std::none_of(kept.begin(), kept.end(), [&](const Row& other) {
                const auto apart =
                    std::max(row.position, other.position) - std::min(row.position, other.position);
                return row.chromosome == other.chromosome && apart < hit_distance;
            }))
            kept.push_back(row);
    }
    std::vector<std::uint64_t> out;
    for (const Row& row : kept)
        out.push_back(row.row);
    return out;
}

Locus locus_at(const H5File& file, std::uint64_t row) {
    const auto variant = file.read_rows("variants", row, 1);
    return {.chromosome = words(variant, "chromosome")[0],
            .id = words(variant, "variant_id")[0],
            .other_allele = words(variant, "other_allele")[0],
            .effect_allele = words(variant, "effect_allele")[0],
            .position = counts(variant, "base_pair_location")[0],
            .frequency = numbers(variant, "effect_allele_frequency")[0]};
}

double largest(double a, double b) noexcept { return std::isnan(a) || b > a ? b : a; }

} // namespace

std::vector<TraitGenes> read_gene_tests(const H5File& file, std::size_t listed) {
    const auto rows = file.read("tests"), sets = file.read("sets");
    const auto set = words(rows, "set"), mask = words(rows, "mask"),
               bin = words(rows, "frequency_bin"), names = words(sets, "set"),
               chromosome = words(sets, "chromosome");
    const auto first = counts(sets, "first_location");
    std::map<std::string, std::size_t> place;
    for (std::size_t s = 0; s < names.size(); ++s)
        place.emplace(names[s], s);
    const auto summary = file.read("trait_summary");
    const auto trait = words(summary, "name"), kind = words(summary, "kind");
    const auto n = counts(summary, "n"), cases = counts(summary, "n_cases");
    std::vector<TraitGenes> out;
    for (std::size_t t = 0; t < trait.size(); ++t) {
        const auto table = file.read("traits/" + trait[t]);
        const auto variants = counts(table, "variants"), carriers = counts(table, "carriers");
        const auto beta = numbers(table, "burden_beta"),
                   error = numbers(table, "burden_standard_error"),
                   burden = numbers(table, "burden_neg_log10_p"),
                   skat_o = numbers(table, "skat_o_neg_log10_p"),
                   acat_o = numbers(table, "acat_o_neg_log10_p");
        TraitGenes genes{.name = trait[t], .kind = kind[t], .n = n[t], .cases = cases[t]};
        std::map<std::string, GeneHit> best;
        for (std::size_t k = 0; k < set.size(); ++k) {
            // The omnibus test, or what there is of the others.
            const double p = !std::isnan(acat_o[k]) ? acat_o[k] : largest(skat_o[k], burden[k]);
            if (std::isnan(p)) continue;
            ++genes.tests;
            GeneHit& hit = best[set[k]];
            if (!hit.set.empty() && !(p > hit.best)) continue;
            const auto at = place.find(set[k]);
            const bool known = at != place.end();
            hit = {.set = set[k],
                   .chromosome = known ? chromosome[at->second] : "",
                   .mask = mask[k],
                   .bin = bin[k],
                   .position = known ? first[at->second] : 0,
                   .variants = variants[k],
                   .carriers = carriers[k],
                   .beta = beta[k],
                   .standard_error = error[k],
                   .burden = burden[k],
                   .skat_o = skat_o[k],
                   .acat_o = acat_o[k],
                   .best = p};
        }
        if (genes.tests > 0) genes.threshold = -std::log10(0.05 / static_cast<double>(genes.tests));
        for (auto& [name, hit] : best) {
            if (hit.best >= genes.threshold) ++genes.significant;
            genes.hits.push_back(std::move(hit));
        }
        std::stable_sort(genes.hits.begin(), genes.hits.end(),
                         [](const GeneHit& a, const GeneHit& b) { return a.best > b.best; });
        genes.hits.resize(std::min(genes.hits.size(), listed));
        out.push_back(std::move(genes));
    }
    return out;
}

std::vector<TraitInteraction> read_interaction(const H5File& file, std::size_t listed) {
    const auto summary = file.read("trait_summary");
    const auto name = words(summary, "name"), kind = words(summary, "kind"),
               environment = words(summary, "environment");
    const auto n = counts(summary, "n"), cases = counts(summary, "n_cases");
    const auto lambda = numbers(summary, "lambda_gc");
    std::vector<TraitInteraction> out;
    for (std::size_t t = 0; t < name.size(); ++t) {
        TraitInteraction trait{.name = name[t],
                               .kind = kind[t],
                               .environment = environment[t],
                               .n = n[t],
                               .cases = cases[t],
                               .lambda = lambda[t]};
        const std::string table = "traits/" + name[t];
        for (const std::uint64_t row : best_rows(file, table, listed, trait.tested)) {
            const auto test = file.read_rows(table, row, 1);
            InteractionHit hit{.locus = locus_at(file, row),
                               .joint = numbers(test, "neg_log10_p_joint")[0],
                               .effective = numbers(test, "effective_samples")[0]};
            hit.locus.frequency = numbers(test, "effect_allele_frequency")[0];
            hit.locus.beta = numbers(test, "beta_interaction")[0];
            hit.locus.standard_error = numbers(test, "standard_error_interaction_robust")[0];
            hit.locus.neg_log10_p = numbers(test, "neg_log10_p")[0];
            trait.hits.push_back(std::move(hit));
        }
        out.push_back(std::move(trait));
    }
    return out;
}

MetaAnalysis read_meta_analysis(const H5File& file, std::size_t listed) {
    MetaAnalysis meta;
    const auto studies = file.read("studies"), dropped = file.read("dropped");
    for (std::size_t s = 0; s < studies.rows(); ++s)
        meta.studies.push_back({.name = words(studies, "name")[s],
                                .rows = counts(studies, "rows")[s],
                                .variants = counts(studies, "variants")[s],
                                .swapped = counts(studies, "swapped")[s],
                                .lambda = numbers(studies, "lambda_gc")[s]});
    for (std::size_t d = 0; d < dropped.rows(); ++d)
        if (const std::uint64_t rows = counts(dropped, "rows")[d]; rows > 0)
            meta.dropped.push_back({.study = words(dropped, "study")[d],
                                    .meaning = words(dropped, "meaning")[d],
                                    .rows = rows});
    const std::string table = file.is_table("traits/fixed_effects") ? "traits/fixed_effects"
                                                                    : "traits/sample_size_weighted";
    if (!file.is_table(table)) return meta;
    std::uint64_t tested = 0;
    for (const std::uint64_t row : best_rows(file, table, listed, tested)) {
        const auto test = file.read_rows(table, row, 1);
        const auto variant = file.read_rows("variants", row, 1);
        MetaAnalysis::Hit hit{.locus = locus_at(file, row),
                              .studies = counts(variant, "studies")[0],
                              .direction = words(variant, "direction")[0]};
        hit.locus.beta = numbers(test, "beta")[0];
        hit.locus.standard_error = numbers(test, "standard_error")[0];
        hit.locus.neg_log10_p = numbers(test, "neg_log10_p")[0];
        if (file.is_table("heterogeneity")) {
            const auto spread = file.read_rows("heterogeneity", row, 1);
            hit.i_squared = numbers(spread, "i_squared")[0];
            hit.heterogeneity = numbers(spread, "neg_log10_p")[0];
        }
        meta.hits.push_back(std::move(hit));
    }
    return meta;
}

LdScoreRegression read_ld_score_regression(const H5File& file) {
    LdScoreRegression out;
    const auto table = file.read("heritability");
    for (std::size_t s = 0; s < table.rows(); ++s)
        out.studies.push_back({.name = words(table, "name")[s],
                               .status = words(table, "status")[s],
                               .variants = counts(table, "variants")[s],
                               .h2 = numbers(table, "h2")[s],
                               .h2_error = numbers(table, "h2_standard_error")[s],
                               .liability = numbers(table, "h2_liability")[s],
                               .intercept = numbers(table, "intercept")[s],
                               .intercept_error = numbers(table, "intercept_standard_error")[s],
                               .ratio = numbers(table, "ratio")[s],
                               .lambda = numbers(table, "lambda_gc")[s]});
    if (!file.is_table("genetic_correlations")) return out;
    const auto pairs = file.read("genetic_correlations");
    for (std::size_t k = 0; k < pairs.rows(); ++k)
        out.pairs.push_back({.first = words(pairs, "first")[k],
                             .second = words(pairs, "second")[k],
                             .status = words(pairs, "status")[k],
                             .correlation = numbers(pairs, "genetic_correlation")[k],
                             .error = numbers(pairs, "standard_error")[k],
                             .neg_log10_p = numbers(pairs, "neg_log10_p")[k]});
    return out;
}

std::vector<TraitPrediction> read_null_model(const H5File& file) {
    const auto table = file.read("traits");
    const auto name = words(table, "name"), kind = words(table, "kind");
    const auto n = counts(table, "n"), cases = counts(table, "n_cases"),
               converged = counts(table, "converged");
    const auto heritability = numbers(table, "heritability"),
               r2 = numbers(table, "cross_validated_r2"), with = numbers(table, "log_likelihood"),
               without = numbers(table, "log_likelihood_covariates");
    std::vector<TraitPrediction> out;
    for (std::size_t t = 0; t < name.size(); ++t)
        out.push_back({.name = name[t],
                       .kind = kind[t],
                       .n = n[t],
                       .cases = cases[t],
                       .heritability = heritability[t],
                       .r2 = r2[t],
                       .likelihood_gain = (with[t] - without[t]) / static_cast<double>(n[t]),
                       .converged = converged[t] != 0});
    return out;
}

Phenome read_phenome(const H5File& file, const std::vector<TraitAssociation>& traits) {
    Phenome phenome;
    if (traits.size() < 2) return phenome;
    const Locus* best = nullptr;
    for (const TraitAssociation& trait : traits)
        if (!trait.loci.empty() &&
            (best == nullptr || trait.loci[0].neg_log10_p > best->neg_log10_p))
            best = &trait.loci[0];
    if (best == nullptr) return phenome;
    for (const RowRange range : row_slices(file.rows("variants"), slice_rows)) {
        const auto table = file.read_rows("variants", range.begin, range.end - range.begin);
        const auto position = counts(table, "base_pair_location");
        const auto chromosome = words(table, "chromosome"), other = words(table, "other_allele"),
                   effect = words(table, "effect_allele");
        for (std::size_t i = 0; i < position.size(); ++i) {
            if (position[i] != best->position || chromosome[i] != best->chromosome ||
                other[i] != best->other_allele || effect[i] != best->effect_allele)
                continue;
            phenome.variant = *best;
            for (const TraitAssociation& trait : traits) {
                const auto test = file.read_rows("traits/" + trait.name, range.begin + i, 1);
                phenome.tests.push_back({.trait = trait.name,
                                         .kind = trait.kind,
                                         .beta = numbers(test, "beta")[0],
                                         .standard_error = numbers(test, "standard_error")[0],
                                         .neg_log10_p = numbers(test, "neg_log10_p")[0]});
            }
            return phenome;
        }
    }
    return phenome;
}

} // namespace salus::report
