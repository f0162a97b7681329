#include "stages/risk/tables.hpp"

namespace salus::risk {

TableSpec validation_table() {
    using enum ColumnType;
    return {.name = "validation",
            .row = "measure",
            .doc = "Performance in the validation part, which took no part in building the score.",
            .columns = {
                {"trait", text, "", "Trait"},
                {"group", text, "", "Ancestry group, or all"},
                {"metric", text, "",
                 "r2, incremental_r2, beta_per_sd, auc, auc_difference, odds_ratio_per_sd, "
                 "calibration_slope, calibration_intercept; not_estimated or skipped with the "
                 "reason in note"},
                {"model", text, "", "covariates, score, both, or both-covariates for a difference"},
                {"estimate", f64, "1", "Estimate"},
                {"lower", f64, "1", "Lower end of the 95 % confidence interval"},
                {"upper", f64, "1", "Upper end of the 95 % confidence interval"},
                {"n", u64, "people",
                 "People of the validation part in this group with outcome and covariates"},
                {"cases", u64, "people", "Cases among them, 0 for quantitative traits"},
                {"note", text, "", "Why there is no estimate"},
            }};
}

TableSpec tuning_table() {
    using enum ColumnType;
    return {
        .name = "tuning",
        .row = "threshold",
        .doc = "Choice of the p-value threshold by cross-validation inside the discovery part.",
        .columns = {
            {"trait", text, "", "Trait"},
            {"p_threshold", f64, "probability", "Variants with at most this p enter"},
            {"variants", u64, "variants",
             "Index variants of the whole discovery part below the threshold"},
            {"partial_correlation", f64, "1",
             "Mean over the folds of the correlation of score and outcome given the covariates"},
            {"chosen", u8, "0 or 1", "1 for the threshold of the score"},
        }};
}

TableSpec scores_table(const std::string& trait) {
    using enum ColumnType;
    return {
        .name = "scores/" + trait,
        .row = "sample",
        .doc = "One row per sample, in the order of the genotype store.",
        .columns = {
            {"sample_id", text, "", "Sample identifier"},
            {"half", u8, "code", "0 discovery, 1 validation"},
            {"used", u8, "0 or 1", "1 if the sample passed quality and has outcome and covariates"},
            {"score", f64, "trait units or log odds",
             "Sum of weight x ALT copies; missing calls are mean-imputed"},
            {"predicted", f64, "trait units or probability",
             "Prediction from covariates and score by a fit to other folds; NaN outside the used "
             "validation part"},
        }};
}

TableSpec weights_table(const std::string& trait) {
    using enum ColumnType;
    return {
        .name = "weights/" + trait,
        .row = "score_variant",
        .doc = "Variants of the score, in genome order.",
        .columns = {
            {"chromosome", text, "", "Chromosome as written in the input"},
            {"base_pair_location", u32, "bp", "Position, 1-based"},
            {"variant_id", text, "", "Identifier as written in the input, empty if none"},
            {"other_allele", text, "", "Reference allele (REF)"},
            {"effect_allele", text, "", "Alternative allele (ALT), the one that is counted"},
            {"weight", f64, "trait units or log odds per allele", "Effect in the discovery part"},
            {"effect_allele_frequency", f64, "proportion",
             "In the discovery part; imputes missing calls"},
            {"neg_log10_p", f64, "-log10 p", "Test in the discovery part"},
        }};
}

TableSpec calibration_table(const std::string& trait) {
    using enum ColumnType;
    return {.name = "calibration/" + trait,
            .row = "prediction_bin",
            .doc =
                "Predicted against observed in equal parts of the validation part, by prediction.",
            .columns = {
                {"bin", u32, "1", "Part, 1 is the lowest prediction"},
                {"n", u64, "people", "People in it"},
                {"mean_predicted", f64, "trait units or probability",
                 "Mean prediction of covariates and score"},
                {"mean_observed", f64, "trait units or probability", "Mean outcome"},
                {"lower", f64, "trait units or probability",
                 "Lower end of its 95 % confidence interval"},
                {"upper", f64, "trait units or probability",
                 "Upper end of its 95 % confidence interval"},
            }};
}

TableSpec quantiles_table(const std::string& trait) {
    using enum ColumnType;
    return {.name = "quantiles/" + trait,
            .row = "score_bin",
            .doc = "Observed outcome in equal parts of the validation part, by score alone.",
            .columns = {
                {"bin", u32, "1", "Part, 1 is the lowest score"},
                {"n", u64, "people", "People in it"},
                {"mean_score", f64, "trait units or log odds", "Mean score"},
                {"mean_observed", f64, "trait units or probability", "Mean outcome"},
                {"lower", f64, "trait units or probability",
                 "Lower end of its 95 % confidence interval"},
                {"upper", f64, "trait units or probability",
                 "Upper end of its 95 % confidence interval"},
            }};
}

TableSpec roc_table(const std::string& trait) {
    using enum ColumnType;
    return {.name = "roc/" + trait,
            .row = "threshold_point",
            .doc = "ROC curve of covariates and score in the validation part; empty for "
                   "quantitative traits.",
            .columns = {
                {"threshold", f64, "probability",
                 "People at or above it are called cases; infinity at the start"},
                {"false_positive_rate", f64, "proportion", "Controls called cases"},
                {"true_positive_rate", f64, "proportion", "Cases called cases"},
            }};
}

} // namespace salus::risk
