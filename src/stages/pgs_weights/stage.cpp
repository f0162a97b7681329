#include "base/problems.hpp"
#include "base/text.hpp"
#include "formats/file_genotypes.hpp"
#include "formats/summary_statistics.hpp"
#include "genotype/genotype_source.hpp"
#include "schema/existing_input.hpp"
#include "stages/pgs_weights/methods.hpp"
#include "stages/pgs_weights/pgs_weights.hpp"
#include "store/h5.hpp"

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

/// Tests of the trait in an association result that is there; 0 if it is none, or too long a one.
double tested_variants(const PgsWeightsParams& params, const Inputs& inputs) {
    constexpr std::uint64_t most_rows = 50'000'000, rows_at_once = 65536;
    const auto* path = existing_input(inputs, "statistics");
    if (path == nullptr || !is_hdf5_file(*path)) return 0;
    const H5File file = H5File::open(*path);
    const std::string column = text("traits/", params.trait, "/standard_error");
    if (params.trait.empty() || !file.exists(column)) return 0;
    const std::uint64_t rows = file.rows("variants");
    double found = 0;
    for (std::uint64_t begin = 0; begin < rows && rows <= most_rows; begin += rows_at_once) {
        const auto errors =
            file.read_rows<double>(column, begin, std::min(rows_at_once, rows - begin));
        found += static_cast<double>(
            std::count_if(errors.begin(), errors.end(), [](double e) { return e > 0; }));
    }
    return found;
}

void examine(const PgsWeightsParams& params, const Inputs& inputs, Workload& sizes,
             std::vector<Problem>& problems) {
    const std::vector<std::string> known = pgs_weights::method_names();
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
    outside(params.shrinkage_phis, "shrinkage_phis", 1e6);
    examine_genotypes(inputs, sizes, problems);
    try {
        sizes.set_variants = tested_variants(params, inputs);
    } catch (const Error& error) {
        keep_problems(error, problems);
    }
}

Resources needs(const PgsWeightsParams& params, const Workload& w) {
    const auto has = [&](const char* method) {
        return std::find(params.methods.begin(), params.methods.end(), method) !=
                       params.methods.end()
                   ? 1.0
                   : 0.0;
    };
    const double m = std::min(w.set_variants > 0 ? w.set_variants
                              : w.variants > 0   ? w.variants
                                                 : 1e6,
                              1.4e6);
    const double b = std::min(m, static_cast<double>(params.block_variants_max));
    const double phis = 1 + static_cast<double>(params.shrinkage_phis.size());
    const double chains = has("auto") * static_cast<double>(params.chains),
                 shrinkage = has("continuous_shrinkage") * phis *
                             static_cast<double>(params.shrinkage_chains),
                 mixture = has("mixture") * static_cast<double>(params.mixture_chains);
    const double columns =
        3 + phis + static_cast<double>(params.deltas.size()) * static_cast<double>(params.lambdas) +
        static_cast<double>(params.clump_r2.size() * params.p_thresholds.size());
    const double sweeps = static_cast<double>(params.burn_in + params.kept_iterations);
    const double ranks = std::max(1.0, w.ranks), threads = std::max(1.0, w.threads);
    // Blocks end at gaps: the sum of their squares was at most 0.8 m b. Eigenvectors are fewer.
    const double correlations = 6.4 * b + has("mixture") * 4.8 * b;
    const double chain_bytes =
        m * (correlations + std::max({32 * chains, 24 * shrinkage, 32 * mixture})) / ranks +
        std::max(8 * has("continuous_shrinkage"), 12 * has("mixture")) * b * b * threads +
        16 * m * phis;
    Resources r;
    r.memory_bytes = 44e6 + dosage_bytes(w, 0) + 250 * m + 2 * w.samples + 8 * b * columns +
                     std::max(0.375 * w.samples * b + 16 * b * b, chain_bytes);
    r.storage_bytes = m * (40 + 8 * columns);
    r.scratch_bytes = 8 * m * b + m * (200 + 16 * columns);
    r.core_hours =
        (w.variants * 1e-6 + m * b / 2 * w.samples * 5e-12 + m * b * b * 1e-10 +
         m * sweeps * (chains * 100e-9 + shrinkage * b * b * 3e-11 + mixture * b * 5e-10) +
         has("mixture") * m * b * b * 1.2e-9 + m * columns * b * 1e-8) /
        3600;
    r.formula =
        "Mu used variants (those that the association result has tests of where it is there, else "
        "M; at most 1.4 million assumed), B variants in a block, chains C of auto, "
        "S of continuous_shrinkage (all phi), X of mixture, W "
        "sets of weights, I sweeps, T threads: memory per rank 44 MB + 250 B x Mu + 2 B x N + 8 B "
        "x B W + the larger of 3/8 B x N B + 16 B x B^2 and Mu (6.4 B x B, with mixture 11.2 B x "
        "B, + the largest of 32 B x C, 24 B x S, 32 B x X) / R + 12 B x B^2 T + 16 B x Mu for each "
        "phi; results 40 B x Mu + 8 B x Mu "
        "W; scratch 8 B x Mu B + 200 B x Mu + 16 B x Mu W; time 1 us x M + 0.0025 ns x N Mu "
        "B + 0.1 ns x Mu B^2 + Mu I (100 ns x C + 0.03 ns x B^2 S + 0.5 ns x B X) + with mixture "
        "1.2 ns x Mu B^2 + 10 ns x Mu B W; with dosages another 2 B x N x a block of the store (64 "
        "to 512 variants) of memory";
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
    "the others averaged. continuous_shrinkage is PRS-CS: every effect has a variance of its own "
    "under a heavy-tailed prior with one global phi, found by the chains or given; all effects of "
    "a block are drawn at once from Cholesky factors, which makes it the dearest method. mixture "
    "is "
    "SBayesR: effects are 0 or of one of four variances, 0.001 to 1 times the largest, sampled on "
    "the leading eigenvectors of the LD that make up eigen_share of its variance. Split R-hat and "
    "effective sample sizes are in the table parameters; a method that fails has no column and a "
    "reason in the table methods. lassosum2 is the "
    "elastic net on summary statistics over a grid; clumping takes the marginal effects of the "
    "most "
    "significant variants of clumps within a block. Weights are per copy of effect_allele. "
    "Heritability is that of the mean chi-square and the mean LD score unless given; 0.01, with a "
    "warning, if the estimate is not positive.\n\n"
    "Random numbers belong to (seed, chain, iteration, variant) and sums over blocks are added in "
    "their order, so results do not depend on ranks or threads. Sets of weights are to be compared "
    "in other people than those of the statistics.";

} // namespace

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
        .cites("Ge T, Chen CY, Ni Y, Feng YA, Smoller JW (2019) Polygenic prediction via Bayesian "
               "regression and continuous shrinkage priors. Nat Commun 10:1776. "
               "doi:10.1038/s41467-019-09718-5")
        .cites("Lloyd-Jones LR, Zeng J, Sidorenko J et al. (2019) Improved polygenic prediction by "
               "Bayesian multiple regression on summary statistics. Nat Commun 10:5086. "
               "doi:10.1038/s41467-019-12653-0")
        .cites("Zheng Z, Liu S, Sidorenko J et al. (2024) Leveraging functional genomic "
               "annotations and genome coverage to improve polygenic prediction of complex traits "
               "within and between ancestries. Nat Genet 56:767. doi:10.1038/s41588-024-01704-y")
        .reads({"statistics", Artifact::summary_statistics, "association statistics of one trait"})
        .reads({"genotypes", Artifact::genotype_store,
                "genotypes that the LD is computed from, of the same population"})
        .reads({"ld_samples", Artifact::sample_list, "whose genotypes; all without it", true})
        .writes({"pgs_weights",
                 Artifact::pgs_weights_result,
                 "pgs_weights.h5",
                 "weights, how they were found, and the checks of the statistics",
                 {pgs_weights_table("{trait}", {}), pgs_methods_table(), pgs_chains_table(),
                  pgs_parameters_table(), pgs_checks_table()}})
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
        .param("methods", &P::methods,
               {.doc = "methods: infinitesimal, auto, continuous_shrinkage, mixture, lassosum2, "
                       "clumping"})
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
        .param("estimate_alpha", &P::estimate_alpha,
               {.doc = "whether auto lets the variance of an effect depend on the frequency, as "
                       "(2 f (1 - f))^(1 + alpha) for standardised genotypes, and estimates alpha "
                       "within -1.5 to 0.5; without it alpha is -1"})
        .param("shrinkage_chains", &P::shrinkage_chains,
               {.doc = "chains of continuous_shrinkage, for each phi",
                .unit = "chains",
                .min = 1,
                .max = 1000})
        .param("shrinkage_phis", &P::shrinkage_phis,
               {.doc = "fixed values of phi of continuous_shrinkage, each a set of weights besides "
                       "the one that finds phi; 1e-6 to 1, smaller for fewer causal variants"})
        .param("mixture_chains", &P::mixture_chains,
               {.doc = "chains of mixture, with shares of causal variants from 0.001 to 0.1",
                .unit = "chains",
                .min = 1,
                .max = 1000})
        .param("eigen_share", &P::eigen_share,
               {.doc = "share of the variance of the LD of a block that mixture keeps; down to 0.9 "
                       "where LD and statistics do not fit",
                .unit = "proportion",
                .min = 0.1,
                .max = 1})
        .param("burn_in", &P::burn_in,
               {.doc = "iterations of a chain of any method before the first that counts",
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
