#include "stages/risk_validation/tables.hpp"

namespace salus::risk_validation {

TableSpec measures_table() {
    using enum ColumnType;
    return {.name = "measures",
            .row = "measure",
            .doc = "How well each model predicts, overall and by group.",
            .columns = {
                {"model", text, "", "Model"},
                {"horizon", f64, "of the times", "Time of the risk; NaN without times"},
                {"stratum", text, "", "Column that divides people, or all"},
                {"level", text, "", "Value of the column"},
                {"metric", text, "",
                 "Measure; not_estimated with the reason in note (few people, few events ...)"},
                {"estimate", f64, "of the measure", "Estimate"},
                {"standard_error", f64, "of the measure", "Its standard error"},
                {"lower", f64, "of the measure", "Lower end of the 95 % interval"},
                {"upper", f64, "of the measure", "Upper end of the 95 % interval"},
                {"people", u64, "people", "People; 0 if suppressed"},
                {"events", u64, "people", "With the event (until the horizon); 0 if suppressed"},
                {"note", text, "", "Why there is no estimate"},
            }};
}

TableSpec gaps_table() {
    using enum ColumnType;
    return {
        .name = "gaps",
        .row = "level_gap",
        .doc = "Largest difference of a measure between the levels of a column.",
        .columns = {
            {"model", text, "", "Model"},
            {"horizon", f64, "of the times", "Time of the risk"},
            {"stratum", text, "", "Column that divides people"},
            {"metric", text, "", "Measure"},
            {"highest_level", text, "", "Level with the highest estimate"},
            {"lowest_level", text, "", "Level with the lowest estimate"},
            {"gap", f64, "of the measure", "Highest less lowest"},
            {"standard_error", f64, "of the measure", "Of the difference of these two groups"},
            {"lower", f64, "of the measure",
             "Lower end of its 95 % interval (the choice of the two levels is not allowed for)"},
            {"upper", f64, "of the measure", "Upper end"},
        }};
}

TableSpec summaries_table() {
    using enum ColumnType;
    return {.name = "summaries",
            .row = "measure_summary",
            .doc = "Measures over the levels of each column, as random effects.",
            .columns = {
                {"model", text, "", "Model"},
                {"horizon", f64, "of the times", "Time of the risk"},
                {"stratum", text, "", "Column that divides people"},
                {"metric", text, "", "Measure"},
                {"levels", u64, "levels", "Levels with an estimate and its error"},
                {"estimate", f64, "of the measure", "Mean over levels"},
                {"lower", f64, "of the measure", "Lower end of its 95 % interval"},
                {"upper", f64, "of the measure", "Upper end"},
                {"prediction_lower", f64, "of the measure",
                 "Lower end of the interval for another level; NaN with fewer than three"},
                {"prediction_upper", f64, "of the measure", "Upper end"},
                {"i_squared", f64, "proportion", "Variation that is not chance"},
                {"tau_squared", f64, "1",
                 "Variance between levels: of ratios on the log, of areas and concordances on the "
                 "logit scale"},
                {"q_neg_log10_p", f64, "-log10 p", "Cochran's test that levels are alike"},
            }};
}

TableSpec score_groups_table() {
    using enum ColumnType;
    return {.name = "score_groups",
            .row = "score_group",
            .doc = "Fifths of predicted risk; those with few people are not shown.",
            .columns = {
                {"model", text, "", "Model"},
                {"horizon", f64, "of the times", "Time of the risk"},
                {"fifth", u32, "1", "1 lowest risks, 5 highest"},
                {"people", u64, "people", "People"},
                {"events", u64, "people",
                 "With the event until the horizon; 0 also if few, or if few of another fifth "
                 "would follow"},
                {"restricted_mean", f64, "of the times",
                 "Mean time without event, or competing event, until the horizon"},
                {"standard_error", f64, "of the times", "Its standard error"},
                {"lower", f64, "of the times", "Lower end of its 95 % interval"},
                {"upper", f64, "of the times", "Upper end"},
            }};
}

TableSpec group_tests_table() {
    using enum ColumnType;
    return {.name = "group_tests",
            .row = "group_test",
            .doc = "Whether fifths of predicted risk are alike, over the whole follow-up.",
            .columns = {
                {"model", text, "", "Model"},
                {"horizon", f64, "of the times", "Time of the risk that makes the fifths"},
                {"test", text, "",
                 "log_rank: hazards of the event; gray: incidences, with competing events"},
                {"chi_square", f64, "1", "Test statistic"},
                {"degrees_of_freedom", u64, "1", "Of it"},
                {"neg_log10_p", f64, "-log10 p", "p-value"},
            }};
}

TableSpec roc_table() {
    using enum ColumnType;
    return {.name = "roc",
            .row = "roc_point",
            .doc =
                "Sensitivity and false positives of calling everybody at or above a risk a case; "
                "weighted for censoring.",
            .columns = {
                {"model", text, "", "Model"},
                {"horizon", f64, "of the times", "Time of the risk"},
                {"threshold", f64, "probability", "Risk"},
                {"false_positive_rate", f64, "proportion", "Of people without the event"},
                {"true_positive_rate", f64, "proportion", "Of people with the event"},
            }};
}

TableSpec calibration_table() {
    using enum ColumnType;
    return {.name = "calibration",
            .row = "calibration_point",
            .doc = "Flexible calibration curve, at equal parts of the middle 98 % of the risks.",
            .columns = {
                {"model", text, "", "Model"},
                {"horizon", f64, "of the times", "Time of the risk"},
                {"predicted", f64, "probability", "Predicted risk"},
                {"observed", f64, "probability", "Smoothed frequency of the event"},
                {"lower", f64, "probability", "Lower end of its 95 % interval"},
                {"upper", f64, "probability", "Upper end"},
            }};
}

TableSpec decision_table() {
    using enum ColumnType;
    return {.name = "decision",
            .row = "decision_threshold",
            .doc = "Net benefit of treating at or above a risk; of treating nobody it is 0.",
            .columns = {
                {"model", text, "", "Model"},
                {"horizon", f64, "of the times", "Time of the risk"},
                {"threshold", f64, "probability", "Risk"},
                {"net_benefit", f64, "per person", "Of the model"},
                {"lower", f64, "per person", "Lower end of its 95 % interval"},
                {"upper", f64, "per person", "Upper end"},
                {"treat_all", f64, "per person", "Of treating everybody"},
            }};
}

TableSpec distribution_table() {
    using enum ColumnType;
    return {.name = "distribution",
            .row = "risk_bin",
            .doc = "Histogram of predicted risks; counts below the smallest group are 0, and one "
                   "more where "
                   "a hidden one would follow from the total.",
            .columns = {
                {"model", text, "", "Model"},
                {"horizon", f64, "of the times", "Time of the risk"},
                {"low", f64, "probability", "Lower end of the bin"},
                {"high", f64, "probability", "Upper end of the bin"},
                {"people", u64, "people", "People in it"},
                {"events", u64, "people", "Of these, with the event (until the horizon)"},
            }};
}

TableSpec limits_table() {
    using enum ColumnType;
    return {.name = "limits",
            .row = "model_limit",
            .doc = "What is to be kept in mind of each model; as in the card.",
            .columns = {{"model", text, "", "Model"}, {"limit", text, "", "In words"}}};
}

} // namespace salus::risk_validation
