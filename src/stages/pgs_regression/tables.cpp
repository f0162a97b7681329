#include "stages/pgs_regression/pgs_regression.hpp"

namespace salus {

TableSpec pgs_regression_weights_table(const std::string& trait,
                                       const std::vector<std::string>& methods) {
    using enum ColumnType;
    TableSpec spec{
        .name = "weights/" + trait,
        .row = "score_variant",
        .doc = "One row per variant with a weight that is not 0, in the order of the genotypes; a "
               "column per set of weights. The stage score reads this table.",
        .columns = {{"chromosome", ColumnType::text, "", "Chromosome as written in the input"},
                    {"base_pair_location", u32, "bp", "Position, 1-based"},
                    {"variant_id", ColumnType::text, "", "Identifier, empty if none"},
                    {"other_allele", ColumnType::text, "", "Reference allele (REF)"},
                    {"effect_allele", ColumnType::text, "",
                     "Alternative allele (ALT), the one that is counted"}}};
    const std::string unit = "trait units, log odds or log hazard";
    for (const std::string& method : methods)
        spec.columns.push_back({"weight_" + method, f64, unit, "Weight per copy of effect_allele"});
    if (methods.empty())
        spec.columns.push_back({"weight_{method}", f64, unit, "Weight per copy of effect_allele"});
    return spec;
}

TableSpec pgs_regression_fits_table() {
    using enum ColumnType;
    return {
        .name = "fits",
        .row = "set_of_weights",
        .doc = "What became of every set of weights.",
        .columns = {
            {"trait", ColumnType::text, "", "Trait"},
            {"method", ColumnType::text, "", "ridge, or elastic_net and its alpha"},
            {"status", ColumnType::text, "",
             "found; empty: no variant is in the chosen model; failed. Only found ones have a "
             "column of weights"},
            {"reason", ColumnType::text, "",
             "Of failed ones: too_few_people, no_variation, one_class, no_events, "
             "collinear_covariates, null_model_not_converged, explained_by_covariates, "
             "not_converged, no_gradient, validation_ and one of these. Of empty ones "
             "no_variant_selected. Of found paths how they ended: complete, stopped_early, "
             "saturated, strong_set_full, not_converged (of a later lambda)"},
            {"chosen", u8, "0 or 1", "1 for the set of the trait that validates best"},
            {"measure", ColumnType::text, "",
             "r2 (with what covariates leave of the trait), auc or concordance (Harrell)"},
            {"validation", f64, "1",
             "The measure of the score in validating people; it chose among sets, so it flatters"},
            {"heritability", f64, "proportion", "Heritability that ridge used; NaN of others"},
            {"lambda", f64, "1", "Penalty of the chosen elastic net; NaN of others"},
            {"nonzero", u64, "variants", "Variants with a weight that is not 0"},
            {"iterations", u64, "iterations",
             "Conjugate gradients, or steps of all fits of the path"},
            {"residual", f64, "1",
             "Of the ridge system over its right-hand side, or the largest breach of the "
             "optimality conditions of the chosen model over lambda, of all variants"},
            {"looks", u64, "passes", "Looks at all variants by the path"},
            {"violations", u64, "variants",
             "Breaches of optimality conditions that looks found, each repaired by fitting again"},
            {"strong_max", u64, "variants", "Largest strong set"}}};
}

TableSpec pgs_regression_path_table() {
    using enum ColumnType;
    return {.name = "path",
            .row = "lambda_step",
            .doc = "Elastic nets along lambda, as far as all optimality conditions were met.",
            .columns = {
                {"trait", ColumnType::text, "", "Trait"},
                {"method", ColumnType::text, "", "elastic_net and its alpha"},
                {"step", u32, "1", "From 1"},
                {"lambda", f64, "1",
                 "Penalty: -log-likelihood / n + lambda (alpha |b| + (1 - alpha) b^2 / 2), "
                 "quantitative traits with SD 1"},
                {"nonzero", u64, "variants", "Variants in the model"},
                {"strong", u64, "variants", "Variants in the strong set"},
                {"training", f64, "proportion",
                 "Share of the deviance of training people that is explained beyond covariates"},
                {"validation", f64, "proportion",
                 "The same of validating people; below 0 if worse than covariates alone"},
                {"violation", f64, "1",
                 "Largest breach of the optimality conditions over lambda, of all variants"},
                {"iterations", u64, "iterations", "Quadratic steps"},
                {"chosen", u8, "0 or 1", "1 for the best validation"}}};
}

TableSpec pgs_regression_traits_table() {
    using enum ColumnType;
    return {.name = "traits",
            .row = "analysed_trait",
            .doc = "One row per trait that was asked for.",
            .columns = {
                {"trait", ColumnType::text, "", "Trait"},
                {"kind", ColumnType::text, "",
                 "quantitative, binary or time_to_event; empty if it was not read"},
                {"reason", ColumnType::text, "",
                 "Why it was left out, as in fits, or what its values lack; empty otherwise"},
                {"training", u64, "people", "People that models are fitted to"},
                {"training_events", u64, "people", "Of them with the event, or cases"},
                {"validating", u64, "people", "People that choose among models"},
                {"validating_events", u64, "people", "Of them with the event, or cases"},
                {"heritability", f64, "proportion",
                 "Haseman-Elston regression in training people, on the scale that ridge uses (0 "
                 "and 1 for binary traits, martingale residuals for times); NaN if it was given"},
                {"heritability_standard_error", f64, "proportion",
                 "Of it, if the trait had no heritability"}}};
}

TableSpec pgs_regression_samples_table() {
    using enum ColumnType;
    return {.name = "samples",
            .row = "sample",
            .doc = "One row per sample, in the order of the genotypes.",
            .columns = {{"sample_id", ColumnType::text, "", "Sample identifier"},
                        {"part", ColumnType::text, "",
                         "training, validating, or none: scores are judged fairly in the last "
                         "only. Of the first two, those with a value of a trait took part in it"}}};
}

} // namespace salus
