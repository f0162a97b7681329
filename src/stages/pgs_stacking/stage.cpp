#include "base/problems.hpp"
#include "base/text.hpp"
#include "genotype/weight_rows.hpp"
#include "schema/existing_input.hpp"
#include "stages/pgs_stacking/people.hpp"
#include "stages/pgs_weights/pgs_weights.hpp"
#include "store/h5.hpp"

namespace salus {
namespace {

void examine(const PgsStackingParams& params, const Inputs& inputs, Workload& sizes,
             std::vector<Problem>& problems) {
    if (params.alphas.empty())
        problems.push_back({.what = "alphas is empty",
                            .where = "parameter alphas",
                            .why = "the folds choose among its values",
                            .help = "give at least one"});
    for (const double alpha : params.alphas)
        if (!(alpha >= 0.001 && alpha <= 1))
            problems.push_back({.what = text("alphas holds ", alpha),
                                .where = "parameter alphas",
                                .why = "values are from 0.001 (ridge) to 1 (lasso)",
                                .help = "see salus help pgs_stacking"});
    try {
        const auto* weights = existing_input(inputs, "weights");
        if (weights != nullptr) {
            const auto tables = weight_tables(*weights);
            const auto columns = H5File::open(*weights).table_spec(tables.front()).columns.size();
            sizes.columns = static_cast<double>(columns);
        }
        const auto* phenotypes = existing_input(inputs, "phenotypes");
        if (phenotypes == nullptr) return;
        sizes.samples = static_cast<double>(H5File::open(*phenotypes).rows("samples"));
        if (weights != nullptr) pgs_stacking::choose(params, *phenotypes, *weights, problems);
    } catch (const Error& error) {
        keep_problems(error, problems);
    }
}

Resources needs(const PgsStackingParams& params, const Workload& w) {
    const double columns = 20 + (w.columns > 0 ? w.columns : std::max(w.traits, 60.0));
    const auto outer = static_cast<double>(params.outer_folds),
               inner = static_cast<double>(params.inner_folds);
    const double fits = (outer + 1) * (inner + 1) * static_cast<double>(params.alphas.size());
    Resources r;
    r.memory_bytes =
        52e6 + w.samples * (150 + 16 * columns) + 8 * outer * inner * columns * columns;
    r.storage_bytes = 60 * w.variants + 1e6;
    r.scratch_bytes = 8 * w.samples * columns + 60 * w.variants;
    r.core_hours = (w.samples * columns * columns * 1e-9 * fits *
                        (static_cast<double>(params.lambdas) + columns) +
                    fits * 0.1) /
                   3600;
    r.formula =
        "C columns (sets of weights and covariates, at least 80 assumed until the weights are "
        "there), F outer and I inner "
        "folds, A alphas, L lambdas: memory per rank 52 MB + N (150 B + 16 B x C) + 8 B x F I C^2; "
        "results 60 B x M; scratch 8 B x N C + 60 B x M; time of a binary trait 1 ns x N C^2 (L + "
        "C) (F + 1) (I + 1) A, of a quantitative one a hundredth";
    return r;
}

const char* const details =
    "No method of making polygenic scores is the best for all traits, so all candidates are scored "
    "in one pass (stage score) and then combined by regression on people whose data made neither "
    "the statistics nor the weights. The trait is regressed on the covariates, without penalty, "
    "and all scores, standardised, by an elastic net whose coefficients of scores are not negative "
    "(nonnegative). The stack of weights per variant is a table that score reads as it reads "
    "those of pgs_weights.\n\n"
    "Nested cross-validation: inner folds choose the penalty (alphas and lambda) for each set of "
    "training people; outer folds then tell how the stack, so chosen and fitted, does in people "
    "who had no part in it. The same is told of the best single candidate, chosen anew without "
    "each fold by its likelihood, and of the difference, with confidence intervals (influence "
    "functions of R2, DeLong of AUC). The published weights are of a fit to everybody, with the "
    "outer folds choosing the penalty. The folds of a person are hashes of the identifier and "
    "fold_seed: the same in any order and on any ranks; with kinship, the members of a family "
    "(pairs "
    "up to its family_degree) are in one fold, so that nobody is judged by a fit to his relatives. "
    "Confidence intervals are of the people, "
    "not of the choice of folds, and take people as unrelated.\n\n"
    "Scores must be sums (value = \"sum\", mode additive or centred) of the weights that are "
    "given. "
    "With the input statistics_samples the stage refuses people whom the statistics were made "
    "from. A regression that does not settle, or a stack of nothing, is an error and publishes "
    "nothing.";

} // namespace

Stage pgs_stacking_stage() {
    using P = PgsStackingParams;
    auto declared = stage<P>("pgs_stacking");
    declared.summary("one polygenic score out of many by nested cross-validation")
        .details(details)
        .cites("Prive F, Vilhjalmsson BJ, Aschard H, Blum MGB (2019) Making the most of clumping "
               "and thresholding for polygenic scores. Am J Hum Genet 105:1213. "
               "doi:10.1016/j.ajhg.2019.11.001")
        .cites("Varma S, Simon R (2006) Bias in error estimation when using cross-validation for "
               "model selection. BMC Bioinformatics 7:91. doi:10.1186/1471-2105-7-91")
        .cites("Breiman L (1996) Stacked regressions. Mach Learn 24:49. doi:10.1007/BF00117832")
        .reads({"scores", Artifact::score_result, "scores of all candidates"})
        .reads({"weights", Artifact::pgs_weights_result, "the weights that the scores are of"})
        .reads({"phenotypes", Artifact::phenotype_table, "the trait and covariates"})
        .reads({"samples", Artifact::sample_list, "people to tune on; all without it", true})
        .reads({"statistics_samples", Artifact::sample_list,
                "people that the statistics were made from: refused", true})
        .reads(
            {"quality", Artifact::quality_result, "samples that did not pass are left out", true})
        .reads(
            {"kinship", Artifact::kinship_result, "families, which stay together in folds", true})
        .writes(
            {"stacking",
             Artifact::pgs_weights_result,
             "pgs_stacking.h5",
             "weights of the stack, and how it and its candidates do",
             {pgs_weights_table("{trait}", {"stack", "best_single"}), stacking_candidates_table(),
              stacking_performance_table(), stacking_folds_table()}})
        .writes({"catalog",
                 Artifact::score_files,
                 "weights.txt",
                 "weights of the stack as a PGS Catalog scoring file",
                 {}});
    declared
        .param(
            "trait", &P::trait,
            {.doc = "quantitative or binary trait of the phenotypes; empty: that of the weights"})
        .param("covariates", &P::covariates,
               {.doc = "columns of the phenotypes that predict besides the scores; empty: all "
                       "covariates"})
        .param("alphas", &P::alphas,
               {.doc = "shares of the lasso in the penalty that the folds choose from, 0.001 to 1"})
        .param(
            "lambdas", &P::lambdas,
            {.doc = "penalties that are tried, evenly in logarithms down to 0.001 of the largest",
             .unit = "penalties",
             .min = 2,
             .max = 1000})
        .param("nonnegative", &P::nonnegative,
               {.doc = "whether coefficients of scores may not be below 0"})
        .param("outer_folds", &P::outer_folds,
               {.doc = "folds that judge", .unit = "folds", .min = 2, .max = 50})
        .param("inner_folds", &P::inner_folds,
               {.doc = "folds that choose the penalty", .unit = "folds", .min = 2, .max = 50})
        .param("fold_seed", &P::fold_seed, {.doc = "seed of the folds", .min = 0, .max = 9e15});
    return declared.needs(needs).examines(examine).run(run_pgs_stacking);
}

} // namespace salus
