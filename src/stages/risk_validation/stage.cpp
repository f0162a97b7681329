#include "base/problems.hpp"
#include "schema/existing_input.hpp"
#include "stages/risk_model/shared.hpp"
#include "stages/risk_validation/judged.hpp"
#include "stages/risk_validation/tables.hpp"

#include <algorithm>

namespace salus {
namespace {

using namespace risk_validation;

void examine(const RiskValidationParams& params, const Inputs& inputs, Workload& sizes,
             std::vector<Problem>& problems) {
    const auto outside = [](double p) { return !(p > 0 && p < 1); };
    const auto check = [&](const std::vector<double>& values, const char* name) {
        if (std::any_of(values.begin(), values.end(), outside) ||
            !std::is_sorted(values.begin(), values.end()))
            problems.push_back({.what = std::string(name) +
                                        " holds a risk outside (0, 1), or is not "
                                        "ascending",
                                .where = std::string("parameter ") + name,
                                .why = "these are risks at which somebody decides",
                                .help = "for example [0.05, 0.1, 0.2]"});
    };
    check(params.thresholds, "thresholds");
    check(params.categories, "categories");
    try {
        if (const auto* path = existing_input(inputs, "phenotypes"))
            sizes.samples = static_cast<double>(H5File::open(*path).rows("samples"));
        if (const auto* path = existing_input(inputs, "model"))
            sizes.traits = static_cast<double>(H5File::open(*path).rows("models"));
    } catch (const Error& error) {
        keep_problems(error, problems);
    }
}

Resources needs(const RiskValidationParams& params, const Workload& w) {
    const auto replicates = static_cast<double>(params.bootstrap_replicates);
    const auto divisions = 1 + static_cast<double>(params.strata.size());
    Resources r;
    r.memory_bytes = 4.6e7 + w.samples * (420 + 150 * std::max(1.0, w.threads));
    r.storage_bytes = 1e7;
    r.scratch_bytes = 1e7;
    r.core_hours = w.samples * w.traits * divisions * (12 + 4 * replicates) * 1e-6 / 3600;
    r.formula =
        "K models, T threads, B bootstrap replicates, D = 1 + strata: memory per rank 46 MB + "
        "N x (420 + 150 x T) B; results and scratch 10 MB; time (12 + 4 B) us x N K D";
    return r;
}

constexpr std::string_view details =
    "Judges models of risk_model on people who were held out (the default), on training people by "
    "fits without them (people = \"cross_fitted\": folds or leave_out of risk_model), or on all. "
    "Where the phenotypes are not those of the model's file, the saved model is applied to them: "
    "external validation. People who trained a model are left out of held_out, and refused in all "
    "unless allow_overlap is set.\n\n"
    "Binary outcomes: AUC (DeLong), average precision, Brier score, IPA, observed over expected, "
    "calibration in the large, slope and flexible curve (ICI, E50, E90), R2, Nagelkerke's and "
    "liability "
    "R2, odds ratio per SD and of the top tenth. Times: Harrell's and Uno's concordance, AUC, "
    "Brier "
    "score, IPA and integrated Brier score at the horizon, weighted by the inverse probability of "
    "staying uncensored, with influence-function errors; observed (Kaplan-Meier, or Aalen-Johansen "
    "with competing events) over expected, slope, curve, hazard ratios. Quantities: R2, RMSE, "
    "slope. "
    "Against a reference model: differences with paired errors, reclassification, IDI, "
    "incremental R2. Decision curves are in the table decision.\n\n"
    "Every measure has a 95 % interval, overall and by the columns of strata; the table gaps has "
    "the "
    "largest difference between levels, and summaries a random-effects mean over them with the "
    "interval for another level. Where risk_model left out a column (leave_out = \"site\"), "
    "people = \"cross_fitted\" judges each of its levels by a fit without it: internal-external "
    "validation. Fifths of predicted risk are compared by mean time without event, log-rank and "
    "Gray's test. Groups with few people or events are suppressed, as are "
    "small "
    "counts of the histogram. A horizon behind the follow-up of a group is not estimated: the note "
    "gives tau_max. With late entry there are no measures at a horizon.";

} // namespace

Stage risk_validation_stage() {
    using P = RiskValidationParams;
    auto declared = stage<P>("risk_validation");
    declared.summary("judges risk models, overall and by group, and writes their cards")
        .details(std::string(details))
        .cites(
            "DeLong ER, DeLong DM, Clarke-Pearson DL (1988) Comparing the areas under two or more "
            "correlated receiver operating characteristic curves. Biometrics 44:837. "
            "doi:10.2307/2531595")
        .cites("Blanche P, Dartigues J-F, Jacqmin-Gadda H (2013) Estimating and comparing "
               "time-dependent areas under receiver operating characteristic curves for censored "
               "event times with competing risks. Stat Med 32:5381. doi:10.1002/sim.5958")
        .cites("Uno H, Cai T, Pencina MJ, D'Agostino RB, Wei LJ (2011) On the C-statistics for "
               "evaluating overall adequacy of risk prediction procedures with censored survival "
               "data. Stat Med 30:1105. doi:10.1002/sim.4154")
        .cites("Austin PC, Steyerberg EW (2019) The Integrated Calibration Index (ICI) and related "
               "metrics for quantifying the calibration of logistic regression models. Stat Med "
               "38:4051. doi:10.1002/sim.8281")
        .cites("Vickers AJ, Elkin EB (2006) Decision curve analysis: a novel method for evaluating "
               "prediction models. Med Decis Making 26:565. doi:10.1177/0272989X06295361")
        .reads({.name = "model", .artifact = Artifact::risk_model_result, .doc = "fitted models"});
    risk_models::reads_people(declared, "outcomes and columns of the people who judge",
                              "scores and tables as risk_model had them");
    declared.reads({.name = "episodes",
                    .artifact = Artifact::trait_table,
                    .doc = "rows of people in time as risk_model had them",
                    .optional = true});
    declared
        .writes({.name = "validation",
                 .artifact = Artifact::risk_validation_result,
                 .file = "risk_validation.h5",
                 .doc = "Measures, gaps, curves.",
                 .tables = {measures_table(), gaps_table(), summaries_table(), score_groups_table(),
                            group_tests_table(), roc_table(), calibration_table(), decision_table(),
                            distribution_table(), limits_table()}})
        .writes({.name = "card",
                 .artifact = Artifact::risk_json,
                 .file = "model_card.json",
                 .doc = "Purpose, data, measures and limits of each model.",
                 .tables = {}});
    declared.param("models", &P::models, {.doc = "models that are judged; empty takes all"})
        .param("people", &P::people,
               {.doc = "who judges: people held out, training people by fits without them, or all",
                .choices = {"held_out", "cross_fitted", "all"}})
        .param("allow_overlap", &P::allow_overlap,
               {.doc = "whether training people may judge with people = \"all\""});
    risk_models::takes_people(declared);
    declared
        .param("horizons", &P::horizons,
               {.doc = "horizons of the models that are judged; empty takes all",
                .unit = "of the times"})
        .param(
            "strata", &P::strata,
            {.doc =
                 "columns by whose values people are judged as well: \"group\", \"sex\", \"age / "
                 "10\", \"site\""})
        .param("reference", &P::reference,
               {.doc = "model that the others of the same outcome are compared with; empty = none"})
        .param("thresholds", &P::thresholds,
               {.doc = "risks of the decision curve", .unit = "probability"})
        .param("categories", &P::categories,
               {.doc = "limits of the categories of reclassification", .unit = "probability"})
        .param("prevalence", &P::prevalence,
               {.doc = "of the disease in the population, for R2 on the liability scale; 0 = none",
                .unit = "proportion",
                .min = 0,
                .max = 0.999})
        .param(
            "bootstrap_replicates", &P::bootstrap_replicates,
            {.doc = "replicates for measures without closed-form error; 0 = no intervals of them",
             .unit = "replicates",
             .min = 0,
             .max = 100000})
        .param("people_min", &P::people_min,
               {.doc = "groups with fewer people are suppressed",
                .unit = "people",
                .min = 2,
                .max = 1e9})
        .param("events_min", &P::events_min,
               {.doc = "groups with fewer people with, or without, the event are suppressed",
                .unit = "people",
                .min = 2,
                .max = 1e9})
        .param("purpose", &P::purpose, {.doc = "what the models are for, for the card"});
    return declared.needs(needs).examines(examine).run(run_risk_validation);
}

} // namespace salus
