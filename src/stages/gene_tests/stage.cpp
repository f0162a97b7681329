#include "base/problems.hpp"
#include "base/text.hpp"
#include "formats/file_genotypes.hpp"
#include "formats/gene_annotations.hpp"
#include "schema/existing_input.hpp"
#include "stages/association/workload.hpp"
#include "stages/gene_tests/gene_tests.hpp"
#include "stages/gene_tests/null_models.hpp"
#include "stages/gene_tests/set_catalog.hpp"
#include "stages/gene_tests/set_windows.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

namespace salus {
namespace {

// Sets come from annotations, or are windows.
void examine_sets(const GeneTestsParams& params, const Inputs& inputs,
                  std::vector<Problem>& problems) {
    const auto given = [&](const char* port) {
        const auto found = inputs.find(port);
        return found != inputs.end() && !found->second.empty();
    };
    if (params.window_size == 0) {
        if (!given("annotations"))
            problems.push_back({.what = "there are no sets of variants",
                                .where = "input annotations and parameter window_size",
                                .why = "sets are genes of annotations, or windows",
                                .help = "give annotations, or set window_size"});
        if (params.window_step != 0)
            problems.push_back({.what = "window_step is set, but there are no windows",
                                .where = "parameter window_step",
                                .why = "window_size = 0 means that sets are genes",
                                .help = "set window_size, or leave window_step out"});
        return;
    }
    for (const char* port : {"annotations", "gene_sets", "gene_masks"})
        if (given(port))
            problems.push_back({.what = text("input ", port, " has no use with windows"),
                                .where = "parameter window_size",
                                .why = "windows hold all variants of their place",
                                .help = "leave it out, or set window_size = 0"});
    if (!params.masks.empty())
        problems.push_back({.what = "masks have no use with windows",
                            .where = "parameters masks and window_size",
                            .why = "windows hold all variants of their place",
                            .help = "leave them out, or set window_size = 0"});
}

/// Variants of the largest set, if small annotations are there; else 0.
double largest_set(const GeneTestsParams& params, const Inputs& inputs) {
    constexpr std::uintmax_t soon_read = std::uintmax_t{1} << 23;
    if (params.window_size > 0)
        return params.window_unit == "variants" ? static_cast<double>(params.window_size) : 0;
    const auto* annotations = existing_input(inputs, "annotations");
    if (annotations == nullptr || std::filesystem::file_size(*annotations) > soon_read) return 0;
    std::size_t most = 0;
    try {
        const auto catalog =
            gene_tests::SetCatalog::read(params, *annotations, existing_input(inputs, "gene_sets"),
                                         existing_input(inputs, "gene_masks"));
        for (const auto& set : catalog.sets())
            most = std::max(most, set.variants());
    } catch (const Error&) { // told when they are read
    }
    return static_cast<double>(most);
}

void examine(const GeneTestsParams& params, const Inputs& inputs, Workload& sizes,
             std::vector<Problem>& problems) {
    examine_genotypes(inputs, sizes, problems);
    examine_sets(params, inputs, problems);
    for (const double most : params.frequency_max)
        if (!(most > 0) || most > 1)
            problems.push_back({.what = text(most, " is not an allele frequency"),
                                .where = "parameter frequency_max",
                                .why = "a bin holds variants up to a frequency above 0, at most 1",
                                .help = "use for example 0.01"});
    if (params.frequency_max.empty() && !params.singletons)
        problems.push_back({.what = "there is no frequency bin",
                            .where = "parameters frequency_max and singletons",
                            .why = "every test is of a mask and a frequency bin",
                            .help = "name at least one frequency, or set singletons"});
    association::examine_traits(gene_tests::association_params(params), inputs,
                                association::Times::accepted, sizes, problems);
    sizes.predictions = inputs.contains("null_model");
    sizes.set_variants = largest_set(params, inputs);
    try {
        parse_variant_masks(params.masks);
    } catch (const Error& error) {
        keep_problems(error, problems);
    }
}

Resources needs(const GeneTestsParams& params, const Workload& w) {
    const auto kinds = association::planned_traits(w, static_cast<double>(params.traits_per_pass));
    const double covariates = kinds.covariates;
    const auto models = association::null_model_bytes(kinds);
    // Protein-coding variants are a tenth of a sequenced or imputed set at most, in 20,000 genes;
    // windows hold all variants, each as often as they overlap.
    const gene_tests::WindowRules windows = gene_tests::window_rules(params);
    const bool genes = windows.size == 0;
    const auto step = static_cast<double>(windows.step);
    const double annotated = genes ? std::min(w.variants, 2e7) : 0;
    const double sets = genes                 ? 2e4
                        : windows.by_variants ? w.variants / step
                                              : std::min(w.variants, 3e9 / step);
    const double listed =
        genes ? annotated : w.variants * std::ceil(static_cast<double>(windows.size) / step);
    const double rows =
        sets * (genes ? 2 : 1) * static_cast<double>(params.frequency_max.size() + 1);
    const double known = w.set_variants > 0 ? w.set_variants : w.variants;
    const double largest = std::min(static_cast<double>(params.variants_max),
                                    known > 0 ? known : static_cast<double>(params.variants_max));
    const double carriers = 0.002 * w.samples + 1; // per variant, most being very rare
    Resources r;
    r.memory_bytes = 49e6 + dosage_bytes(w, std::min(1024.0, 32 * largest)) +
                     w.samples * (models.kept + models.making +
                                  8 * (w.traits * (w.predictions ? 2 : 1) + covariates) + 200) +
                     150 * annotated + (genes ? 0 : 200 * sets) +
                     w.threads * (8 * w.samples + 32 * largest * largest) + 1000 * 24 * carriers;
    r.storage_bytes = rows * (100 + 130 * w.traits) + (params.write_variants ? 100 * listed : 0);
    r.scratch_bytes = r.storage_bytes + 13 * annotated;
    r.core_hours = (1e-6 * w.variants +
                    w.traits * (rows * 1e-3 + listed * carriers * (covariates + 50) * 2e-9)) /
                   3600;
    r.formula =
        "P traits per pass (at most traits_per_pass), C covariates and components, A annotated "
        "variants (at most 20 million), V variants of the largest set, at most variants_max: "
        "memory per rank 49 "
        "MB + N x (24 C + 39 B for every quantitative trait, 56 C + 115 B for a binary one, 56 C + "
        "215 B for one of times + 8 B x (all traits + C), + 8 B x all traits with predictions, + "
        "200 B) + 150 B x A or 200 B a window + per thread 8 B "
        "x N + 32 B x V^2 + 24 B x carriers of 1,000 variants; results 100 B + 130 B x traits a "
        "set, mask and bin, and 100 B a variant of a set; time 1 us x M + per trait 1 ms a set, "
        "mask and bin (SKAT-O; it grows "
        "with the cube of the variants above 60) + 2 ns x carriers x (C + variants of the set); "
        "with dosages another 2 B x N x min(1,024, 32 x the largest set) of memory";
    return r;
}

const char* const details =
    "Tests sets of rare variants: genes of the annotations, the sets of a set list, or windows. A "
    "mask is "
    "the "
    "variants of a set with certain consequences; each mask is tested in bins of allele frequency "
    "(among all samples that pass quality, whatever the trait) and for singletons. Every set, mask "
    "and bin has a row in the result, tested or with the reason why not.\n\n"
    "Annotations are regenie's (variant, gene, consequence), VEP's table, or a VCF of VEP or "
    "bcftools csq. Their variants are found by CHROM:POS:REF:ALT or by identifier; how many were "
    "found either way, and how many not, is in the log and in attributes of the result.\n\n"
    "burden: the sum or the maximum of a person's copies in the mask, or the sum of at most 2, "
    "tested like a variant by linear regression (exact t test) or logistic score test; beta is per "
    "unit of this burden. skat, skat_o: variance component test and its best mixture with the "
    "weighted burden, weights Beta(frequency; weight_beta_1, weight_beta_2) by the frequency in "
    "the samples of the trait. acat_v: Cauchy combination of the tests of single variants, those "
    "with fewer than 10 copies as one burden. acat_o: Cauchy combination of burden, skat and "
    "acat_v. Variants with at most collapse_count_max copies enter skat, skat_o and acat_v as one, "
    "the largest number of copies a person has of any of them; 0 keeps them apart.\n\n"
    "Binary and time-to-event traits: the burden and each single variant are tested by the saddle "
    "point approximation where their score is beyond two standard deviations; variances that agree "
    "with these tests replace those of the score, and all are enlarged where the weighted burden "
    "asks for it. Where fewer than resample_cases_max carriers are expected among cases (or people "
    "with the event), that is not enough: if skat, skat_o or acat_v of a mask has p below 0.05, "
    "the "
    "null distribution of all three comes from redistributing cases among its carriers, by their "
    "fitted odds (or expected events) and given the covariates: all ways for up to 12 carriers, "
    "else draws, most of them towards the tail that is sought. p is mid-p. Random numbers belong "
    "to "
    "seed, set, mask and bin. The column method says which p come from where. Time to event is a "
    "Cox "
    "model with Efron's ties and late entry, and beta a log hazard ratio. standard_error is made "
    "to "
    "agree with p.\n\n"
    "Windows: with window_size, sets are windows along the genotypes, and all their variants are "
    "one "
    "mask. set_variants lists the variants of each set and mask.\n\n"
    "Tails of sums of chi-squares are exact to nine digits, however far out. skat_o takes the "
    "quantiles of its mixtures from their exact distributions; skat_o_quantiles = \"matched\" does "
    "as the R package SKAT and regenie do, and gives their numbers, some percent off what drawing "
    "gives.\n\n"
    "With null_model (whole-genome predictions), the prediction without the chromosome of the set "
    "is an offset. Chromosome X: males count 0 or 2 copies, as in association; variants on "
    "chromosome Y are left out and counted. Missing genotypes get the mean of the samples of the "
    "trait. Work follows carriers, not samples.\n\n"
    "score_covariance.h5 has, if write_covariance is set, score, variance and covariances of the "
    "variants of each set and trait, for meta-analysis.";

} // namespace

Stage gene_tests_stage() {
    using P = GeneTestsParams;
    return stage<P>("gene_tests")
        .summary("burden, SKAT, SKAT-O and ACAT tests of rare variants by gene")
        .details(details)
        .cites("Wu MC et al. (2011) Rare-variant association testing for sequencing data with the "
               "sequence kernel association test. Am J Hum Genet 89:82. "
               "doi:10.1016/j.ajhg.2011.05.029")
        .cites("Lee S, Wu MC, Lin X (2012) Optimal tests for rare variant effects in sequencing "
               "association studies. Biostatistics 13:762. doi:10.1093/biostatistics/kxs014")
        .cites("Liu Y et al. (2019) ACAT: a fast and powerful p value combination method for "
               "rare-variant analysis in sequencing studies. Am J Hum Genet 104:410. "
               "doi:10.1016/j.ajhg.2019.01.002")
        .cites("Zhao Z et al. (2020) UK Biobank whole-exome sequence binary phenome analysis with "
               "robust region-based rare-variant test. Am J Hum Genet 106:3. "
               "doi:10.1016/j.ajhg.2019.11.012")
        .cites("Lee S, Fuchsberger C, Kim S, Scott L (2016) An efficient resampling method for "
               "calibrating single and gene-based rare variant association analysis in "
               "case-control studies. Biostatistics 17:1. doi:10.1093/biostatistics/kxv033")
        .cites("Zhou W et al. (2022) SAIGE-GENE+ improves the efficiency and accuracy of set-based "
               "rare variant association tests. Nat Genet 54:1466. doi:10.1038/s41588-022-01178-w")
        .cites("Rice SO (1980) Distribution of quadratic forms in normal random variables: "
               "evaluation by numerical integration. SIAM J Sci Stat Comput 1:438. "
               "doi:10.1137/0901032")
        .reads({"genotypes", Artifact::genotype_store, "genotypes to be tested"})
        .reads({"phenotypes", Artifact::phenotype_table, "traits and covariates in genotype order"})
        .reads({"annotations", Artifact::variant_annotations,
                "variants, genes and consequences: regenie's file, VEP's table, or VCF with CSQ or "
                "BCSQ; needed unless the sets are windows",
                true})
        .reads({"gene_sets", Artifact::gene_sets,
                "regenie set list; without it each gene of the annotations is a set", true})
        .reads({"gene_masks", Artifact::gene_masks,
                "regenie mask definitions; without it and the parameter masks, one mask of all "
                "consequences",
                true})
        .reads({"quality", Artifact::quality_result, "pass marks of variants and samples", true})
        .reads({"components", Artifact::components_result,
                "principal components that become covariates pc1, pc2 ...", true})
        .reads({"null_model", Artifact::null_model_result,
                "whole-genome predictions without each chromosome", true})
        .writes({"gene_tests",
                 Artifact::gene_tests_result,
                 "gene_tests.h5",
                 "tests of all sets for all traits",
                 {gene_sets_table(), gene_test_rows_table(), gene_trait_table("{trait}", "binary"),
                  gene_leave_one_out_table("{trait}"), gene_set_variants_table(),
                  gene_summary_table(), gene_skipped_table()}})
        .writes({"score_covariance",
                 Artifact::score_covariance,
                 "score_covariance.h5",
                 "scores and covariances for meta-analysis; empty unless write_covariance is set",
                 {score_variants_table(), score_trait_table("{trait}"),
                  score_covariance_table("{trait}")}})
        .param("traits", &P::traits,
               {.doc =
                    "traits to test; NAME* takes all that begin so, the rows of the status matrix "
                    "included; empty: all quantitative, binary and time-to-event columns of "
                    "the table that can be tested"})
        .param("covariates", &P::covariates,
               {.doc = "covariates of the model, without the intercept; empty: all of the "
                       "phenotype table"})
        .param("masks", &P::masks,
               {.doc =
                    "masks as \"name: consequence consequence\" (or with commas), in place of the "
                    "input gene_masks"})
        .param("window_size", &P::window_size,
               {.doc = "length of the windows that are the sets, in place of annotations; 0: sets "
                       "are genes",
                .unit = "window_unit",
                .min = 0,
                .max = 4e9})
        .param("window_step", &P::window_step,
               {.doc = "from the begin of a window to that of the next; 0: half of window_size",
                .unit = "window_unit",
                .min = 0,
                .max = 4e9})
        .param("window_unit", &P::window_unit,
               {.doc = "whether windows are measured in base pairs, or in variants of the "
                       "genotypes whatever their frequency",
                .choices = {"bp", "variants"}})
        .param("frequency_max", &P::frequency_max,
               {.doc = "largest allele frequency of each frequency bin", .unit = "proportion"})
        .param("singletons", &P::singletons,
               {.doc = "whether variants with one copy among all samples are a bin as well"})
        .param(
            "frequency_allele", &P::frequency_allele,
            {.doc = "which allele is counted: the rarer one, or ALT", .choices = {"minor", "alt"}})
        .param("tests", &P::tests,
               {.doc = "tests to do; burden is always done",
                .choices = {"burden", "skat", "skat_o", "acat_v", "acat_o"}})
        .param("burden_coding", &P::burden_coding,
               {.doc = "how a person's copies in a mask become its burden: the most of any "
                       "variant, their sum, or the sum but at most 2",
                .choices = {"max", "sum", "comphet"}})
        .param("weight_beta_1", &P::weight_beta_1,
               {.doc = "first parameter of the Beta density that weighs variants",
                .unit = "1",
                .min = 0.01,
                .max = 1000})
        .param("weight_beta_2", &P::weight_beta_2,
               {.doc = "second parameter; 1 and 1 weigh all variants the same",
                .unit = "1",
                .min = 0.01,
                .max = 1000})
        .param("collapse_count_max", &P::collapse_count_max,
               {.doc = "variants with at most so many copies among the samples of a trait count as "
                       "one in skat, skat_o and acat_v; 0: none",
                .unit = "alleles",
                .min = 0})
        .param("skat_o_quantiles", &P::skat_o_quantiles,
               {.doc = "quantiles of the mixtures of skat_o: exact, or of chi-squares of the same "
                       "kurtosis",
                .choices = {"exact", "matched"}})
        .param("minor_allele_count_min", &P::minor_allele_count_min,
               {.doc = "fewest copies in mask and bin among the samples of a trait",
                .unit = "alleles",
                .min = 1})
        .param("variants_max", &P::variants_max,
               {.doc = "most variants, after collapsing, of a set of which more than the burden is "
                       "tested",
                .unit = "variants",
                .min = 1,
                .max = 20000})
        .param("resample_cases_max", &P::resample_cases_max,
               {.doc =
                    "skat, skat_o and acat_v of a mask with p below 0.05 and fewer carriers than "
                    "this expected among cases (controls, if these are fewer; people with the "
                    "event) have their null distribution from redistributing cases among "
                    "carriers; 0: never",
                .unit = "people",
                .min = 0,
                .max = 1e6})
        .param("resample_draws_max", &P::resample_draws_max,
               {.doc = "most draws of such a null distribution; fewer are done once the standard "
                       "error of p is below 5 % of it, 10 % above 0.001, 15 % above 0.05",
                .unit = "draws",
                .min = 1024,
                .max = 1e9})
        .param("leave_one_out", &P::leave_one_out,
               {.doc = "whether burden and skat_o are also done without each variant: as many "
                       "tests more"})
        .param("write_variants", &P::write_variants,
               {.doc = "whether the variants of each set and mask are listed"})
        .param("write_covariance", &P::write_covariance,
               {.doc = "whether scores and covariances are written for meta-analysis"})
        .param(
            "rank_inverse_normal", &P::rank_inverse_normal,
            {.doc = "whether quantitative traits are replaced by normal quantiles of their ranks"})
        .param("components_count", &P::components_count,
               {.doc = "leading components that become covariates, at most those that there are; "
                       "only with the input components",
                .unit = "components",
                .min = 0,
                .max = 1000})
        .param("traits_per_pass", &P::traits_per_pass,
               {.doc = "traits tested in one pass over the sets; fewer need less memory",
                .unit = "traits",
                .min = 1,
                .max = 100000})
        .needs(needs)
        .examines(examine)
        .run(run_gene_tests);
}

} // namespace salus
