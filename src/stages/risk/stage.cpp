#include "base/problems.hpp"
#include "base/text.hpp"
#include "formats/file_genotypes.hpp"
#include "genotype/genotype_source.hpp"
#include "schema/existing_input.hpp"
#include "stages/risk/cohort.hpp"
#include "stages/risk/risk.hpp"
#include "stages/risk/tables.hpp"

#include <algorithm>

namespace salus {
namespace {

void examine(const RiskParams& params, const Inputs& inputs, Workload& sizes,
             std::vector<Problem>& problems) {
    const bool bad = params.p_thresholds.empty() ||
                     std::any_of(params.p_thresholds.begin(), params.p_thresholds.end(),
                                 [](double p) { return !(p > 0 && p <= 1); });
    if (bad)
        problems.push_back({.what = "p_thresholds is empty or holds a value that is not in (0, 1]",
                            .where = "stage risk",
                            .why = "each is the largest p-value of the variants of a score",
                            .help = "use for example [5e-8, 1e-6, 1e-4, 1e-2]"});
    examine_genotypes(inputs, sizes, problems);
    try {
        if (const auto* path = existing_input(inputs, "phenotypes")) {
            const auto choice = risk::choose(H5File::open(*path), params, problems);
            sizes.traits = static_cast<double>(choice.traits.size());
        }
    } catch (const Error& error) {
        keep_problems(error, problems);
    }
}

Resources needs(const RiskParams& params, const Workload& w) {
    const double phases = static_cast<double>(params.tuning_folds) + 1;
    const auto thresholds = static_cast<double>(params.p_thresholds.size());
    const double columns = 13, common = std::min(w.variants, 1e7);
    Resources r;
    const double read = std::min(65536.0, variants_at_once(w, 0x1p26, 64));
    r.memory_bytes = 52e6 + dosage_bytes(w, read) + 250 * std::min(w.variants, 65536.0) +
                     w.samples * std::max(8 * columns * phases * std::min(2.5, w.traits),
                                          8 * phases * thresholds) +
                     200 * w.samples;
    r.storage_bytes = w.traits * 30 * w.samples;
    r.scratch_bytes = w.traits * (30 * w.samples + 40 * phases * 0.05 * common);
    r.core_hours = w.traits * phases * columns * w.samples * common * 0.02e-9 / 3600 +
                   w.variants * 1e-6 / 3600;
    r.formula = "F sets = tuning folds + 1, C = covariates + 3 (13 assumed), T thresholds, Mc = "
                "common variants "
                "(at most 10^7 assumed): memory per rank 52 MB + 250 B x min(M, 65,536) + N x "
                "max(8 B x C F min(P, 2.5), 8 B "
                "x F T) + 200 B x N; "
                "results 30 B x N P; scratch 30 B x N P + 2 B x F Mc P; time 0.02 ns x N Mc C F P; "
                "with dosages another 2 B x N x min(M / 64, 2^28 / N, 65,536) (at least a block of "
                "the store) of memory";
    return r;
}

StageOf<RiskParams> with_params(StageOf<RiskParams> stage) {
    using P = RiskParams;
    return stage
        .param("traits", &P::traits,
               {.doc = "traits to score; empty takes every quantitative and binary trait"})
        .param("covariates", &P::covariates,
               {.doc = "covariates of discovery and validation; empty takes all"})
        .param(
            "split_seed", &P::split_seed,
            {.doc = "seed of the split; a sample's part depends on this and its identifier alone",
             .min = 0})
        .param("discovery_fraction", &P::discovery_fraction,
               {.doc = "share of the samples that build the score; the others validate it",
                .unit = "proportion",
                .min = 0.1,
                .max = 0.9})
        .param("tuning_folds", &P::tuning_folds,
               {.doc = "folds of the discovery part that choose the p-value threshold",
                .unit = "folds",
                .min = 2,
                .max = 20})
        .param("p_thresholds", &P::p_thresholds,
               {.doc = "p-value thresholds to choose from", .unit = "probability"})
        .param("minor_allele_frequency_min", &P::minor_allele_frequency_min,
               {.doc = "least minor allele frequency of a variant of the score",
                .unit = "proportion",
                .min = 0,
                .max = 0.5})
        .param("clump_r2", &P::clump_r2,
               {.doc = "r2 from which a variant belongs to the clump of a more significant one",
                .unit = "1",
                .min = 0,
                .max = 1})
        .param(
            "clump_kb", &P::clump_kb,
            {.doc = "farthest distance within a clump", .unit = "kb", .min = 1, .max = 1'000'000})
        .param("ld_samples_max", &P::ld_samples_max,
               {.doc = "most samples from which r2 is computed, evenly from the training samples",
                .unit = "samples",
                .min = 100})
        .param("group_samples_min", &P::group_samples_min,
               {.doc = "fewest people of a group, and of each part, for estimates",
                .unit = "people",
                .min = 20})
        .param("cases_min", &P::cases_min,
               {.doc = "fewest cases, and controls, of a group and of each part for estimates",
                .unit = "people",
                .min = 2})
        .param("bootstrap_replicates", &P::bootstrap_replicates,
               {.doc = "resamples for the intervals of r2",
                .unit = "replicates",
                .min = 2,
                .max = 100'000});
}

} // namespace

Stage risk_stage() {
    return with_params(
               stage<RiskParams>("risk")
                   .summary("polygenic scores by clumping and thresholding, validated in samples "
                            "that did not build them")
                   .details("Samples are split into a discovery and a validation part by a hash of "
                            "their identifier, so a "
                            "sample stays where it is when others come or go; members of a family "
                            "may fall on both sides. "
                            "In the discovery part every common autosomal variant is tested, "
                            "adjusted for the covariates: "
                            "linear regression for quantitative traits, the logistic score test "
                            "with its one-step effect for "
                            "binary ones. Tests are clumped by r2 of the genotypes. Dosages are "
                            "tested and scored where a variant has them; clumping compares hard "
                            "calls. The p-value "
                            "threshold is chosen by "
                            "cross-validation inside the discovery part: scan and clumping without "
                            "a fold, correlation with "
                            "the outcome in that fold. The score then takes effects from the whole "
                            "discovery part. The "
                            "validation part plays no role until here.\n\n"
                            "In the validation part three models are compared: covariates, score, "
                            "and both. Their "
                            "coefficients for a person come from the nine tenths of the validation "
                            "part without that person's "
                            "fold, so every prediction is for somebody who was not fitted. R2 is "
                            "the squared correlation of "
                            "prediction and outcome with bootstrap intervals over people; AUC has "
                            "DeLong intervals; effects "
                            "per standard deviation of the score are adjusted for the covariates. "
                            "Ancestry groups are measured "
                            "one by one with the same predictions.\n\n"
                            "Missing genotypes count as twice the allele frequency. Samples and "
                            "variants that failed quality "
                            "are left out where the quality result is given; failed samples still "
                            "get a score.")
                   .cites("Purcell S et al. (2009) Common polygenic variation contributes to risk "
                          "of schizophrenia and "
                          "bipolar disorder. Nature 460:748. doi:10.1038/nature08185")
                   .cites("DeLong ER, DeLong DM, Clarke-Pearson DL (1988) Comparing the areas "
                          "under two or more correlated "
                          "receiver operating characteristic curves. Biometrics 44:837. "
                          "doi:10.2307/2531595")
                   .cites("Choi SW, Mak TSH, O'Reilly PF (2020) Tutorial: a guide to performing "
                          "polygenic risk score "
                          "analyses. Nat Protoc 15:2759. doi:10.1038/s41596-020-0353-1")
                   .reads({"genotypes", Artifact::genotype_store, "genotypes of the cohort"})
                   .reads({"phenotypes", Artifact::phenotype_table,
                           "traits, covariates and ancestry groups"})
                   .reads({"quality", Artifact::quality_result,
                           "leaves out samples and variants that failed", true})
                   .writes({"risk",
                            Artifact::risk_result,
                            "risk.h5",
                            "scores, their variants and their validation",
                            {risk::validation_table(), risk::tuning_table(),
                             risk::scores_table("{trait}"), risk::weights_table("{trait}"),
                             risk::calibration_table("{trait}"), risk::quantiles_table("{trait}"),
                             risk::roc_table("{trait}")}}))
        .needs(needs)
        .examines(examine)
        .run(run_risk);
}

} // namespace salus
