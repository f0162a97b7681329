#include "stages/pgs_stacking/pgs_stacking.hpp"

namespace salus {

TableSpec stacking_candidates_table() {
    using enum ColumnType;
    return {
        .name = "candidates",
        .row = "set_of_weights",
        .doc = "Sets of weights, how each does alone in people who did not fit its slope, and "
               "its part of the stack.",
        .columns = {
            {"candidate", text, "", "Set of weights"},
            {"status", text, "",
             "used; not_scored (no column of scores), missing (somebody has no value), constant"},
            {"value", f64, "1",
             "R2 or AUC of covariates and this score, out of fold (NaN if not used)"},
            {"increment", f64, "1", "The same less that of the covariates"},
            {"standard_error", f64, "1", "Of the increment"},
            {"lower", f64, "1", "95 % confidence limit of the increment"},
            {"upper", f64, "1", "95 % confidence limit of the increment"},
            {"folds_best", u32, "folds", "Outer folds in whose training people it is the best"},
            {"coefficient", f64, "trait units or log odds per unit of score",
             "Coefficient in the stack of everybody"},
            {"coefficient_per_sd", f64, "trait units or log odds per standard deviation",
             "The same for a standard deviation of the score"}}};
}

TableSpec stacking_performance_table() {
    using enum ColumnType;
    return {.name = "performance",
            .row = "model_measure",
            .doc = "Predictions of people by fits without their fold: what to expect in others of "
                   "this population.",
            .columns = {
                {"model", text, "",
                 "covariates, best_single (with covariates; chosen anew without each fold), stack "
                 "(with covariates), stack_minus_best_single"},
                {"metric", text, "",
                 "r2 or auc; r2_increment or auc_increment: less that of the covariates"},
                {"value", f64, "1", "Value"},
                {"standard_error", f64, "1", "Influence functions of R2, DeLong of AUC"},
                {"lower", f64, "1", "95 % confidence limit"},
                {"upper", f64, "1", "95 % confidence limit"}}};
}

TableSpec stacking_folds_table() {
    using enum ColumnType;
    return {.name = "folds",
            .row = "outer_fold",
            .doc = "Fits without the people of each outer fold, and last that of everybody.",
            .columns = {{"fold", u32, "1", "Outer fold that is left out; 0: none"},
                        {"people", u64, "people", "People who are fitted"},
                        {"alpha", f64, "1", "Share of the lasso that the inner folds chose"},
                        {"lambda", f64, "1", "Penalty that the inner folds chose"},
                        {"deviance", f64, "1",
                         "Mean deviance of the people of the inner folds at that penalty"},
                        {"candidates", u32, "candidates", "With a coefficient in the stack"},
                        {"best_single", text, "", "Best single candidate, empty if none"}}};
}

} // namespace salus
