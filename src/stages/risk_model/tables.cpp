#include "base/text.hpp"
#include "stages/risk_model/saved.hpp"

namespace salus::risk_models {

TableSpec models_table() {
    using enum ColumnType;
    return {
        .name = "models",
        .row = "risk_model",
        .doc = "Models, who is in them, and how the fit ended.",
        .columns = {
            {"model", text, "", "Name"},
            {"kind", text, "",
             "logistic, firth, linear, cox, cause_specific, fine_gray or equation"},
            {"outcome", text, "", "Trait that is predicted"},
            {"competing", text, "", "Trait that competes with it, empty if none"},
            {"declaration", text, "", "The model as written"},
            {"state", text, "",
             "converged, no_events, monotone, not_settled, not_finite; published for equations"},
            {"reason", text, "", "Why there are no estimates, or which terms were left out"},
            {"time_unit", text, "", "Unit of the times"},
            {"samples", u64, "people", "Rows of the phenotype table"},
            {"low_quality", u64, "people", "Of these, samples that did not pass quality"},
            {"outside_rules", u64, "people", "Of the rest, those outside the rules"},
            {"no_outcome", u64, "people", "Of the rest, those without outcome or times"},
            {"no_follow_up", u64, "people",
             "Of the rest, those whose time at risk is not above 0, or ends before it begins"},
            {"no_covariate", u64, "people",
             "Of the rest, those who lack a column (that is not imputed)"},
            {"imputed", u64, "people", "Training people with imputed columns"},
            {"imputations", u64, "data sets", "Completed data sets that were fitted; 0 if none"},
            {"people", u64, "people", "Training people"},
            {"held_out", u64, "people", "People kept for validation"},
            {"events", u64, "people", "Events of training people"},
            {"competing_events", u64, "people", "Competing events of training people"},
            {"log_likelihood", f64, "1", "Log-likelihood, partial in survival models"},
            {"log_likelihood_null", f64, "1", "With all coefficients 0"},
            {"aic", f64, "1", "Akaike's information criterion"},
            {"score_chi_square", f64, "1", "Score test of all terms"},
            {"iterations", u64, "1", "Newton steps"},
            {"center", f64, "1", "Linear predictor at which the baseline is given"},
            {"competing_center", f64, "1", "The same of the competing event"},
            {"residual_variance", f64, "of the outcome, squared", "Of linear models"},
            {"last_time", f64, "of the times",
             "Nobody was under observation behind it: risks end there"},
        }};
}

TableSpec coefficients_table() {
    using enum ColumnType;
    return {.name = "coefficients",
            .row = "coefficient",
            .doc = "Coefficients, in the order of the terms.",
            .columns = {
                {"model", text, "", "Name of the model"},
                {"cause", text, "", "event, or competing in cause-specific models"},
                {"term", text, "", "Column of the design"},
                {"estimate", f64, "log ratio or outcome units", "Estimate per unit of the term"},
                {"standard_error", f64, "as estimate", "From the information; NaN if penalised"},
                {"robust_standard_error", f64, "as estimate", "From the sandwich, by cluster"},
                {"ratio", f64, "1", "Odds or hazard ratio, exp(estimate)"},
                {"lower", f64, "1", "Lower end of its 95 % interval (robust where there is one)"},
                {"upper", f64, "1", "Upper end of its 95 % interval"},
                {"neg_log10_p", f64, "-log10 p", "Wald test; by Student's t with imputations"},
                {"fraction_missing", f64, "proportion",
                 "Information about it that is missing, with imputations; else 0"},
                {"degrees_of_freedom", f64, "1", "Of Student's t, with imputations; else NaN"},
                {"mean", f64, "of the term", "Mean of training people"},
                {"standard_deviation", f64, "of the term", "Standard deviation of training people"},
                {"aliased", u8, "0 or 1", "1 if a combination of earlier terms, or constant"},
                {"endless", u8, "0 or 1", "1 if the likelihood grows without end along it"},
            }};
}

TableSpec baseline_table() {
    using enum ColumnType;
    return {.name = "baseline",
            .row = "baseline_time",
            .doc =
                "Cumulative baseline hazard (of the subdistribution in fine_gray) at the center.",
            .columns = {
                {"model", text, "", "Name of the model"},
                {"cause", text, "", "event, or competing in cause-specific models"},
                {"stratum", f64, "of the column", "Value of the strata column, 0 without"},
                {"time", f64, "of the times", "Time of events"},
                {"cumulative_hazard", f64, "1", "Until then, at the center"},
                {"standard_error", f64, "1", "Of the hazard, coefficients taken as known"},
            }};
}

TableSpec path_table() {
    using enum ColumnType;
    return {
        .name = "net_path",
        .row = "penalty",
        .doc = "Elastic nets: penalties and what people who were left out say of them.",
        .columns = {
            {"model", text, "", "Name of the model"},
            {"lambda", f64, "1", "Penalty, on standardised terms"},
            {"deviance", f64, "1", "Mean over folds of the deviance left out, per event or person"},
            {"standard_error", f64, "1", "Of it"},
            {"nonzero", u64, "terms", "Terms that are not 0"},
            {"chosen", u8, "0 or 1", "1 for the penalty of the model"},
        }};
}

TableSpec absolute_risk_table() {
    using enum ColumnType;
    return {.name = "absolute_risk",
            .row = "risk_group",
            .doc =
                "Predicted and observed risk at each horizon by tenth of predicted risk, of people "
                "who can be judged: held out, else training.",
            .columns = {
                {"model", text, "", "Name of the model"},
                {"horizon", f64, "of the times", "Time since the begin of the time at risk"},
                {"tenth", u32, "1", "1 lowest risks, 10 highest; 0 everybody"},
                {"people", u64, "people", "People"},
                {"events", u64, "people", "Of these, with the event until the horizon"},
                {"predicted", f64, "probability", "Mean predicted risk"},
                {"observed", f64, "probability",
                 "Aalen-Johansen estimate, or proportion of a binary outcome"},
                {"lower", f64, "probability", "Lower end of its 95 % interval"},
                {"upper", f64, "probability", "Upper end of its 95 % interval"},
            }};
}

TableSpec curves_table() {
    using enum ColumnType;
    return {.name = "curves",
            .row = "curve_time",
            .doc =
                "Probability of the event (Kaplan-Meier, or Aalen-Johansen with a competing event) "
                "over time by fifth of predicted risk.",
            .columns = {
                {"model", text, "", "Name of the model"},
                {"fifth", u32, "1", "1 lowest risks, 5 highest; 0 everybody"},
                {"time", f64, "of the times", "Time"},
                {"at_risk", f64, "people", "People under observation just before"},
                {"probability", f64, "probability", "Of having had the event"},
                {"standard_error", f64, "probability", "Of it"},
                {"competing_probability", f64, "probability", "Of having had the competing event"},
            }};
}

TableSpec optimism_table() {
    using enum ColumnType;
    return {.name = "optimism",
            .row = "optimism_model",
            .doc =
                "What the fit to its own people flatters: bootstrap of the whole fit. Concordance, "
                "AUC or R2; Brier score (at the last horizon) or mean squared error; and "
                "calibration slope.",
            .columns = {
                {"model", text, "", "Name of the model"},
                {"metric", text, "", "concordance, auc or r2; brier or mse; calibration_slope"},
                {"apparent", f64, "1", "In the training people"},
                {"optimism", f64, "1",
                 "Mean over replicates: in the replicate less in the training people"},
                {"corrected", f64, "1", "apparent - optimism"},
                {"standard_error", f64, "1", "Monte Carlo error of the optimism"},
                {"replicates", u64, "1", "Replicates that could be fitted"},
            }};
}

TableSpec proportional_table() {
    using enum ColumnType;
    return {.name = "proportional_hazards",
            .row = "hazard_test",
            .doc =
                "Whether effects change with time: score tests of 1 - Kaplan-Meier times a term.",
            .columns = {
                {"model", text, "", "Name of the model"},
                {"cause", text, "", "event, or competing in cause-specific models"},
                {"term", text, "", "Term, or (all) together"},
                {"chi_square", f64, "1", "Test statistic"},
                {"degrees_of_freedom", u64, "1", "Of it; 0 for aliased terms"},
                {"neg_log10_p", f64, "-log10 p", "Small p: the effect is not the same throughout"},
            }};
}

TableSpec predictions_table(const std::string& model, std::size_t horizons, bool crossed) {
    using enum ColumnType;
    TableSpec spec{.name = "predictions/" + model,
                   .row = "sample",
                   .doc = "Predictions for all samples, in the order of the phenotype table.",
                   .columns = {{"sample_id", text, "", "Sample identifier"},
                               {"part", u8, "code", "0 not in the model, 1 training, 2 held out"},
                               {"linear_predictor", f64, "1", "Sum of estimate x term"}}};
    for (std::size_t h = 1; h <= horizons; ++h)
        spec.columns.push_back({salus::text("risk_", h), f64, "probability",
                                salus::text("Risk at horizon ", h, "; prediction if linear")});
    for (std::size_t h = 1; crossed && h <= horizons; ++h)
        spec.columns.push_back({salus::text("cross_risk_", h), f64, "probability",
                                "The same by a fit without the person's fold"});
    return spec;
}

} // namespace salus::risk_models
