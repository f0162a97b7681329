#include "stages/meta_analysis/meta_analysis.hpp"

namespace salus {

TableSpec meta_variants_table() {
    using enum ColumnType;
    return {.name = "variants",
            .row = "variant",
            .doc = "One row per variant, by chromosome, position and alleles; rows of traits/* and "
                   "heterogeneity are the same.",
            .columns = {
                {"chromosome", text, "", "1 to 22, X, Y, MT"},
                {"base_pair_location", u32, "bp", "Position, 1-based"},
                {"variant_id", text, "", "Of the first study that has one; empty if none"},
                {"other_allele", text, "", "Of the first study that has the variant"},
                {"effect_allele", text, "", "The same; effects are per copy of it"},
                {"effect_allele_frequency", f64, "proportion",
                 "Mean of the studies that tell it, weighted by sample size if all tell that"},
                {"n", f64, "people", "Sum over studies; NaN if one does not tell it"},
                {"studies", u32, "studies", "Studies that have the variant"},
                {"direction", text, "",
                 "Sign of the effect in each study, ? where it does not have the variant"},
            }};
}

TableSpec meta_effects_table(bool random) {
    using enum ColumnType;
    TableSpec spec{
        .name = random ? "traits/random_effects" : "traits/fixed_effects",
        .row = "variant",
        .doc = random ? "Random effects (DerSimonian and Laird); rows as in variants."
                      : "Fixed effects weighted by inverse variance; rows as in variants.",
        .columns = {
            {"beta", f64, "trait unit or log odds per allele",
             "Effect of one copy of effect_allele; NaN if studies tell only z-scores"},
            {"standard_error", f64, "trait unit or log odds per allele", "Standard error of beta"},
            {"neg_log10_p", f64, "-log10 p", "Two-sided significance, without underflow"}}};
    if (random)
        spec.columns.push_back({"tau_squared", f64, "square of the unit of beta",
                                "Variance of effects between studies"});
    return spec;
}

TableSpec meta_scores_table() {
    using enum ColumnType;
    return {
        .name = "traits/sample_size_weighted",
        .row = "variant",
        .doc = "Z-scores weighted by the root of the sample size; rows as in variants.",
        .columns = {{"z", f64, "1", "Of effect_allele; NaN without sample sizes"},
                    {"neg_log10_p", f64, "-log10 p", "Two-sided significance, without underflow"}}};
}

TableSpec meta_heterogeneity_table() {
    using enum ColumnType;
    return {.name = "heterogeneity",
            .row = "variant",
            .doc = "Differences between studies; rows as in variants.",
            .columns = {
                {"q", f64, "1", "Cochran's Q"},
                {"degrees_of_freedom", u32, "1", "Studies with an effect, less one"},
                {"neg_log10_p", f64, "-log10 p", "Of Q as chi-square; NaN for one study"},
                {"i_squared", f64, "proportion",
                 "Share of the variation of effects that chance does not explain; NaN for one "
                 "study"},
            }};
}

TableSpec meta_studies_table() {
    using enum ColumnType;
    return {
        .name = "studies",
        .row = "study",
        .doc = "One row per study.",
        .columns = {
            {"name", text, "", "Study"},
            {"file", text, "", "Name of its file"},
            {"trait", text, "", "Trait of an HDF5 result; empty for text"},
            {"rows", u64, "rows", "Rows of the additive test"},
            {"variants", u64, "variants", "Variants that entered the result"},
            {"swapped", u64, "variants", "Whose effect was turned to the other allele"},
            {"other_strand", u64, "variants", "SNVs whose alleles were read on the other strand"},
            {"lambda_gc", f64, "1", "Median chi-square of the rows with a statistic over 0.4549"},
            {"genomic_control", f64, "1",
             "What standard errors were multiplied with; 1 unless asked for"},
        }};
}

TableSpec meta_dropped_table() {
    using enum ColumnType;
    return {.name = "dropped",
            .row = "study_reason",
            .doc = "Rows of studies that were left out, by reason.",
            .columns = {{"study", text, "", "Study"},
                        {"reason", text, "", "Code of the reason"},
                        {"meaning", text, "", "The reason in words"},
                        {"rows", u64, "rows", "Rows left out"}}};
}

TableSpec meta_overlap_table() {
    using enum ColumnType;
    return {.name = "overlap",
            .row = "pair",
            .doc = "Pairs of studies, of up to 200 studies: signs of shared samples.",
            .columns = {
                {"first", text, "", "Study"},
                {"second", text, "", "Study"},
                {"variants", u64, "variants",
                 "Common variants, one per 10 kb, with both z-scores within -1 and 1"},
                {"null_correlation", f64, "1",
                 "Correlation of z-scores without signal that they show; NaN without variants"},
                {"standard_error", f64, "1", "Of null_correlation"},
            }};
}

} // namespace salus
