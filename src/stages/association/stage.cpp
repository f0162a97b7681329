#include "base/text.hpp"
#include "formats/file_genotypes.hpp"
#include "schema/existing_input.hpp"
#include "stages/association/association.hpp"
#include "stages/association/phenotypes.hpp"
#include "stages/association/workload.hpp"

#include <algorithm>
#include <filesystem>

namespace salus {
namespace {

void examine(const AssociationParams& params, const Inputs& inputs, Workload& sizes,
             std::vector<Problem>& problems) {
    examine_genotypes(inputs, sizes, problems);
    if (inputs.contains("null_model") && inputs.contains("loco"))
        problems.push_back({.what = "both null_model and loco are given",
                            .where = "inputs of association",
                            .why = "a test holds one prediction fixed",
                            .help = "leave one out"});
    if (params.coding == "genotypic" && inputs.contains("relatives"))
        problems.push_back({.what = "relatives with coding = \"genotypic\"",
                            .where = "inputs of association",
                            .why = "the test of two degrees of freedom knows no relatives",
                            .help = "choose another coding, or leave the input relatives out"});
    if (params.coding == "genotypic" && params.binary_test == "score_saddlepoint")
        problems.push_back({.what = "binary_test = \"score_saddlepoint\" with coding = "
                                    "\"genotypic\"",
                            .where = "parameters of association",
                            .why = "the saddle-point approximation is of one degree of freedom",
                            .help = "choose score_firth, firth, wald or score"});
    association::examine_traits(params, inputs,
                                association::tested_times(params, inputs.contains("relatives")),
                                sizes, problems);
    sizes.predictions = inputs.contains("null_model") || inputs.contains("loco");
}

Resources needs(const AssociationParams& params, const Workload& w) {
    const auto kinds = association::planned_traits(w, static_cast<double>(params.traits_per_pass));
    const double covariates = kinds.covariates, width = std::max(1.0, kinds.traits());
    const double columns = width * (covariates + 5);
    const auto models = association::null_model_bytes(kinds);
    // Predictions have values of their own. Null models are kept once: those of a chromosome, or of
    // its males, are made when those before are gone.
    const double values = (w.predictions ? 2 : 1) * width + covariates;
    // Dosages that are read at once, and those of the variants that are tested together.
    const double dosages = dosage_bytes(w, std::min(65536.0, variants_at_once(w, 0x1p26, 16))) +
                           (w.dosages ? 96 * w.samples * w.threads : 0);
    const double scan =
        dosages + w.samples * (models.kept + models.making + 8 * values + 50 + 150 * w.threads) +
        std::min(w.variants, 65536.0) * (150 + 60 * width);
    // Afterwards the tests of some traits, for their median, beside what the allocator keeps.
    const double medians = std::min(67e6, 8 * w.variants * width / w.ranks);
    Resources r;
    r.memory_bytes = 53e6 + scan + medians;
    const bool genotypic = params.coding == "genotypic";
    r.storage_bytes = w.variants * ((genotypic ? 61 : 45) * w.traits + 30);
    r.scratch_bytes = 2.2 * r.storage_bytes; // as they are, then compressed
    const double multiply = (genotypic ? 2 : 1) * w.variants * w.samples * columns * 0.025e-9;
    const double passes = std::max(1.0, w.traits / std::max(1.0, width));
    // Tests beyond the score of half of the traits: 0.25 us per sample for fits of all 10
    // covariates, 15 ns for those of the variant alone.
    const bool whole = params.binary_test == "wald" || params.binary_test == "firth";
    const double refitted = whole                           ? 0.25e-6
                            : params.binary_test == "score" ? 0
                                                            : 15e-9 * params.refit_p_max;
    // Or of the other half time-to-event: 0.3 ns per sample for the walk through the risk sets, or
    // 0.5 us for a Cox model.
    const double at_risk = params.time_to_event_test == "wald" ? 0.5e-6 : 0.3e-9;
    const double fits = 0.5 * width * std::max(refitted, at_risk) * w.variants * w.samples;
    r.core_hours = passes * (multiply + fits + w.variants * (3e-6 + 1e-6 * width)) / 3600;
    r.formula =
        "P traits per pass (at most traits_per_pass), C covariates and components, D = P (C + 5) "
        "columns, L = 2 with predictions, else 1, all traits with samples of their own: memory per "
        "rank 53 MB + min(67 MB, 8 B x M P / R) + N x (8 C + "
        "13 B for every quantitative trait, 32 C + 82 B for a binary one, 24 C + 74 B for an "
        "ordinal one, 32 C + 182 B for one of times, + 16 C + 17 B or 24 C + 33 B while they are "
        "made, + 8 B x (L P + C) + 50 B + 150 B per thread) + min(M, 65,536) x (150 + 60 P) B; "
        "results M x "
        "(45 B x traits + 30 B), scratch 2.2 times that; time 0.025 "
        "ns x M N D + "
        "1 us x M P, less where variants are rare, + 15 ns x N for every score test that is tested "
        "again (the share refit_p_max of the variants of binary traits, assumed to be half of all; "
        "by carriers where rare), or 0.25 us x N for every variant (wald, firth); if these are "
        "time-to-event traits 0.3 ns x N for every variant, or 0.5 us x N (wald); with dosages "
        "another 2 B x N x min(M / 16, 2^28 / N, 65,536) (at least a block of the store) + 96 B x "
        "N per thread of memory";
    return r;
}

const char* const details =
    "Tests every variant for every trait, many traits in one pass over the genotypes. Quantitative "
    "traits: "
    "multiple linear regression, exact least squares by taking the covariates out of trait and "
    "genotype "
    "(Frisch, Waugh, Lovell); Student's t. Binary traits: logistic regression. Every variant has "
    "the score test given the model of the covariates alone, the null model. Where its p is below "
    "refit_p_max it is tested again, since the score test fails in the tails for rare variants and "
    "rare diseases. binary_test = \"score_firth\": Firth's penalised likelihood ratio test of the "
    "variant alone, the covariates held at their penalised null model (approximate Firth); and "
    "where that is below exact_firth_p_max, of all coefficients (exact). \"score_saddlepoint\": "
    "the "
    "saddle-point approximation of the score's distribution; beta is the one-step estimate score / "
    "variance, as of the score test. Both cost O(carriers) for rare "
    "variants. \"wald\" and "
    "\"firth\" fit every variant with all covariates. The column test says which test gave the "
    "numbers, standard errors agree with p unless firth_standard_error says otherwise. Where "
    "covariates separate cases from controls, the null model is Firth's.\n\n"
    "Variants of at most exact_copies_max copies (binary and time-to-event traits, where the score "
    "test would be tested again): p is exact, from the probabilities of all ways in which the "
    "carriers can be cases or have events, given the null model; the effect is that of the other "
    "tests. p counts the probability of what was seen in full, so that a level is never exceeded, "
    "and is mostly undercut: with few copies there are few different p. exact_p = \"mid\" counts "
    "half of it, which is right on average but not for a given level.\n\n"
    "Time-to-event traits: Cox's proportional hazards model with Efron's ties and late entry. "
    "Every "
    "variant has the score test given the Cox model of the covariates, with the exact information. "
    "Beyond 2 standard deviations its p is that of the saddle-point approximation for events as "
    "Poisson counts, carriers one by one and all others as normal "
    "(time_to_event_test = \"score_saddlepoint\"). beta is the one-step estimate score / "
    "information; where p is below hazard_ratio_p_max it is the log hazard ratio of the whole Cox "
    "model, and test has a code of its own. Standard errors agree with p. \"wald\" fits the whole "
    "model for every variant; one whose carriers have no event, or whose estimate runs to "
    "infinity, has status 6.\n\n"
    "Ordinal traits: the proportional odds model, P(level <= k) = 1 / (1 + exp(x'b - t_k)); beta "
    "is the log odds of higher values, whatever the value. Every variant has the score test given "
    "the model of the covariates, with the expected information; where p is below "
    "odds_ratio_p_max, beta is of the whole model and its standard error agrees with p. \"wald\" "
    "fits the whole model for every variant. Only the order of the values counts; up to 50 "
    "levels. The score test has no correction for small counts: with very uneven levels keep "
    "minor_allele_count_min high.\n\n"
    "With null_model or loco, the prediction of a trait from all chromosomes but the variant's is "
    "held fixed: it is taken from quantitative traits before the covariates, and is an offset of "
    "logistic models. It must be of the same trait and covariates, and with rank_inverse_normal of "
    "the transformed trait. Samples without a prediction are left out; if they are more than a "
    "tenth, the file is refused as made for others. Traits without prediction are skipped. "
    "Variants on chromosomes that the predictions do not cover (Y, mitochondrial) get status 10 "
    "with regenie's files.\n\n"
    "With the input relatives (stage kinship) traits of related samples are not taken as "
    "independent. With A = 1 for a sample with itself and twice the kinship of a pair, the "
    "residual of a trait has the covariance h A + (1 - h) I. Quantitative traits: h by restricted "
    "maximum likelihood without the variant (after the prediction, where there is one), then "
    "generalised least squares, exact for every variant; test 7. Binary traits: h by the products "
    "of relatives' residuals, and the variance of every score is that of correlated outcomes: "
    "its ratio to that of independent ones divides the chi-square of all tests and its root "
    "multiplies their standard errors, while beta stays as it is. Where at most a sixteenth of the "
    "samples carries the allele, and relatives are among them, p is of the families of the "
    "carriers, whose liabilities to be a case are correlated: exact for few copies, else by the "
    "saddle-point approximation (test 9). h is the column family_share of "
    "trait_summary. Everybody that pairs join is a family; at most 2,000 samples each. "
    "Time-to-event and ordinal traits, and the genotypic coding, have no test with relatives. "
    "Kinship is autosomal and counts as such on X, Y and mitochondria too.\n\n"
    "A trait that cannot be analysed is left out with a warning and listed in traits_skipped with "
    "its reason, whether it was named or not; the job fails only if none is left. Every test "
    "without numbers has a status that says why, and converged = 0 if iterations failed.\n\n"
    "A trait is tested in the samples that have it, all covariates, and a pass in the quality "
    "result if that is "
    "given. Covariates that do not vary there (sex in a disease of one sex) are left out and named "
    "in "
    "trait_summary; a trait with collinear covariates is skipped. Missing genotypes get the mean "
    "of the "
    "called ones of "
    "these samples, so n does not change from variant to variant. The effect allele is ALT. Where "
    "a "
    "variant has dosages they are tested, not its calls: missing is who has no dosage, frequencies "
    "are mean dosages, and minor allele counts are sums of dosages.\n\n"
    "Chromosome X outside the pseudo-autosomal regions: males count 0 or 2 copies, so that beta "
    "compares one "
    "female copy with half a male copy (full dosage compensation); a heterozygous male call is "
    "missing; allele "
    "frequencies count one allele per male. Sex is not added by itself: have it among the "
    "covariates. "
    "Chromosome Y is tested in recorded males only, mitochondrial variants in everybody, both "
    "coded 0 or 2.\n\n"
    "coding = \"dominant\" or \"recessive\" tests people with any copy of ALT, or without REF, "
    "against all others. Males on chromosome X, and everybody's mitochondria, have or lack ALT in "
    "both codings. Allele frequencies remain those of alleles, minor_allele_count_min is then also "
    "the fewest people with and without the coded genotype, and beta is their difference. "
    "coding = \"genotypic\" tests heterozygotes and carriers of two copies of ALT against those of "
    "none in one test of two degrees of freedom: F of linear regression; score, Wald or Firth's "
    "likelihood ratio of logistic regression. beta is the effect of two copies and "
    "beta_heterozygous that of one, both with the standard error of the joint model; neg_log10_p "
    "is of both together. Each genotype must be in minor_allele_count_min people. A variant with "
    "two of the three genotypes has status 12, and a Wald test where a genotype has no case or no "
    "control status 6. Quantitative and binary traits only.\n\n"
    "These codings are of calls: where a variant has dosages its calls are tested, as they are in "
    "the genotypes (missing where an import left the call open).\n\n"
    "strata names a covariate whose values are categories, such as centres or arrays; it is then "
    "no "
    "covariate. Cox models have a baseline hazard for each stratum, so that people are compared "
    "within theirs only. All other models have an intercept for each, as R's lm and glm with a "
    "factor; a stratum costs as much as a covariate, and there may be at most 200. Who has no "
    "stratum is left out.\n\n"
    "Conditional tests: the genotypes of the variants of condition_on and of the input "
    "condition_list become covariates under these names, as copies of ALT (males on X 0 or 2). Who "
    "has "
    "no genotype gets the mean of the trait's samples, so that conditioning leaves nobody out. A "
    "listed variant that does not vary is left out and named, as covariates are; two in complete "
    "linkage disequilibrium are an error, as collinear covariates are. The variants themselves "
    "get status 5.\n\n"
    "minor_allele_count_min is 20 by default: with fewer copies the t and score approximations "
    "fail in the "
    "tails, and a single carrier decides the result. Sums over samples are exact integers (traits "
    "and covariates "
    "as 32-bit fixed point, error below 2^-30 of the largest value), so results do not depend on "
    "ranks, threads "
    "or processor. lambda_gc is the exact median.";

} // namespace

Stage association_stage() {
    using P = AssociationParams;
    return stage<P>("association")
        .summary("linear, logistic, ordinal and Cox regression of traits on every variant")
        .details(details)
        .cites("Frisch R, Waugh FV (1933) Partial time regressions as compared with individual "
               "trends. "
               "Econometrica 1:387. doi:10.2307/1907330")
        .cites("Cox DR (1972) Regression models and life-tables. J R Stat Soc B 34:187. "
               "doi:10.1111/j.2517-6161.1972.tb00899.x")
        .cites("McCullagh P (1980) Regression models for ordinal data. J R Stat Soc B 42:109. "
               "doi:10.1111/j.2517-6161.1980.tb01109.x")
        .cites("Efron B (1977) The efficiency of Cox's likelihood function for censored data. J Am "
               "Stat Assoc 72:557. doi:10.1080/01621459.1977.10480613")
        .cites("Dey R et al. (2022) Efficient and accurate frailty model approach for genome-wide "
               "survival association analysis in large-scale biobanks. Nat Commun 13:5437. "
               "doi:10.1038/s41467-022-32885-x")
        .cites("Kang HM et al (2010) Variance component model to account for sample structure in "
               "genome-wide association studies. Nat Genet 42:348. doi:10.1038/ng.548")
        .cites("Firth D (1993) Bias reduction of maximum likelihood estimates. Biometrika 80:27. "
               "doi:10.1093/biomet/80.1.27")
        .cites("Mbatchou J et al (2021) Computationally efficient whole-genome regression for "
               "quantitative and binary traits. Nat Genet 53:1097. doi:10.1038/s41588-021-00870-7")
        .cites("Dey R et al (2017) A fast and accurate algorithm to test for binary phenotypes "
               "and its application to PheWAS. Am J Hum Genet 101:37. "
               "doi:10.1016/j.ajhg.2017.05.014")
        .cites("Heinze G, Schemper M (2002) A solution to the problem of separation in logistic "
               "regression. "
               "Stat Med 21:2409. doi:10.1002/sim.1047")
        .cites(
            "Devlin B, Roeder K (1999) Genomic control for association studies. Biometrics 55:997. "
            "doi:10.1111/j.0006-341X.1999.00997.x")
        .reads({"genotypes", Artifact::genotype_store, "genotypes to be tested"})
        .reads({"phenotypes", Artifact::phenotype_table, "traits and covariates in genotype order"})
        .reads({"quality", Artifact::quality_result, "pass marks of variants and samples", true})
        .reads({"samples", Artifact::sample_list, "who is tested; all without it", true})
        .reads({"components", Artifact::components_result,
                "principal components that become covariates pc1, pc2 ...", true})
        .reads({"condition_list", Artifact::variant_list,
                "variants that become covariates, one ID or CHROM:POS:REF:ALT a line", true})
        .reads({"null_model", Artifact::null_model_result,
                "whole-genome predictions; those without the chromosome of a variant are held "
                "fixed in its tests",
                true})
        .reads({"loco", Artifact::loco_list,
                "the same from regenie: its _pred.list; give one of the two", true})
        .reads({"relatives", Artifact::kinship_result,
                "related pairs, whose traits are then not taken as independent", true})
        .writes({"association",
                 Artifact::association_result,
                 "association.h5",
                 "tests of all variants for all traits",
                 {association_variants_table(), association_trait_table("{trait}", "binary"),
                  association_summary_table(), association_skipped_table()}})
        .param(
            "traits", &P::traits,
            {.doc =
                 "traits to test; NAME* takes all that begin so, the rows of the status matrix "
                 "included; empty: all quantitative, binary, ordinal and time-to-event columns of "
                 "the table that can be tested"})
        .param("covariates", &P::covariates,
               {.doc = "covariates of the model, without the intercept; empty: all of the "
                       "phenotype table"})
        .param("binary_test", &P::binary_test,
               {.doc = "test of binary traits: score test, tested again below refit_p_max by "
                       "approximate Firth or saddle-point; or one test for all variants",
                .choices = {"score_firth", "score_saddlepoint", "score", "wald", "firth"}})
        .param("refit_p_max", &P::refit_p_max,
               {.doc = "score tests with p below this are tested again (score_firth, "
                       "score_saddlepoint)",
                .unit = "probability",
                .min = 0,
                .max = 1})
        .param("exact_firth_p_max", &P::exact_firth_p_max,
               {.doc = "approximate Firth tests with p below this are fitted exactly "
                       "(score_firth); 0: none, 1: all",
                .unit = "probability",
                .min = 0,
                .max = 1})
        .param("firth_standard_error", &P::firth_standard_error,
               {.doc = "standard error of Firth tests: the one that agrees with p, |beta| / "
                       "sqrt(likelihood ratio chi-square), or of the information at the estimate",
                .choices = {"likelihood_ratio", "information"}})
        .param("time_to_event_test", &P::time_to_event_test,
               {.doc =
                    "test of time-to-event traits: Cox score test with saddle-point tail beyond 2 "
                    "standard deviations, without it, or a Cox model of every variant",
                .choices = {"score_saddlepoint", "score", "wald"}})
        .param("hazard_ratio_p_max", &P::hazard_ratio_p_max,
               {.doc = "Cox score tests with p below this get beta from the whole Cox model",
                .unit = "probability",
                .min = 0,
                .max = 1})
        .param("ordinal_test", &P::ordinal_test,
               {.doc = "test of ordinal traits: score test, or a proportional odds model of every "
                       "variant",
                .choices = {"score", "wald"}})
        .param("odds_ratio_p_max", &P::odds_ratio_p_max,
               {.doc = "ordinal score tests with p below this get beta from the whole "
                       "proportional odds model",
                .unit = "probability",
                .min = 0,
                .max = 1})
        .param("exact_copies_max", &P::exact_copies_max,
               {.doc = "binary and time-to-event traits: p of variants with at most so many copies "
                       "is exact where the score test is tested again (score_firth, "
                       "score_saddlepoint); 0: never",
                .unit = "alleles",
                .min = 0,
                .max = 200})
        .param("exact_p", &P::exact_p,
               {.doc = "whether exact p count the probability of what was seen in full, or half",
                .choices = {"full", "mid"}})
        .param("minor_allele_count_min", &P::minor_allele_count_min,
               {.doc = "fewest copies of the rarer allele among the samples of a trait",
                .unit = "alleles",
                .min = 1})
        .param(
            "rank_inverse_normal", &P::rank_inverse_normal,
            {.doc = "whether quantitative traits are replaced by normal quantiles of their ranks"})
        .param("traits_per_pass", &P::traits_per_pass,
               {.doc = "traits tested in one pass over the genotypes; fewer need less memory",
                .unit = "traits",
                .min = 1,
                .max = 100000})
        .param("components_count", &P::components_count,
               {.doc = "leading components that become covariates, at most those that there are; "
                       "only with the input components",
                .unit = "components",
                .min = 0,
                .max = 1000})
        .param(
            "coding", &P::coding,
            {.doc =
                 "what is tested of a call: copies of ALT; whether there is one (dominant); "
                 "whether there is no REF (recessive); each genotype on its own, with two degrees "
                 "of freedom (genotypic)",
             .choices = {"additive", "dominant", "recessive", "genotypic"}})
        .param("strata", &P::strata,
               {.doc =
                    "covariate whose values are strata: a baseline hazard of each in Cox models, "
                    "a fixed effect of each in all others; empty: none"})
        .param("relatives_kinship_min", &P::relatives_kinship_min,
               {.doc = "least kinship of a pair that counts as related; only with the input "
                       "relatives",
                .unit = "kinship",
                .min = 0.001,
                .max = 0.5})
        .param("condition_on", &P::condition_on,
               {.doc = "variants that become covariates, by ID or chromosome:position:REF:ALT"})
        .needs(needs)
        .examines(examine)
        .run(run_association);
}

} // namespace salus
