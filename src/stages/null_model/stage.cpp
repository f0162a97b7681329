#include "base/text.hpp"
#include "formats/file_genotypes.hpp"
#include "stages/association/workload.hpp"
#include "stages/null_model/null_model.hpp"

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

/// Blocks are even parts of what a chromosome has.
void examine_blocks(const NullModelParams& params, const Inputs& inputs, Workload& sizes,
                    std::vector<Problem>& problems) {
    const auto counted = examine_variant_set(inputs, 0, sizes, problems);
    if (!counted) return;
    const auto most = static_cast<double>(params.block_size);
    for (const double variants : counted->of_chromosome)
        if (variants > 0)
            sizes.columns =
                std::max(sizes.columns, std::ceil(variants / std::ceil(variants / most)));
}

void examine(const NullModelParams& params, const Inputs& inputs, Workload& sizes,
             std::vector<Problem>& problems) {
    for (const double h : params.heritabilities)
        if (!(h > 0 && h < 1))
            problems.push_back({.what = text("the heritability ", h, " is not between 0 and 1"),
                                .where = "parameter heritabilities",
                                .why = "penalties are M (1 - h) / h",
                                .help = "give numbers such as 0.01, 0.25, 0.5, 0.75, 0.99"});
    for (const double p : params.causal_fractions)
        if (!(p > 0 && p < 1))
            problems.push_back({.what = text("the causal fraction ", p, " is not between 0 and 1"),
                                .where = "parameter causal_fractions",
                                .why = "it is the probability of a large effect",
                                .help = "give numbers such as 0.05, 0.01, 0.001"});
    if (params.prior != "ridge" && params.causal_fractions.empty())
        problems.push_back({.what = "there is no causal fraction",
                            .where = "parameter causal_fractions",
                            .why = text("prior = \"", params.prior, "\" tries each of them"),
                            .help = "give at least one number between 0 and 1"});
    if (params.heritabilities.empty())
        problems.push_back({.what = "there is no heritability",
                            .where = "parameter heritabilities",
                            .why = "each of them is a penalty that is tried",
                            .help = "give at least one number between 0 and 1"});
    examine_genotypes(inputs, sizes, problems);
    association::examine_traits({.traits = params.traits,
                                 .covariates = params.covariates,
                                 .components_count = params.components_count},
                                inputs, association::Times::accepted, sizes, problems);
    if (params.mode == "whole_genome") examine_blocks(params, inputs, sizes, problems);
}

Resources needs(const NullModelParams& params, const Workload& w) {
    Resources r;
    const double loco = 8 * 23 * w.samples * w.traits;
    r.storage_bytes = loco + 20 * w.samples;
    if (params.mode != "whole_genome") {
        r.memory_bytes = 50e6 + 40 * w.samples * (w.traits + 20);
        r.formula = "memory 50 MB + 40 B x N (P + 20)";
        return r;
    }
    const auto most = static_cast<double>(params.block_size);
    const double left = w.set_variants > 0 ? w.set_variants
                        : w.pruned         ? std::min(w.variants / 3, 1.5e6)
                                           : w.variants;
    const double m = w.columns > 0 ? w.columns : left > 0 ? std::min(left, most) : most;
    const double used = std::max(left, m);
    const double folds = static_cast<double>(params.folds);
    const double ridge =
        params.prior == "mixture" ? 0 : static_cast<double>(params.heritabilities.size());
    const double mixtures =
        params.prior == "ridge" ? 0 : static_cast<double>(params.causal_fractions.size());
    const double grid = ridge + mixtures;
    const double width = std::min(w.traits, static_cast<double>(params.traits_per_pass));
    const double blocks = used / m + 22, columns = grid * blocks;
    // Matrices of doubles: sums, absent samples and system of a set by fold, and without a fold.
    // Several sets share the factors of all folds, else those of all samples stay instead.
    const bool several = width > 1;
    const double matrices = several ? 4 * folds + 7 + w.threads : 4 * folds + 2 + 2 * w.threads;
    const double factors = several ? folds * ridge : (ridge + 1) * std::min(w.threads, folds);
    const double round = m + 24; // columns are padded
    const double read = std::min(65536.0, variants_at_once(w, 0x1p26, 64));
    r.memory_bytes = 82e6 + m * w.samples * (w.dosages ? 1.25 : 0.25) + dosage_bytes(w, read) +
                     8 * m * round * matrices + 4 * m * round * factors +
                     4 * w.samples * width * (grid + 4) + 8 * w.samples * (3 * w.traits + 20) +
                     std::min(4.0 * (1U << 30), 4 * w.samples * columns) +
                     8 * columns * columns * (folds + 3) + 300 * std::min(w.variants, 65536.0);
    // Traits of few samples that are predicted one by one, if any is: not known here.
    if (params.prior == "ridge") {
        const double few = std::min(w.samples, static_cast<double>(params.leave_one_out_below));
        r.memory_bytes += few * (m * (4 + 6 * std::min(w.threads, ridge)) + 8 * width * ridge);
    }
    r.scratch_bytes = 4 * w.samples * columns * w.traits + loco;
    const double gram = w.variants * m / 2 * w.samples * 0.012e-9;
    const double solve = blocks * folds * ridge * m * m * m / 6 * 0.07e-9;
    // All sweeps of a mixture, trait and fold: 2.5 to 5 ns x m^2, measured at m = 500.
    const double sweeps = w.variants * m * folds * width * mixtures * 5e-9;
    const double predict = w.samples * w.variants * width * grid * 0.03e-9;
    const double level1 = w.traits * w.samples * columns * columns * (5 + grid) * 0.06e-9;
    const double passes = std::max(1.0, w.traits / std::max(1.0, width));
    r.core_hours = (passes * (gram + 2 * solve + sweeps + predict) + level1) / 3600;
    r.formula =
        "Mu variants (those that ld keeps or that pass quality where these results are there, else "
        "M, or M / 3 and at most 1.5 million with ld), blocks of m = min(block_size, Mu) (of the "
        "largest chromosome where that is known), F folds, H heritabilities and "
        "K causal_fractions as "
        "prior says, G = H + K, P traits per pass, L = G (Mu / m + 22), T threads: memory per rank "
        "82 MB + 300 B x min(M, 65,536) + m N / 4 B + 8 B x m^2 (4 F + 7 + T) + 4 B x m^2 F H (of "
        "one trait 8 B x m^2 (4 F + 2 + 2 T) + 4 B x m^2 (H + 1) T) + 4 B x N P (G + 4) + 24 B x N "
        "x all traits + 4 B x N L (at most 4 GB) + 8 B x L^2 (F + 3), with prior ridge and n = "
        "min(N, leave_one_out_below) + 4 B x m n + 6 B x m n min(T, H) + 8 B x n P H; scratch 4 B "
        "x N L x all traits; time 0.006 ns x M m N + 0.023 ns x M m^2 F H + 5 ns x M m F P K + "
        "0.03 ns x M N P G per pass, and 0.06 ns x N L^2 (5 + G) per trait; with dosages another m "
        "N B and 2 B x N x min(M / 64, 2^28 / N, 65,536) (at least a block of the store) of memory";
    return r;
}

const char* const details =
    "Predicts each trait from the whole genome, leaving out one chromosome at a time (LOCO), by "
    "stacked ridge regression as step 1 of regenie. The prediction is an offset for tests on that "
    "chromosome: it takes up relatedness, structure and the effects of other chromosomes.\n\n"
    "Level 0: in blocks of neighbouring variants each trait is predicted by ridge regression with "
    "one penalty per heritability, each fold of samples by the others. Level 1: these predictions "
    "are combined by ridge regression (quantitative), ridge logistic regression (binary) or a "
    "ridge Cox model (time to event, whose martingale residuals level 0 predicts), with the "
    "penalty that predicts left-out samples best. Give pruned variants (input ld): half a "
    "million common ones are plenty.\n\n"
    "Every trait has its own samples: those with the trait, all covariates, and a pass in the "
    "quality result. Nothing is imputed for the others, and the result of a trait does not depend "
    "on the traits beside it. Folds are consecutive samples in the order of the genotypes. Traits "
    "that lack few samples share the matrices of all, from which the sums of the missing samples "
    "are taken away exactly; traits that lack more than an eighth of a fold get their own.\n\n"
    "Variants that cannot be used are left out and counted by reason; variants without variance in "
    "a fold or in a trait's samples get no weight there. Traits that cannot be analysed (constant, "
    "one class, fewer samples than parameters, no convergence) are listed in traits_skipped with "
    "the reason, and the others go on. Missing genotypes have the mean of the eligible samples.\n\n"
    "mode = \"covariates_only\" writes predictions of zero: later stages then test with covariates "
    "alone. `salus export FILE --table loco --format regenie-loco` writes files that step 2 of "
    "regenie "
    "reads.";

void declare_params(StageOf<NullModelParams>& declared) {
    using P = NullModelParams;
    declared
        .param("mode", &P::mode,
               {.doc = "whole_genome: predictions from all variants; covariates_only: predictions "
                       "of zero",
                .choices = {"whole_genome", "covariates_only"}})
        .param("traits", &P::traits,
               {.doc = "traits to predict; empty: all quantitative, binary and time-to-event ones"})
        .param("covariates", &P::covariates,
               {.doc = "covariates of the model, without the intercept; empty: all of the "
                       "phenotype table"})
        .param("block_size", &P::block_size,
               {.doc = "most variants in a block; blocks of a chromosome are of equal size",
                .unit = "variants",
                .min = 2,
                .max = 10'000})
        .param("folds", &P::folds,
               {.doc = "folds of cross-validation of level 0, and of level 1 but for binary traits",
                .unit = "folds",
                .min = 2,
                .max = 1000})
        .param("leave_one_out_below", &P::leave_one_out_below,
               {.doc = "binary traits with fewer samples are predicted at level 0 by all other "
                       "samples instead of other folds, as regenie does; 0: none",
                .unit = "samples",
                .min = 0})
        .param("heritabilities", &P::heritabilities,
               {.doc = "penalties of both levels, as the heritability h that they suit: M (1 - h) "
                       "/ h"})
        .param("prior", &P::prior,
               {.doc =
                    "of effects at level 0. ridge: all normal, for each heritability; mixture: a "
                    "few large ones among small ones, for each of causal_fractions; auto: the one "
                    "of the two that predicts left-out samples best, trait by trait. "
                    "leave_one_out_below counts only with ridge",
                .choices = {"ridge", "mixture", "auto"}})
        .param("causal_fractions", &P::causal_fractions,
               {.doc = "fractions of variants with large effects; only for mixture and auto"})
        .param("minor_allele_count_min", &P::minor_allele_count_min,
               {.doc = "fewest copies of the rarer allele among the eligible samples",
                .unit = "alleles",
                .min = 1})
        .param(
            "rank_inverse_normal", &P::rank_inverse_normal,
            {.doc = "whether quantitative traits are replaced by normal quantiles of their ranks"})
        .param("traits_per_pass", &P::traits_per_pass,
               {.doc = "traits predicted in one pass over the genotypes; fewer need less memory",
                .unit = "traits",
                .min = 1,
                .max = 100'000})
        .param("components_count", &P::components_count,
               {.doc = "leading components that become covariates, at most those that there are; "
                       "only with the input components",
                .unit = "components",
                .min = 0,
                .max = 1000});
}

} // namespace

Stage null_model_stage() {
    StageOf<NullModelParams> declared = stage<NullModelParams>("null_model");
    declared.summary("whole-genome predictions of traits that leave one chromosome out")
        .details(details)
        .cites("Mbatchou J et al (2021) Computationally efficient whole-genome regression for "
               "quantitative and binary traits. Nat Genet 53:1097. doi:10.1038/s41588-021-00870-7")
        .reads({"genotypes", Artifact::genotype_store, "genotypes that predict"})
        .reads({"phenotypes", Artifact::phenotype_table, "traits and covariates in genotype order"})
        .reads({"quality", Artifact::quality_result, "pass marks of variants and samples", true})
        .reads({"ld", Artifact::ld_result, "uses only variants kept by pruning", true})
        .reads({"components", Artifact::components_result,
                "principal components that become covariates pc1, pc2 ...", true})
        .writes({"null_model",
                 Artifact::null_model_result,
                 "null_model.h5",
                 "predictions without each chromosome, and how they were chosen",
                 {null_model_samples_table(), null_model_chromosomes_table(),
                  null_model_traits_table(), null_model_penalties_table(),
                  null_model_variants_table(), null_model_skipped_table()}});
    declare_params(declared);
    return declared.needs(needs).examines(examine).run(run_null_model);
}

} // namespace salus
