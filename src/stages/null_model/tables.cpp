#include "stages/null_model/null_model.hpp"

namespace salus {

TableSpec null_model_samples_table() {
    using enum ColumnType;
    return {.name = "samples",
            .row = "sample",
            .doc = "One row per sample, in the order of the genotypes.",
            .columns = {{"sample_id", text, "", "Sample identifier"},
                        {"eligible", u8, "0 or 1", "1 if it passes quality and has all covariates"},
                        {"fold", u32, "number",
                         "Fold of cross-validation, counted from 1; 0 if not eligible. A trait "
                         "that lacks many samples has folds of its own"}}};
}

TableSpec null_model_chromosomes_table() {
    using enum ColumnType;
    return {.name = "chromosomes",
            .row = "left_out",
            .doc = "The rows of every loco/NAME: predictions without the chromosome.",
            .columns = {{"chromosome", text, "",
                         "Chromosome that is left out; the last row, other, leaves none out and is "
                         "for chromosomes that are not in the model"},
                        {"variants", u64, "variants", "Variants of the chromosome in the model"},
                        {"blocks", u32, "blocks", "Blocks of these variants"}}};
}

TableSpec null_model_traits_table() {
    using enum ColumnType;
    return {
        .name = "traits",
        .row = "trait",
        .doc = "One row per trait; its predictions are loco/NAME, [chromosome][sample].",
        .columns = {
            {"name", text, "", "Trait"},
            {"kind", text, "", "quantitative, binary or time_to_event"},
            {"n", u64, "people", "Samples with trait and all covariates"},
            {"n_cases", u64, "people", "Cases or events among them; 0 for quantitative traits"},
            {"prior", text, "", "Prior of level 0: ridge or mixture; none without one"},
            {"heritability", f64, "proportion",
             "Heritability that the chosen penalty of level 1 stands for; NaN without one"},
            {"cross_validated_r2", f64, "proportion",
             "Variance after covariates that out-of-fold predictions from all chromosomes explain; "
             "NaN for others"},
            {"log_likelihood", f64, "nat",
             "Of each case and control by the others, summed, or cross-validated partial one; NaN "
             "for quantitative traits"},
            {"log_likelihood_covariates", f64, "nat",
             "Of the covariates alone; NaN for quantitative traits"},
            {"residual_sd", f64, "trait unit",
             "Standard deviation after covariates; NaN but for quantitative traits"},
            {"variants_flat", u64, "variants",
             "Variants of the model without variance among the samples of the trait"},
            {"converged", u8, "0 or 1", "0 if an iteration stopped before its tolerance"}}};
}

TableSpec null_model_penalties_table() {
    using enum ColumnType;
    return {.name = "penalties",
            .row = "trial",
            .doc = "The penalties of level 1 that were tried, by trait.",
            .columns = {{"trait", text, "", "Trait"},
                        {"prior", text, "", "Prior of level 0: ridge or mixture"},
                        {"heritability", f64, "proportion", "Heritability that it stands for"},
                        {"penalty", f64, "1", "Penalty of the squared coefficients"},
                        {"mean_squared_error", f64, "1",
                         "Out of fold, trait of variance 1; NaN but for quantitative traits"},
                        {"log_likelihood", f64, "nat",
                         "Of each case and control by the others, summed, or cross-validated "
                         "partial one; NaN for quantitative traits and where it did not converge"},
                        {"chosen", u8, "0 or 1", "1 for the penalty of the predictions"}}};
}

TableSpec null_model_variants_table() {
    using enum ColumnType;
    return {.name = "variant_counts",
            .row = "group",
            .doc = "How many variants are in the model, and how many were left out, by reason.",
            .columns = {{"status", text, "",
                         "used, chromosome (not an autosome), failed_quality, in_ld, not_called, "
                         "monomorphic or minor_allele_count_min"},
                        {"variants", u64, "variants", "Number"}}};
}

TableSpec null_model_skipped_table() {
    using enum ColumnType;
    return {.name = "traits_skipped",
            .row = "trait",
            .doc = "Traits that could not be analysed.",
            .columns = {{"name", text, "", "Trait"}, {"reason", text, "", "Why it was left out"}}};
}

} // namespace salus
