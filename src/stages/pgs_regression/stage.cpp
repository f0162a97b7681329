#include "base/text.hpp"
#include "formats/file_genotypes.hpp"
#include "stages/association/workload.hpp"
#include "stages/pgs_regression/pgs_regression.hpp"

#include <algorithm>

namespace salus {
namespace {

void refuse(std::vector<Problem>& problems, std::string what, std::string why) {
    problems.push_back({.what = std::move(what),
                        .where = "stage pgs_regression",
                        .why = std::move(why),
                        .help = "see salus help pgs_regression"});
}

void examine(const PgsRegressionParams& params, const Inputs& inputs, Workload& sizes,
             std::vector<Problem>& problems) {
    const std::vector<std::string> known{"ridge", "elastic_net"};
    if (params.methods.empty()) refuse(problems, "methods is empty", "no weights would be made");
    for (const std::string& method : params.methods)
        if (std::find(known.begin(), known.end(), method) == known.end())
            refuse(problems, text("there is no method '", method, "'"),
                   text("methods are ", join(known, ", ")));
    const auto wants = [&](const char* method) {
        return std::find(params.methods.begin(), params.methods.end(), method) !=
               params.methods.end();
    };
    for (const double h : params.heritabilities)
        if (!(h > 0 && h < 1))
            refuse(problems, text("heritabilities holds ", h),
                   "a heritability is between 0 and 1: the penalty is (1 - h) / h");
    for (const double alpha : params.alphas)
        if (!(alpha >= 0.001 && alpha <= 1))
            refuse(problems, text("alphas holds ", alpha),
                   "alpha is 1 for the lasso, and at least 0.001: take ridge for 0");
    for (std::size_t a = 0; a < params.alphas.size(); ++a)
        if (std::count(params.alphas.begin(), params.alphas.begin() + static_cast<long>(a),
                       params.alphas[a]) > 0)
            refuse(problems, text("alphas holds ", params.alphas[a], " twice"),
                   "each is a set of weights");
    if (wants("elastic_net") && params.alphas.empty())
        refuse(problems, "alphas is empty", "elastic_net needs at least one");
    if (wants("elastic_net") && params.validation_fraction == 0)
        refuse(problems, "validation_fraction is 0",
               "elastic_net chooses its penalty by people that it is not fitted to");
    if (params.heritabilities.size() > 1 && params.validation_fraction == 0)
        refuse(problems, "several heritabilities, and validation_fraction is 0",
               "ridge chooses among them by people that it is not fitted to");
    examine_genotypes(inputs, sizes, problems);
    association::examine_traits({.traits = params.traits,
                                 .covariates = params.covariates,
                                 .components_count = params.components_count},
                                inputs, association::Times::accepted, sizes, problems);
}

Resources needs(const PgsRegressionParams& params, const Workload& w) {
    const double used = params.maf_min > 0 ? std::min(w.variants, 1.2e7) : w.variants;
    const double rows = std::min(params.rows_memory_max * 0x1p30, w.samples * used / 2 / w.ranks);
    const auto has = [&](const char* method) {
        return std::find(params.methods.begin(), params.methods.end(), method) !=
               params.methods.end();
    };
    const double systems =
        has("ridge")
            ? w.traits * static_cast<double>(std::max<std::size_t>(1, params.heritabilities.size()))
            : 0;
    const double probes =
        has("ridge") && params.heritabilities.empty() ? static_cast<double>(params.probes) : 0;
    const double paths =
        has("elastic_net") ? w.traits * static_cast<double>(params.alphas.size()) : 0;
    const double lambdas = static_cast<double>(params.lambdas_per_pass);
    // A model holds at most as many variants as people, the strong set two or three times that.
    const double strong = std::min({used, static_cast<double>(params.strong_max), 3 * w.samples});
    const double step = std::min(strong, static_cast<double>(params.strong_step));
    const double looked = paths * lambdas;
    const bool known = w.tested.traits() > 0;
    const double covariates = known ? w.tested.covariates : 20;
    // Columns of a trait whose products with K are taken for traces: the basis, y and the probes.
    // All of them and their images stay, beside what 32 of them need at once.
    const double traced = has("ridge") ? covariates + 1 + (probes > 0 ? probes + 1 : 0) : 0;
    const double at_once = std::max(systems, std::min(32.0, w.traits * traced));
    const double ridge =
        has("ridge") ? w.samples * (8 * static_cast<double>(params.preconditioner_vectors) +
                                    std::max(16 * w.traits * traced + 16 * at_once, 112 * systems))
                     : 0;
    // Rows of a strong set, its Gram matrix and the fits of a pass for every path. As one changes,
    // the former ones are there, and products of new variants in four forms; the weights of traits
    // that are not quantitative change, and with them all products.
    const bool renewed = !known || w.tested.traits() > w.tested.quantitative;
    const double changing =
        w.samples * strong / 4 + 4 * strong * strong + 20 * strong * (renewed ? strong : step);
    const double net = has("elastic_net") ? paths * (w.samples * strong / 4 + 4 * strong * strong) +
                                                changing + w.samples * (32 * looked + 150 * paths)
                                          : 0;
    Resources r;
    const double read = std::min(65536.0, variants_at_once(w, 0x1p26, 64));
    r.memory_bytes = 40e6 + rows + dosage_bytes(w, read) +
                     w.samples * (w.traits * (60 + 8 * covariates) + 16 * systems + 100) +
                     std::max(ridge, net) + 16 * used / w.ranks * at_once +
                     8 * std::min(used, 16384.0) * std::max(systems, looked);
    const double sets = systems + paths;
    r.storage_bytes = used * (systems > 0 ? 40.0 + 8 * sets : 0.0) + 1e5;
    r.scratch_bytes = used * (systems > 0 ? 80.0 + 16 * sets : 0.0);
    const double passes = 40;
    r.core_hours =
        (w.samples * w.variants * 0.3e-9 +
         w.samples * used * 0.05e-9 * (passes * systems + w.traits * (probes + 20)) +
         w.samples * used * 0.025e-9 * paths * static_cast<double>(params.lambdas) * 1.5 +
         paths * w.samples * strong * strong * 0.02e-9) /
        3600;
    r.formula =
        "m variants that take part (planned as M, at most 12 million if maf_min is above 0), P "
        "traits, C covariates, V = C + 2 + B of B probes, Q ridge systems (P x heritabilities), E "
        "paths "
        "(P x alphas) of L lambdas_per_pass, S = min(m, strong_max, 3 N), D = min(S, strong_step), "
        "or S if a trait is not quantitative: memory per rank 40 MB + rows (N m / (2 R) bytes, at "
        "most rows_memory_max) + N (P (60 + 8 C) + 16 Q + 100) B + 16 B x m / R x min(32, P V) + 8 "
        "B x min(m, 16384) max(Q, E L) + the larger of ridge: N (8 preconditioner_vectors + 16 P V "
        "+ 16 min(32, P V), or 112 Q) B, and elastic_net: (E + 1) (N S / 4 + 4 S^2) B + 20 B x S D "
        "+ N (32 E L + 150 E) B; results 40 B x m + 8 B x m (Q + E) with ridge; time 0.3 ns x N M "
        "+ 0.05 ns x N m (40 Q + P (B + 20)) + 0.04 ns x N m E lambdas + 0.02 ns x N S^2 E; where "
        "rows do not fit, the genotypes are read again in every pass; with dosages another 2 B x N "
        "x min(M / 64, 2^28 / N, 65,536) (at least a block of the store) of memory";
    return r;
}

const char* const details =
    "Regresses traits on genotypes of individuals; the result is read by score as that of "
    "pgs_weights is. Autosomal variants with maf_min and call_rate_min among the samples take "
    "part, as hard calls, missing ones at the mean. A variant counts (copies - 2f) / "
    "(2f(1-f))^(-frequency_power / 2): effects per allele are assumed to have a variance in "
    "proportion to (2f(1-f))^frequency_power, so -1 is for standardised genotypes and 0 for plain "
    "copies. People who pass, have the trait and all covariates, and are in the list samples if "
    "there is one, train the models but for validation_fraction of them, who are chosen by a hash "
    "of their names and only choose among models. Measure the scores in yet other people: give "
    "samples. Covariates (and components, if given) are never penalised.\n\n"
    "ridge is the best linear prediction (BLUP): all effects normal. Systems of all traits and "
    "heritabilities are solved together by conjugate gradients over people, preconditioned with "
    "the leading eigenvectors of the relationship matrix. Without heritabilities that of each "
    "trait is estimated by Haseman-Elston regression with random probes (at least 0.01 is used); "
    "of several ones the one that validates best is taken. Binary traits are regressed as 0 and 1, "
    "times to events by the martingale residuals of a Cox model of the covariates.\n\n"
    "elastic_net is the penalised linear, logistic or Cox model (Breslow's ties) along lambda for "
    "each alpha. A few lambdas at a time are fitted on a strong set of variants; then one pass "
    "over "
    "all variants checks the optimality conditions of each of them, so what is reported is the "
    "optimum over all variants, and finds whom the next lambdas may need. The path ends when "
    "validation was not better for patience lambdas.\n\n"
    "A model that fails (too few people, all values equal, one class, no events, no convergence) "
    "has no column of weights but a reason in the table fits; the job fails if none is left. "
    "Products with genotypes are exact integers and other sums are made in a fixed order, so "
    "results do not depend on ranks or threads.";

void declare_params(StageOf<PgsRegressionParams>& declared) {
    using P = PgsRegressionParams;
    declared
        .param("traits", &P::traits,
               {.doc = "traits; empty: all quantitative, binary and time-to-event ones"})
        .param("covariates", &P::covariates,
               {.doc = "covariates, without the intercept; empty: all of the phenotype table"})
        .param("methods", &P::methods, {.doc = "methods: ridge, elastic_net"})
        .param("maf_min", &P::maf_min,
               {.doc = "least minor allele frequency among the samples",
                .unit = "proportion",
                .min = 0,
                .max = 0.5})
        .param("call_rate_min", &P::call_rate_min,
               {.doc = "least share of the samples with a call",
                .unit = "proportion",
                .min = 0,
                .max = 1})
        .param("frequency_power", &P::frequency_power,
               {.doc = "power of 2f(1-f) in the variance of an effect per allele: -1 standardised "
                       "genotypes, 0 plain copies",
                .unit = "1",
                .min = -2,
                .max = 1})
        .param("validation_fraction", &P::validation_fraction,
               {.doc = "of people, to choose among models",
                .unit = "proportion",
                .min = 0,
                .max = 0.9})
        .param("split_seed", &P::split_seed, {.doc = "other people validate with another seed"})
        .param("components_count", &P::components_count,
               {.doc = "leading components that become covariates, at most those that there are; "
                       "only with the input components",
                .unit = "components",
                .min = 0,
                .max = 1000})
        .param("heritabilities", &P::heritabilities,
               {.doc = "of the variants that take part, which ridge tries; empty: estimated"})
        .param("probes", &P::probes,
               {.doc = "random vectors that estimate a trace for the heritability",
                .unit = "vectors",
                .min = 2,
                .max = 1000})
        .param("preconditioner_vectors", &P::preconditioner_vectors,
               {.doc = "eigenvectors in the preconditioner of ridge; 0: none",
                .unit = "vectors",
                .min = 0,
                .max = 100})
        .param("ridge_tolerance", &P::ridge_tolerance,
               {.doc = "largest residual of a ridge system over its right-hand side",
                .unit = "1",
                .min = 1e-9,
                .max = 0.1})
        .param("iterations_max", &P::iterations_max,
               {.doc = "most iterations of a ridge system",
                .unit = "iterations",
                .min = 1,
                .max = 100000})
        .param("alphas", &P::alphas,
               {.doc = "mixing of elastic_net, a set of weights each: 1 lasso, less: some ridge"})
        .param("lambdas", &P::lambdas,
               {.doc = "values of lambda, evenly in logarithms from the least that selects nothing",
                .unit = "values",
                .min = 2,
                .max = 1000})
        .param("lambda_smallest", &P::lambda_smallest,
               {.doc = "last lambda over the first", .unit = "1", .min = 1e-6, .max = 0.99})
        .param("lambdas_per_pass", &P::lambdas_per_pass,
               {.doc = "lambdas fitted between two passes over all variants",
                .unit = "values",
                .min = 1,
                .max = 100})
        .param("strong_step", &P::strong_step,
               {.doc = "most variants that a pass adds to the strong set",
                .unit = "variants",
                .min = 1,
                .max = 100000})
        .param("strong_max", &P::strong_max,
               {.doc = "most variants in the strong set; the path ends where more are needed",
                .unit = "variants",
                .min = 1,
                .max = 100000})
        .param("patience", &P::patience,
               {.doc = "lambdas without a better validation before a path ends",
                .unit = "values",
                .min = 1,
                .max = 1000})
        .param("kkt_tolerance", &P::kkt_tolerance,
               {.doc = "largest breach of the optimality conditions over lambda",
                .unit = "1",
                .min = 1e-9,
                .max = 0.01})
        .param("rows_memory_max", &P::rows_memory_max,
               {.doc = "memory per rank for genotypes; where they do not fit, they are read again "
                       "in every pass, with the same result",
                .unit = "GiB",
                .min = 0});
}

} // namespace

Stage pgs_regression_stage() {
    StageOf<PgsRegressionParams> declared = stage<PgsRegressionParams>("pgs_regression");
    declared.summary("weights of polygenic scores from genotypes and traits of individuals")
        .details(details)
        .cites("Qian J et al. (2020) A fast and scalable framework for large-scale and "
               "ultrahigh-dimensional sparse regression with application to the UK Biobank. PLoS "
               "Genet 16:e1009141. doi:10.1371/journal.pgen.1009141")
        .cites("Li R et al. (2022) Fast Lasso method for large-scale and ultrahigh-dimensional Cox "
               "model with applications to UK Biobank. Biostatistics 23:522. "
               "doi:10.1093/biostatistics/kxaa038")
        .cites("Friedman J, Hastie T, Tibshirani R (2010) Regularization paths for generalized "
               "linear models via coordinate descent. J Stat Softw 33(1). "
               "doi:10.18637/jss.v033.i01")
        .cites("Loh PR et al. (2015) Efficient Bayesian mixed-model analysis increases association "
               "power in large cohorts. Nat Genet 47:284. doi:10.1038/ng.3190")
        .cites("Pazokitoroudi A et al. (2020) Efficient variance components analysis across "
               "millions of genomes. Nat Commun 11:4020. doi:10.1038/s41467-020-17576-9")
        .reads({"genotypes", Artifact::genotype_store, "genotypes that predict"})
        .reads({"phenotypes", Artifact::phenotype_table, "traits and covariates in genotype order"})
        .reads({"samples", Artifact::sample_list, "who trains and validates; all without it", true})
        .reads({"quality", Artifact::quality_result, "pass marks of variants and samples", true})
        .reads({"ld", Artifact::ld_result, "uses only variants kept by pruning", true})
        .reads({"components", Artifact::components_result,
                "principal components that become covariates pc1, pc2 ...", true})
        .writes({"pgs_regression",
                 Artifact::pgs_weights_result,
                 "pgs_regression.h5",
                 "weights, paths, and how they were found",
                 {pgs_regression_weights_table("{trait}", {}), pgs_regression_fits_table(),
                  pgs_regression_path_table(), pgs_regression_traits_table(),
                  pgs_regression_samples_table()}});
    declare_params(declared);
    return declared.needs(needs).examines(examine).run(run_pgs_regression);
}

} // namespace salus
