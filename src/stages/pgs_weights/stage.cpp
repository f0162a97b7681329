#include "base/text.hpp"
#include "formats/file_genotypes.hpp"
#include "genotype/genotype_source.hpp"
#include "stages/pgs_weights/pgs_weights.hpp"

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

void refuse(std::vector<Problem>& problems, std::string what, std::string why) {
    problems.push_back({.what = std::move(what),
                        .where = "stage pgs_weights",
                        .why = std::move(why),
                        .help = "see salus help pgs_weights"});
}

void examine(const PgsWeightsParams& params, const Inputs& inputs, Workload& sizes,
             std::vector<Problem>& problems) {
    const std::vector<std::string> known{"infinitesimal", "auto", "lassosum2", "clumping"};
    if (params.methods.empty()) refuse(problems, "methods is empty", "no weights would be made");
    for (const std::string& method : params.methods)
        if (std::find(known.begin(), known.end(), method) == known.end())
            refuse(problems, text("there is no method '", method, "'"),
                   text("methods are ", join(known, ", ")));
    const auto outside = [&](const std::vector<double>& values, const char* name, double most) {
        for (const double x : values)
            if (!(x > 0 && x <= most))
                refuse(problems, text(name, " holds ", x),
                       text("values are above 0 and at most ", most));
    };
    outside(params.clump_r2, "clump_r2", 1);
    outside(params.p_thresholds, "p_thresholds", 1);
    outside(params.lambda_shares, "lambda_shares", 1);
    outside(params.deltas, "deltas", 1e6);
    examine_genotypes(inputs, sizes, problems);
}

Resources needs(const PgsWeightsParams& params, const Workload& w) {
    const double m = std::min(w.variants > 0 ? w.variants : 1e6, 1.4e6);
    const double b = std::min(m, static_cast<double>(params.block_variants_max));
    const auto chains = static_cast<double>(params.chains);
    const double columns =
        2 + static_cast<double>(params.deltas.size()) * static_cast<double>(params.lambdas) +
        static_cast<double>(params.clump_r2.size() * params.p_thresholds.size());
    const double sweeps = static_cast<double>(params.burn_in + params.kept_iterations);
    Resources r;
    r.memory_bytes = 64e6 + 250 * m + 0.375 * w.samples * b + 24 * b * b + 2 * w.samples +
                     (8 * m * b + 40 * m * chains) / std::max(1.0, w.ranks) + 8 * b * columns;
    r.storage_bytes = m * (40 + 8 * columns);
    r.scratch_bytes = 8 * m * b + m * (200 + 16 * columns);
    r.core_hours = (w.variants * 1e-6 + m * b / 2 * w.samples * 5e-12 + m * b * b * 1e-10 +
                    m * chains * sweeps * 60e-9 + m * columns * b * 1e-8) /
                   3600;
    r.formula =
        "Mu used variants (at most 1.4 million assumed), B variants in a block, C chains, W "
        "sets of weights, I sweeps: memory per rank 64 MB + 250 B x Mu + 3/8 B x N B + 24 B "
        "x B^2 + (8 B x Mu B + 40 B x Mu C) / R + 8 B x B W; results 40 B x Mu + 8 B x Mu "
        "W; scratch 8 B x Mu B + 200 B x Mu + 16 B x Mu W; time 1 us x M + 0.0025 ns x N Mu "
        "B + 0.1 ns x Mu B^2 + 60 ns x Mu C I + 10 ns x Mu B W";
    return r;
}

const char* const details =
    "Variants of the statistics are found in the genotypes by position or identifier, with alleles "
    "on either strand; effects are turned to ALT. A row is used if its effect, standard error and "
    "sample size are there, and if the standard deviation of the genotype that they imply is that "
    "of the LD samples (between half of it and 0.1 more), allele frequencies differ by at most "
    "0.2, "
    "the sample size is within three standard deviations of the mean, and A/T and C/G variants "
    "have "
    "no frequency between 0.4 and 0.6. The table checks counts what is lost; the job fails if more "
    "than loss_max is. Autosomes only.\n\n"
    "LD is the correlation of hard calls in blocks of at most block_variants_max variants, cut at "
    "wide gaps between variants, missing calls set to the mean; it is computed once and all "
    "methods "
    "read it. LD between blocks counts as none.\n\n"
    "infinitesimal is LDpred2-inf: all variants have normal effects. auto is LDpred2-auto: many "
    "Gibbs chains under a point-normal prior that estimate heritability and share of causal "
    "variants; chains that diverge, or whose fitted effects have a narrow range, are left out, and "
    "the others averaged. The split R-hat and effective sample sizes of both are attributes of the "
    "result; a method that fails has no column and a reason in the table methods. lassosum2 is the "
    "elastic net on summary statistics over a grid; clumping takes the marginal effects of the "
    "most "
    "significant variants of clumps within a block. Weights are per copy of effect_allele. "
    "Heritability is that of the mean chi-square and the mean LD score unless given; 0.01, with a "
    "warning, if the estimate is not positive.\n\n"
    "Random numbers belong to (seed, chain, iteration, variant) and sums over blocks are added in "
    "their order, so results do not depend on ranks or threads. Sets of weights are to be compared "
    "in other people than those of the statistics.";

} // namespace

TableSpec pgs_weights_table(const std::string& trait, const std::vector<std::string>& methods) {
    using enum ColumnType;
    TableSpec spec{
        .name = "weights/" + trait,
        .row = "score_variant",
        .doc = "One row per used variant, in the order of the genotypes; a column per set of "
               "weights. The stage score reads this table.",
        .columns = {{"chromosome", ColumnType::text, "", "Chromosome as written in the input"},
                    {"base_pair_location", u32, "bp", "Position, 1-based"},
                    {"variant_id", ColumnType::text, "", "Identifier, empty if none"},
                    {"other_allele", ColumnType::text, "", "Reference allele (REF)"},
                    {"effect_allele", ColumnType::text, "",
                     "Alternative allele (ALT), the one that is counted"}}};
    for (const std::string& method : methods)
        spec.columns.push_back(
            {"weight_" + method, f64, "units of the effects", "Weight per copy of effect_allele"});
    if (methods.empty())
        spec.columns.push_back(
            {"weight_{method}", f64, "units of the effects", "Weight per copy of effect_allele"});
    return spec;
}

TableSpec pgs_methods_table() {
    using enum ColumnType;
    return {.name = "methods",
            .row = "set_of_weights",
            .doc = "What became of every set of weights.",
            .columns = {{"method", ColumnType::text, "",
                         "Method and settings: delta and number of lambda, or r2 and p"},
                        {"status", ColumnType::text, "",
                         "found; failed or empty: there is no column of weights"},
                        {"reason", ColumnType::text, "",
                         "all_chains_diverged, not_converged, no_variant_selected; of found ones "
                         "h2_not_mixed or p_not_mixed if the split R-hat is 1.1 or more"},
                        {"nonzero", u64, "variants", "Variants with a weight that is not 0"}}};
}

TableSpec pgs_chains_table() {
    using enum ColumnType;
    return {
        .name = "chains",
        .row = "gibbs_chain",
        .doc = "Chains of LDpred2-auto.",
        .columns = {
            {"chain", u32, "1", "Number of the chain"},
            {"p_start", f64, "proportion", "Share of causal variants at the start"},
            {"h2", f64, "proportion", "Mean heritability of the kept iterations"},
            {"p", f64, "proportion", "Mean share of causal variants of the kept iterations"},
            {"range", f64, "1", "Range of the fitted marginal effects"},
            {"status", ColumnType::text, "",
             "kept; diverged: effects grew beyond twice the marginal ones; narrow: the range is "
             "below 0.95 of the 95th percentile of the chains"}}};
}

TableSpec pgs_checks_table() {
    using enum ColumnType;
    return {.name = "checks",
            .row = "check",
            .doc = "What became of the rows of the statistics.",
            .columns = {{"reason", ColumnType::text, "",
                         "used, or why not: no_effect (no sample size), low_frequency (in the LD "
                         "samples), spread "
                         "(standard deviation of the genotype), frequency, sample_size, ambiguous, "
                         "not_tested (no effect or standard error), absent, allele_mismatch, "
                         "not_autosomal, duplicate"},
                        {"rows", u64, "rows", "Rows of the file"}}};
}

Stage pgs_weights_stage() {
    using P = PgsWeightsParams;
    return stage<P>("pgs_weights")
        .summary("weights of polygenic scores from summary statistics and LD")
        .details(details)
        .cites("Prive F, Arbel J, Vilhjalmsson BJ (2020) LDpred2: better, faster, stronger. "
               "Bioinformatics 36:5424. doi:10.1093/bioinformatics/btaa1029")
        .cites("Prive F, Arbel J, Aschard H, Vilhjalmsson BJ (2022) Identifying and correcting for "
               "misspecifications in GWAS summary statistics and polygenic scores. HGG Adv "
               "3:100136. doi:10.1016/j.xhgg.2022.100136")
        .reads({"statistics", Artifact::summary_statistics, "association statistics of one trait"})
        .reads({"genotypes", Artifact::genotype_store,
                "genotypes that the LD is computed from, of the same population"})
        .reads({"ld_samples", Artifact::sample_list, "whose genotypes; all without it", true})
        .writes({"pgs_weights",
                 Artifact::pgs_weights_result,
                 "pgs_weights.h5",
                 "weights, how they were found, and the checks of the statistics",
                 {pgs_weights_table("{trait}", {}), pgs_methods_table(), pgs_chains_table(),
                  pgs_checks_table()}})
        .writes({"catalog",
                 Artifact::score_files,
                 "weights.txt",
                 "one set of weights as a PGS Catalog scoring file",
                 {}})
        .param("trait", &P::trait,
               {.doc = "trait of an HDF5 result; of text its name in the result"})
        .param("binary", &P::binary,
               {.doc = "whether effects are logarithms of odds; the sample size is then the "
                       "effective one, estimated if sample_size is 0"})
        .param("sample_size", &P::sample_size,
               {.doc = "sample size of all variants; 0 takes that of the file. Of a binary trait "
                       "4 / (1 / cases + 1 / controls)",
                .unit = "people",
                .min = 0})
        .param("checks", &P::checks,
               {.doc = "whether rows that do not fit the LD samples are left out"})
        .param("loss_max", &P::loss_max,
               {.doc = "largest share of the rows with a variant that the checks may leave out",
                .unit = "proportion",
                .min = 0,
                .max = 1})
        .param("methods", &P::methods, {.doc = "methods: infinitesimal, auto, lassosum2, clumping"})
        .param("published", &P::published,
               {.doc = "set of weights of the PGS Catalog file: name or beginning of it"})
        .param("block_variants_max", &P::block_variants_max,
               {.doc = "most variants in an LD block", .unit = "variants", .min = 2, .max = 20000})
        .param("heritability", &P::heritability,
               {.doc = "of the used variants; 0 estimates it",
                .unit = "proportion",
                .min = 0,
                .max = 1})
        .param("chains", &P::chains,
               {.doc = "chains of auto, with shares of causal variants from 0.0001 to 0.2",
                .unit = "chains",
                .min = 1,
                .max = 1000})
        .param("burn_in", &P::burn_in,
               {.doc = "iterations of a chain before the first that counts",
                .unit = "iterations",
                .min = 0,
                .max = 1e6})
        .param("kept_iterations", &P::kept_iterations,
               {.doc = "iterations that count", .unit = "iterations", .min = 4, .max = 1e6})
        .param("shrink", &P::shrink,
               {.doc = "factor of correlations off the diagonal in auto; down to 0.4 where LD and "
                       "statistics do not fit",
                .unit = "1",
                .min = 0,
                .max = 1})
        .param("sign_jumps", &P::sign_jumps,
               {.doc = "whether an effect may change its sign from one iteration to the next"})
        .param("lambdas", &P::lambdas,
               {.doc = "values of lambda of lassosum2, evenly in logarithms down to 0.01 of the "
                       "least that selects nothing",
                .unit = "values",
                .min = 1,
                .max = 100})
        .param("lambda_shares", &P::lambda_shares,
               {.doc = "these instead, as shares of the least that selects nothing"})
        .param("deltas", &P::deltas, {.doc = "ridge penalties of lassosum2"})
        .param("lasso_tolerance", &P::lasso_tolerance,
               {.doc = "largest change of a standardised effect in the last round of lassosum2",
                .min = 1e-15,
                .max = 1})
        .param("clump_r2", &P::clump_r2,
               {.doc = "r2 from which a variant belongs to the clump of a more significant one"})
        .param("clump_kb", &P::clump_kb,
               {.doc = "farthest distance within a clump", .unit = "kb", .min = 1, .max = 1e6})
        .param("p_thresholds", &P::p_thresholds, {.doc = "largest p of the variants of a score"})
        .needs(needs)
        .examines(examine)
        .run(run_pgs_weights);
}

} // namespace salus
