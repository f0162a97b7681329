#include "stages/ld_score_regression/ld_score_regression.hpp"

namespace salus {

TableSpec ld_score_studies_table() {
    using enum ColumnType;
    return {.name = "studies",
            .row = "study",
            .doc = "One row per study: what became of the rows of its file.",
            .columns = {
                {"name", text, "", "Study"},
                {"file", text, "", "Name of its file"},
                {"trait", text, "", "Trait of an HDF5 result; empty for text"},
                {"rows", u64, "rows", "Rows of the additive test"},
                {"variants", u64, "variants", "Variants with an LD score and a statistic"},
                {"other_tests", u64, "rows", "Rows of other tests, not counted in rows"},
                {"not_in_ld_scores", u64, "rows", "Left out: no LD score, or two"},
                {"other_alleles", u64, "rows",
                 "Left out: other alleles than the LD score's, where both tell them"},
                {"no_statistic", u64, "rows", "Left out: no effect, z-score or p-value"},
                {"p_is_zero", u64, "rows",
                 "Left out: only p tells the statistic, and it was printed as 0"},
                {"no_sample_size", u64, "rows", "Left out: sample size unknown or 0"},
                {"low_frequency", u64, "rows", "Left out: below minor_allele_frequency_min"},
                {"repeated", u64, "rows", "Left out: the study has the variant more than once"},
            }};
}

TableSpec heritability_table() {
    using enum ColumnType;
    return {
        .name = "heritability",
        .row = "study",
        .doc = "One row per study.",
        .columns = {
            {"name", text, "", "Study"},
            {"variants", u64, "variants", "Variants in the regression"},
            {"above_chi_square_max", u64, "variants", "Left out for their chi-square"},
            {"h2", f64, "proportion", "Heritability on the observed scale"},
            {"h2_standard_error", f64, "proportion", "Of the block jackknife"},
            {"h2_liability", f64, "proportion",
             "The same on the liability scale; NaN without prevalences"},
            {"h2_liability_standard_error", f64, "proportion", "Of h2_liability"},
            {"intercept", f64, "1", "Mean chi-square of a variant without LD; 1 if fixed"},
            {"intercept_standard_error", f64, "1", "NaN if the intercept is fixed"},
            {"ratio", f64, "proportion",
             "(intercept - 1) / (mean_chi_square - 1): the share of inflation that LD does not "
             "explain; NaN if the mean is at most 1 or the intercept fixed"},
            {"ratio_standard_error", f64, "proportion", "Of ratio"},
            {"mean_chi_square", f64, "1", "Of the variants in the regression"},
            {"lambda_gc", f64, "1", "Their median over 0.4549"},
            {"status", text, "", "solved, or singular: too few variants or collinear LD scores"},
        }};
}

TableSpec heritability_annotations_table() {
    using enum ColumnType;
    return {.name = "heritability_annotations",
            .row = "study_annotation",
            .doc = "One row per study and annotation of the LD scores.",
            .columns = {
                {"name", text, "", "Study"},
                {"annotation", text, "", "Column of the LD scores"},
                {"variants", f64, "variants", "Variants that the LD scores were summed over"},
                {"coefficient", f64, "1", "Heritability per variant, given the other annotations"},
                {"coefficient_standard_error", f64, "1", "Of coefficient"},
                {"h2", f64, "proportion", "coefficient times variants"},
                {"h2_proportion", f64, "proportion", "h2 over the heritability of all"},
                {"enrichment", f64, "1",
                 "h2_proportion over the share of variants; of annotations that do not overlap"},
            }};
}

TableSpec genetic_correlations_table() {
    using enum ColumnType;
    return {
        .name = "genetic_correlations",
        .row = "pair",
        .doc = "One row per pair of studies, over the variants that both have.",
        .columns = {
            {"first", text, "", "Study"},
            {"second", text, "", "Study"},
            {"variants", u64, "variants", "Variants in the regression"},
            {"alleles_not_comparable", u64, "variants",
             "Left out: palindromic, no SNV, or other alleles in the other study"},
            {"genetic_correlation", f64, "1",
             "Covariance over the root of the product of heritabilities; not confined to -1 "
             "to 1; NaN if a heritability is not positive"},
            {"standard_error", f64, "1", "Of the block jackknife"},
            {"z", f64, "1", "genetic_correlation over its standard error"},
            {"neg_log10_p", f64, "-log10 p", "Two-sided, that it is 0"},
            {"covariance", f64, "proportion", "Genetic covariance on the observed scale"},
            {"covariance_standard_error", f64, "proportion", "Of covariance"},
            {"covariance_intercept", f64, "1",
             "Mean product of z-scores of a variant without LD: away from 0 with shared samples"},
            {"covariance_intercept_standard_error", f64, "1", "NaN if the intercept is fixed"},
            {"h2_first", f64, "proportion", "Heritability of the first, in one step"},
            {"h2_first_standard_error", f64, "proportion", "Of h2_first"},
            {"h2_second", f64, "proportion", "Heritability of the second, in one step"},
            {"h2_second_standard_error", f64, "proportion", "Of h2_second"},
            {"status", text, "", "solved, heritability_not_positive or singular"},
        }};
}

} // namespace salus
