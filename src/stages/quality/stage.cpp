#include "base/text.hpp"
#include "formats/file_genotypes.hpp"
#include "genotype/genotype_source.hpp"
#include "stages/quality/quality.hpp"

namespace salus {
namespace {

void examine(const QualityParams& params, const Inputs& inputs, Workload& sizes,
             std::vector<Problem>& problems) {
    if (params.female_f_max >= params.male_f_min)
        problems.push_back({.what = text("female_f_max (", params.female_f_max,
                                         ") is not below male_f_min (", params.male_f_min, ")"),
                            .where = "stage quality",
                            .why = "a sample cannot be male and female at once",
                            .help = "use for example 0.2 and 0.8"});
    examine_genotypes(inputs, sizes, problems);
    const auto given = [&](const char* port) { return inputs.contains(port); };
    sizes.columns = given("sample_sheet") || given("ancestry") || given("phenotypes") ? 1 : 0;
}

Resources needs(const QualityParams&, const Workload& w) {
    const double genotypes = w.variants * w.samples;
    const double units = std::min(
        2048.0, std::max(4.0, std::max(std::min(64.0, genotypes / 0x1p27), genotypes / 0x1p31)));
    Resources r;
    // Rows of a unit, and of a piece that is read at once; what tests of groups and trios add is
    // not known and taken to be there.
    const double rows = w.variants / units,
                 piece = std::min({rows, 65536.0, std::max(512.0, 1.7e7 / (w.samples + 1))});
    const bool tests = w.columns > 0;
    const double read = std::min(variants_at_once(w, 0x1p22, units), 65536.0);
    r.memory_bytes = 56e6 + 800 * w.samples + dosage_bytes(w, read) +
                     (tests ? 1700 * std::min(rows, 13500.0) + 1200 * std::max(0.0, rows - 13500)
                            : 350 * rows + piece * (400 + 0.3 * w.samples));
    r.storage_bytes = 60 * w.variants + 76 * w.samples;
    r.scratch_bytes = 120 * w.variants + 25 * w.samples * units + 504 * w.samples;
    r.core_hours = (genotypes * 0.2e-9 + w.variants * 4e-6) / 3600;
    r.formula =
        "memory per rank 56 MB + 800 B x N + 350 B x M / U + (400 B + 0.3 B x N) x min(M / U, "
        "65,536, 1.7 x 10^7 / N), or with a sample sheet, groups or phenotypes 1,700 B x M / U "
        "(1,200 B above 13,500), with U = N M / 2^31 units, at most 2048 and, where units of 2^27 "
        "genotypes allow, at least 64; results 60 B x (M + N); scratch "
        "120 B x M + 25 B x N U + 504 B x N; time 0.2 ns x N M + 4 us x M, less where variants are "
        "rare; per batch or group another 1 B x N of memory and 20 B x M of results; with dosages "
        "another 2 B x N x min(M / U, 2^24 / N) of memory";
    return r;
}

} // namespace

Stage quality_stage() {
    using P = QualityParams;
    return stage<P>("quality")
        .summary("statistics and pass marks of every variant and every sample")
        .details(
            "Per variant: genotype counts, call rate, allele frequency and minor allele count with "
            "the "
            "ploidy of X, Y and MT by recorded sex, and the exact Hardy-Weinberg test. Per sample: "
            "call "
            "rate, heterozygosity, inbreeding coefficient, sex from X and Y against the record, "
            "singletons, transitions over transversions, and duplicates. Nothing is deleted: a "
            "variant "
            "or sample that violates a threshold has pass = 0 and says why; later stages that are "
            "given "
            "the result leave it out.\n\n"
            "Excess heterozygosity is the sign of a contaminated sample. The limit is in standard "
            "deviations over all samples, so keep it wide where ancestries are mixed. Where the "
            "genotype "
            "store holds read depths (ingest_genomes with allele_depths), so is an excess of "
            "heterozygous calls with unbalanced reads. Fair reads make at most 7.1% of calls "
            "unbalanced, even if all have the 8 reads that are asked for; at 30 reads it is 0.03%. "
            "Light contamination, whose reads a caller takes for errors, does not show.\n\n"
            "Duplicates are searched on up to 1,008 common autosomal variants spread over the "
            "genome: "
            "samples that agree on one of 42 disjoint sets of 24 are compared on all. Identical "
            "twins "
            "are found as well: set fail_duplicates = false to keep them.\n\n"
            "With a sample sheet: call rate and frequency by batch, tested for equality "
            "(chi-square, or Fisher's exact test where counts are small); frequency and "
            "Hardy-Weinberg by ancestry group; Mendel errors of trios whose three genomes are "
            "there, with the rules of the X chromosome. A child that contradicts its parents at "
            "more than trio_mendel_rate_max of the variants fails: one of the three is another "
            "person. With a phenotype table and hwe_trait: Hardy-Weinberg of controls, and missing "
            "calls by case status. These tables hold one more row per variant and group or batch.")
        .cites(
            "Wigginton JE, Cutler DJ, Abecasis GR (2005) A note on exact tests of Hardy-Weinberg "
            "equilibrium. Am J Hum Genet 76:887. doi:10.1086/429864")
        .cites("Graffelman J, Moreno V (2013) The mid p-value in exact tests for Hardy-Weinberg "
               "equilibrium. Stat Appl Genet Mol Biol 12:433. doi:10.1515/sagmb-2012-0039")
        .cites("Purcell S et al. (2007) PLINK: a tool set for whole-genome association and "
               "population-based linkage analyses. Am J Hum Genet 81:559. doi:10.1086/519795")
        .reads({"genotypes", Artifact::genotype_store, "genotypes to be checked"})
        .reads({"sample_sheet", Artifact::sample_sheet,
                "batch, group, father_id and mother_id of the samples; or a .fam file", true})
        .reads({"ancestry", Artifact::ancestry_result,
                "ancestry groups, in place of the column group of the sample sheet", true})
        .reads({"phenotypes", Artifact::phenotype_table, "the trait named by hwe_trait", true})
        .writes({"quality",
                 Artifact::quality_result,
                 "quality.h5",
                 "statistics and pass marks of variants and samples",
                 {quality_variants_table(), quality_samples_table(), quality_tests_table(),
                  quality_groups_table(), quality_batches_table(), quality_trios_table(),
                  quality_sets_table()}})
        .param("variant_call_rate_min", &P::variant_call_rate_min,
               {.doc = "least call rate of a variant", .unit = "proportion", .min = 0, .max = 1})
        .param("hwe_p_min", &P::hwe_p_min,
               {.doc =
                    "least mid-p of the Hardy-Weinberg test; 0 switches it off. Mixed ancestries "
                    "deviate without any error: use a very small value",
                .unit = "probability",
                .min = 0,
                .max = 1})
        .param("minor_allele_count_min", &P::minor_allele_count_min,
               {.doc = "least minor allele count of a variant", .unit = "alleles", .min = 0})
        .param("sample_call_rate_min", &P::sample_call_rate_min,
               {.doc = "least call rate of a sample", .unit = "proportion", .min = 0, .max = 1})
        .param("heterozygosity_sd_max", &P::heterozygosity_sd_max,
               {.doc = "largest distance of a sample's heterozygosity from the mean",
                .unit = "standard deviations",
                .min = 0})
        .param("male_f_min", &P::male_f_min,
               {.doc = "F on X above which a sample is male", .unit = "1", .min = -1, .max = 1})
        .param("female_f_max", &P::female_f_max,
               {.doc = "F on X below which a sample is female", .unit = "1", .min = -1, .max = 1})
        .param("sex_variants_min", &P::sex_variants_min,
               {.doc = "least number of calls on X, or of variants on Y, to tell the sex",
                .unit = "variants",
                .min = 1})
        .param("fail_sex_mismatch", &P::fail_sex_mismatch,
               {.doc = "whether a sample fails whose genetic sex is not the recorded one"})
        .param("duplicate_concordance_min", &P::duplicate_concordance_min,
               {.doc = "share of equal calls from which two samples are the same genome",
                .unit = "proportion",
                .min = 0.8,
                .max = 1})
        .param("fail_duplicates", &P::fail_duplicates,
               {.doc = "whether of equal genomes all but the one with the best call rate fail"})
        .param("hwe_within", &P::hwe_within,
               {.doc = "who is tested together for the mark hardy_weinberg: all, or each ancestry "
                       "group by itself, so that mixed ancestries do not look like errors",
                .choices = {"all", "groups"}})
        .param("hwe_trait", &P::hwe_trait,
               {.doc = "binary trait whose controls alone are tested for the mark hardy_weinberg, "
                       "and whose cases and controls are compared for missing calls; empty = none"})
        .param("hwe_group_min", &P::hwe_group_min,
               {.doc = "least number of people tested for a group to decide",
                .unit = "people",
                .min = 1})
        .param("heterozygosity_within", &P::heterozygosity_within,
               {.doc = "whose mean and standard deviation heterozygosity_sd_max refers to: all "
                       "samples, or those of the same ancestry group",
                .choices = {"all", "groups"}})
        .param("batch_call_rate_min", &P::batch_call_rate_min,
               {.doc = "least call rate of a variant in every batch",
                .unit = "proportion",
                .min = 0,
                .max = 1})
        .param("batch_missing_p_min", &P::batch_missing_p_min,
               {.doc = "least p that all batches have the same call rate; 0 switches it off",
                .unit = "probability",
                .min = 0,
                .max = 1})
        .param("batch_frequency_p_min", &P::batch_frequency_p_min,
               {.doc = "least p that all batches have the same allele frequency; 0 switches it "
                       "off. Batches of different ancestries differ without any error",
                .unit = "probability",
                .min = 0,
                .max = 1})
        .param("case_missing_p_min", &P::case_missing_p_min,
               {.doc = "least p that calls are missing as often in cases as in controls; 0 "
                       "switches it off",
                .unit = "probability",
                .min = 0,
                .max = 1})
        .param("variant_mendel_rate_max", &P::variant_mendel_rate_max,
               {.doc = "largest share of trios that may contradict each other at a variant",
                .unit = "proportion",
                .min = 0,
                .max = 1})
        .param("trio_mendel_rate_max", &P::trio_mendel_rate_max,
               {.doc = "largest share of variants that may contradict each other in a trio; beyond "
                       "it the child fails, because it is not the child of these parents",
                .unit = "proportion",
                .min = 0,
                .max = 1})
        .param("unbalanced_het_share_max", &P::unbalanced_het_share_max,
               {.doc = "largest share of a sample's heterozygous calls whose ALT reads are fewer "
                       "than 0.2 or more than 0.8 of all, for samples with at least 1,000 calls "
                       "of at least 8 reads; only with read depths in the store; 0 switches it "
                       "off",
                .unit = "proportion",
                .min = 0,
                .max = 1})
        .needs(needs)
        .examines(examine)
        .run(run_quality);
}

} // namespace salus
