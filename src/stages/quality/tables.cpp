#include "stages/quality/quality.hpp"

namespace salus {

TableSpec quality_variants_table() {
    using enum ColumnType;
    return {
        .name = "variants",
        .row = "variant",
        .doc = "One row per variant of the genotype store, in its order.",
        .columns = {
            {"chromosome", text, "", "Chromosome as written in the input"},
            {"base_pair_location", u32, "bp", "Position, 1-based"},
            {"variant_id", text, "", "Identifier as written in the input, empty if none"},
            {"other_allele", text, "", "Reference allele (REF)"},
            {"effect_allele", text, "", "Alternative allele (ALT)"},
            {"hom_ref", u32, "people",
             "Called without ALT; on X and Y males, and on MT, with one copy"},
            {"het", u32, "people", "Called heterozygous, also where only one copy is expected"},
            {"hom_alt", u32, "people", "Called with ALT only"},
            {"missing", u32, "people", "Without a call; on Y only recorded males are counted"},
            {"call_rate", f64, "proportion", "Called people over people who should have a call"},
            {"alt_frequency", f64, "proportion",
             "ALT alleles over called alleles; haploid calls count one allele, and a haploid "
             "heterozygous call half an ALT"},
            {"minor_allele_count", u32, "alleles", "Copies of the rarer allele"},
            {"hwe_neg_log10_p", f64, "-log10 p",
             "Exact Hardy-Weinberg test; on X of recorded females; NaN on Y and MT"},
            {"hwe_midp_neg_log10_p", f64, "-log10 p", "The same with half weight for ties (mid-p)"},
            {"pass", u8, "0 or 1", "1 if no threshold is violated"},
            {"fail_reason", text, "",
             "Why not: low_call_rate, hardy_weinberg, low_minor_allele_count, low_batch_call_rate, "
             "batch_missingness, batch_frequency, case_missingness, mendel_errors, joined by ';'"},
        }};
}

TableSpec quality_samples_table() {
    using enum ColumnType;
    return {
        .name = "samples",
        .row = "sample",
        .doc = "One row per sample, in the order of the genotype store.",
        .columns = {
            {"sample_id", text, "", "Sample identifier"},
            {"call_rate", f64, "proportion",
             "Called variants over all variants; Y counts for recorded males only"},
            {"heterozygosity", f64, "proportion", "Heterozygous over called, autosomal"},
            {"inbreeding_f", f64, "1",
             "1 - heterozygous / expected heterozygous (sum of 2pq over called autosomal "
             "variants)"},
            {"sex_recorded", u8, "code", "Recorded sex: 0 unknown, 1 male, 2 female"},
            {"sex_genetic", u8, "code",
             "Sex from F on X, else from Y calls: 0 undecided, 1 male, 2 female"},
            {"x_heterozygosity", f64, "proportion",
             "Heterozygous over called on X outside the pseudo-autosomal regions"},
            {"x_inbreeding_f", f64, "1",
             "F on the same variants: near 1 in males, near 0 in females; in recorded males "
             "calls lost on X beyond the autosomal rate count as heterozygous if that changes the "
             "sex"},
            {"y_call_rate", f64, "proportion", "Called over all variants on Y"},
            {"singletons", u32, "variants",
             "Autosomal variants whose only ALT copy is in this sample"},
            {"ti_tv", f64, "ratio", "Carried autosomal transitions over transversions"},
            {"duplicate_of", text, "",
             "Sample with the same genome (duplicate or identical twin) and a better call rate"},
            {"pass", u8, "0 or 1", "1 if no threshold is violated"},
            {"fail_reason", text, "",
             "Why not: low_call_rate, excess_heterozygosity, low_heterozygosity, sex_mismatch, "
             "duplicate, mendel_errors, allele_imbalance, joined by ';'"},
            {"het_alt_share", f64, "proportion",
             "ALT reads over reads at heterozygous calls (autosomal biallelic SNVs, at least 8 "
             "reads); NaN without read depths"},
            {"unbalanced_het_share", f64, "proportion",
             "Those calls whose own ALT share is outside [0.2, 0.8]; NaN without read depths"},
        }};
}

TableSpec quality_tests_table() {
    using enum ColumnType;
    return {
        .name = "variant_tests",
        .row = "variant",
        .doc = "One row per variant, in the order of `variants`; only where batches, groups, cases "
               "or trios are known.",
        .columns = {
            {"batch_call_rate_min", f64, "proportion", "Lowest call rate of a batch"},
            {"batch_missing_neg_log10_p", f64, "-log10 p",
             "Test that all batches have the same call rate"},
            {"batch_frequency_neg_log10_p", f64, "-log10 p",
             "Test that all batches have the same allele frequency"},
            {"control_call_rate", f64, "proportion", "Call rate of controls of hwe_trait"},
            {"case_call_rate", f64, "proportion", "Call rate of cases of hwe_trait"},
            {"case_missing_neg_log10_p", f64, "-log10 p",
             "Fisher's exact test that calls are missing as often in cases as in controls"},
            {"hwe_controls_neg_log10_p", f64, "-log10 p",
             "Exact Hardy-Weinberg test of the controls; on X of recorded females"},
            {"hwe_controls_midp_neg_log10_p", f64, "-log10 p", "The same with mid-p"},
            {"hwe_groups_midp_neg_log10_p", f64, "-log10 p",
             "Largest of the groups with at least hwe_group_min people tested, mid-p"},
            {"mendel_trios", u32, "trios", "Trios that can be judged; none on Y and MT"},
            {"mendel_errors", u32, "trios", "Trios with calls that contradict each other"},
        }};
}

TableSpec quality_groups_table() {
    using enum ColumnType;
    return {.name = "variant_groups",
            .row = "variant_group",
            .doc = "One row per variant and ancestry group, groups of a variant together.",
            .columns = {
                {"variant_row", u64, "", "Row of the variant in `variants`, from 0"},
                {"group", text, "", "Ancestry group"},
                {"called", u32, "people", "Called people"},
                {"call_rate", f64, "proportion", "Called people over people"},
                {"alt_frequency", f64, "proportion", "ALT alleles over called alleles"},
                {"hwe_neg_log10_p", f64, "-log10 p",
                 "Exact Hardy-Weinberg test; of the controls only if hwe_trait is given"},
                {"hwe_midp_neg_log10_p", f64, "-log10 p", "The same with mid-p"},
            }};
}

TableSpec quality_batches_table() {
    using enum ColumnType;
    return {.name = "variant_batches",
            .row = "variant_batch",
            .doc = "One row per variant and batch, batches of a variant together.",
            .columns = {
                {"variant_row", u64, "", "Row of the variant in `variants`, from 0"},
                {"batch", text, "", "Batch"},
                {"called", u32, "people", "Called people"},
                {"call_rate", f64, "proportion", "Called people over people"},
                {"alt_frequency", f64, "proportion", "ALT alleles over called alleles"},
            }};
}

TableSpec quality_trios_table() {
    using enum ColumnType;
    return {
        .name = "sample_trios",
        .row = "trio",
        .doc = "One row per child whose father and mother are both in the genotype store.",
        .columns = {
            {"child", text, "", "Sample identifier"},
            {"father", text, "", "Sample identifier"},
            {"mother", text, "", "Sample identifier"},
            {"variants", u32, "variants", "Variants that can be judged"},
            {"mendel_errors", u32, "variants", "Variants with calls that contradict each other"},
            {"mendel_error_rate", f64, "proportion", "Errors over variants judged"},
        }};
}

TableSpec quality_sets_table() {
    using enum ColumnType;
    return {.name = "sample_sets",
            .row = "sample_set",
            .doc = "One row per batch and per ancestry group.",
            .columns = {
                {"kind", text, "", "batch or group"},
                {"name", text, "", "Name of the batch or group"},
                {"samples", u32, "samples", "Samples in it"},
                {"passed", u32, "samples", "Samples that pass"},
                {"call_rate", f64, "proportion", "Mean call rate of its samples"},
                {"heterozygosity", f64, "proportion", "Mean heterozygosity of its samples"},
            }};
}

} // namespace salus
