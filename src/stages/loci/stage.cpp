#include "base/problems.hpp"
#include "formats/file_genotypes.hpp"
#include "schema/existing_input.hpp"
#include "stages/association/workload.hpp"
#include "stages/loci/clusters.hpp"
#include "stages/loci/loci.hpp"

#include <algorithm>

namespace salus {
namespace {

void examine(const LociParams& params, const Inputs& inputs, Workload& sizes,
             std::vector<Problem>& problems) {
    examine_genotypes(inputs, sizes, problems);
    try {
        if (inputs.contains("association") && existing_input(inputs, "association") == nullptr)
            association::expect_traits({.traits = params.traits, .covariates = params.covariates},
                                       inputs, association::Times::refused, sizes);
        if (const auto* path = existing_input(inputs, "association")) {
            const H5File file = H5File::open(*path);
            const auto traits = loci::tested_traits(file, params);
            sizes.traits = static_cast<double>(traits.size());
            if (const auto most = loci::largest_region(file, traits, params))
                sizes.set_variants = std::max(1.0, static_cast<double>(*most));
        }
    } catch (const Error& error) {
        keep_problems(error, problems);
    }
}

Resources needs(const LociParams& params, const Workload& w) {
    const double given = static_cast<double>(params.fine_map_variants_max);
    const double known = w.set_variants > 0 ? w.set_variants : w.variants;
    const double most = known > 0 ? std::min(known, given) : given;
    const double covariates = w.tested.traits() > 0 ? w.tested.covariates
                              : params.covariates.empty()
                                  ? 20
                                  : static_cast<double>(params.covariates.size());
    const double window = 2e-3 * static_cast<double>(params.locus_kb);  // Mb
    const double variants = std::min(most, w.variants / 3100 * window); // of a locus
    const double loci = 20;                                             // of a trait, assumed
    Resources r;
    // Of a locus genotypes and what they have in common; or, before, planes of all that may be in
    // its clumps, from calls of 1,024 at once.
    const double mapped = 8 * most * most + most * (w.samples * (w.dosages ? 2.25 : 0.25) + 300) +
                          dosage_bytes(w, 0x1p26 / (w.samples / 4 + 1));
    const double clumped =
        0.375 * most * std::min(w.samples, static_cast<double>(params.ld_samples_max)) +
        std::min(most, 1024.0) * w.samples / 4 + dosage_bytes(w, 1024);
    const bool none = w.set_variants == 1; // nothing is significant
    r.memory_bytes = (none ? 42e6 : 60e6 + 150 * std::min(w.variants, 65536.0)) +
                     8 * w.samples * (w.traits + 2 * covariates + 10) + std::max(mapped, clumped);
    r.storage_bytes = w.traits * loci * variants * 120;
    r.scratch_bytes = r.storage_bytes;
    const double gram = 0.06e-9 * w.samples * variants * variants;
    const double scans = 4 * 0.15e-9 * w.samples * variants * (covariates + 4);
    r.core_hours = (w.traits * loci * (gram + scans + 1e-8 * variants * variants * 100) +
                    w.traits * w.variants * 8e-9) /
                   3600;
    r.formula =
        "m tested variants of the largest locus (those within reach of significant ones where the "
        "association result is there, else M; at most fine_map_variants_max), C covariates (20 if "
        "none are named): memory per rank 60 MB + 150 B x min(M, 65,536) + 8 B x N (P + 2 C + 10) "
        "+ the larger of 8 B x m^2 + m x (N / 4 B, 2 N B more with dosages) and 3/8 B x m min(N, "
        "ld_samples_max) + N / 4 B x min(m, 1,024); time of a locus 0.06 ns x N m^2 + 0.15 ns x N "
        "m (C + 4) a step + 10 ns x m^2 an effect and 10 iterations; 8 ns x M P to find "
        "significant tests; 20 loci a trait assumed; with dosages another 2 B x N x min(M, 2^28 / "
        "N) of memory";
    return r;
}

const char* const details =
    "Looks at the tests of an association result that pass p_max, and at the genotypes around "
    "them. "
    "(1) Clumps: variants by falling significance claim what is within clump_kb, passes "
    "clump_p_max, and has at least clump_r2 with them (hard calls of the samples of the trait, "
    "over samples called in both). (2) Loci: windows of locus_kb on both sides of the index "
    "variants, merged where they overlap. (3) Conditional signals: from the most significant "
    "variant of the locus on, the variant with the most significant test in the model of the "
    "covariates and the signals so far is added, as long as that passes p_max; variants with more "
    "than signal_r2_max with the signals are not looked at. Quantitative traits: least squares; "
    "binary traits: the logistic score test. At the end all signals are fitted in one model: least "
    "squares, or logistic regression by maximum likelihood with Wald's test. (4) Credible sets: a "
    "sum of single effects on the tested variants of the locus, from the genotypes of the samples "
    "of the trait themselves, covariates taken out of both: least squares with an estimated "
    "residual variance for quantitative traits, score statistics and their correlations under the "
    "null model for binary ones. A set is given if no two of its variants correlate less than "
    "purity_min.\n\n"
    "Models are those of association: the same samples, covariates, components and transformation; "
    "a trait whose number of samples differs from the association result is an error. Offsets of a "
    "whole-genome model do not enter: the column marginal_neg_log10_p of signals shows the test "
    "that is made here. Missing genotypes get the mean of the called ones; dosages count where a "
    "variant has them; X is coded as in association. Variants on Y are clumped, in males, but not "
    "modelled further. The HLA region is marked: its loci are long, and credible sets there are "
    "to be read with care.\n\n"
    "A locus of more than fine_map_variants_max tested variants is not fine-mapped, and "
    "fine_mapping_status says so. Clumps use at most ld_samples_max samples, evenly.";

StageOf<LociParams> with_params(StageOf<LociParams> stage) {
    using P = LociParams;
    return stage
        .param("traits", &P::traits, {.doc = "traits to look at; empty: all of the association"})
        .param("covariates", &P::covariates,
               {.doc = "covariates of the models, as in association; empty: all of the phenotype "
                       "table"})
        .param("components_count", &P::components_count,
               {.doc = "leading components that become covariates, as in association",
                .unit = "components",
                .min = 0,
                .max = 1000})
        .param("p_max", &P::p_max,
               {.doc = "largest p-value of index variants and of conditional signals",
                .unit = "probability",
                .min = 0,
                .max = 1})
        .param("clump_p_max", &P::clump_p_max,
               {.doc = "largest p-value of the other variants of a clump",
                .unit = "probability",
                .min = 0,
                .max = 1})
        .param("clump_r2", &P::clump_r2,
               {.doc = "r2 from which a variant belongs to the clump of a more significant one",
                .unit = "1",
                .min = 0,
                .max = 1})
        .param("clump_kb", &P::clump_kb,
               {.doc = "farthest distance within a clump", .unit = "kb", .min = 1, .max = 100'000})
        .param("ld_samples_max", &P::ld_samples_max,
               {.doc = "most samples from which r2 of clumps is computed, evenly from those of the "
                       "trait",
                .unit = "samples",
                .min = 100})
        .param("locus_kb", &P::locus_kb,
               {.doc = "window on each side of an index variant",
                .unit = "kb",
                .min = 1,
                .max = 100'000})
        .param(
            "signals_max", &P::signals_max,
            {.doc = "most conditional signals of a locus", .unit = "signals", .min = 1, .max = 100})
        .param("signal_r2_max", &P::signal_r2_max,
               {.doc = "largest multiple r2 of a further signal with those found before",
                .unit = "1",
                .min = 0,
                .max = 1})
        .param(
            "effects_max", &P::effects_max,
            {.doc = "most single effects of fine-mapping", .unit = "effects", .min = 1, .max = 100})
        .param("coverage", &P::coverage,
               {.doc = "probability that a credible set holds a causal variant",
                .unit = "probability",
                .min = 0.01,
                .max = 1})
        .param("purity_min", &P::purity_min,
               {.doc = "least absolute correlation within a credible set",
                .unit = "1",
                .min = 0,
                .max = 1})
        .param("fine_map_variants_max", &P::fine_map_variants_max,
               {.doc = "most tested variants of a locus that is fine-mapped; memory is 8 bytes x "
                       "their square",
                .unit = "variants",
                .min = 2,
                .max = 100'000});
}

} // namespace

Stage loci_stage() {
    return with_params(
               stage<LociParams>("loci")
                   .summary("independent loci: clumps, conditional signals, credible sets")
                   .details(details)
                   .cites("Purcell S et al. (2007) PLINK: a tool set for whole-genome association "
                          "and population-based linkage analyses. Am J Hum Genet 81:559. "
                          "doi:10.1086/519795")
                   .cites(
                       "Yang J et al. (2012) Conditional and joint multiple-SNP analysis of GWAS "
                       "summary statistics identifies additional variants influencing complex "
                       "traits. Nat Genet 44:369. doi:10.1038/ng.2213")
                   .cites("Wang G, Sarkar A, Carbonetto P, Stephens M (2020) A simple new approach "
                          "to variable selection in regression, with application to genetic fine "
                          "mapping. J R Stat Soc B 82:1273. doi:10.1111/rssb.12388")
                   .cites(
                       "Zou Y, Carbonetto P, Wang G, Stephens M (2022) Fine-mapping from summary "
                       "data with the \"Sum of Single Effects\" model. PLoS Genet 18:e1010299. "
                       "doi:10.1371/journal.pgen.1010299")
                   .reads({"genotypes", Artifact::genotype_store, "genotypes that were tested"})
                   .reads({"association", Artifact::association_result,
                           "tests of all variants for all traits"})
                   .reads({"phenotypes", Artifact::phenotype_table,
                           "traits and covariates in genotype order"})
                   .reads({"quality", Artifact::quality_result,
                           "pass marks of samples, as in association", true})
                   .reads({"components", Artifact::components_result,
                           "principal components that become covariates, as in association", true})
                   .writes({"loci",
                            Artifact::loci_result,
                            "loci.h5",
                            "loci, clumps, conditional signals and credible sets of all traits",
                            {loci_traits_table(), loci_table(), loci_clumps_table(),
                             loci_clump_members_table(), loci_signals_table(),
                             loci_credible_sets_table(), loci_variants_table()}}))
        .needs(needs)
        .examines(examine)
        .run(run_loci);
}

} // namespace salus
