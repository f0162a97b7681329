#include "base/problems.hpp"
#include "schema/existing_input.hpp"
#include "stages/trajectories/results.hpp"

namespace salus {
namespace {

using namespace trajectories;

void examine(const TrajectoriesParams& params, const Inputs& inputs, Workload& sizes,
             std::vector<Problem>& problems) {
    const auto* path = existing_input(inputs, "phenotypes");
    if (path == nullptr) return;
    try {
        sizes.samples = static_cast<double>(H5File::open(*path).rows("samples"));
        std::vector<std::filesystem::path> tables;
        if (const auto scores = inputs.find("scores"); scores != inputs.end())
            for (const auto& table : scores->second) {
                if (!std::filesystem::exists(table)) return; // still to be made
                tables.push_back(table);
            }
        make_request(params, risk_models::SampleColumns(*path, tables), problems);
    } catch (const Error& error) {
        keep_problems(error, problems);
    }
}

Resources needs(const TrajectoriesParams& params, const Workload& w) {
    const auto conditions = static_cast<double>(params.conditions.size()),
               covariates = static_cast<double>(params.covariates.size()),
               changes = static_cast<double>(params.what_if.size()),
               lives = static_cast<double>(params.draws * params.lives);
    const double columns = 3 * (conditions + 1) + 3 + changes * (conditions + 1);
    return {
        .memory_bytes = 5e7 + w.samples / w.ranks * (8 * covariates + 16 * (3 + conditions) + 8) +
                        w.samples * (16 * params.held_out + 40),
        .storage_bytes = w.samples * (8 * columns + 10),
        .scratch_bytes = w.samples * (8 * columns + 10 + 16 * params.held_out * (conditions + 1)),
        .core_hours =
            (w.samples * lives * (1 + changes + params.held_out) * 15e-9 * (conditions + 1) +
             w.samples * 10 * (conditions + 1) * (covariates * covariates + 20) * 2e-9) /
            3600,
        .formula =
            "C conditions, V covariates, W what_if, L = draws x lives: memory per rank 50 MB + "
            "N/R x (8 V + 16 C + 56) B, 40 B x N; root 16 B x held-out people more; result and "
            "scratch "
            "about 8 B x N x (C + 1) x (3 + W); time 15 ns x N L (C + 1) (1 + W + held_out) + "
            "20 ns x N (C + 1) V^2"};
}

constexpr std::string_view details =
    "A digital twin of a cohort in the plainest form that can be checked: people move between "
    "health states, and the next years of each are simulated many times.\n\n"
    "The state of a person is the set of conditions that have begun (definitions of the stage "
    "phenotypes, by the dates of their cases), and death. Each condition that is not there may "
    "begin, and everybody may die, with an intensity that depends on age (constant within a band), "
    "on covariates (scores, records, features) and on the conditions that are there: "
    "log rate = band + covariates + conditions. Intensities are fitted to the time under "
    "observation behind a washout; a condition that is dated before its end was there from the "
    "start. Covariates act as they are in the table, all the time. A transition with fewer than "
    "events_min events, or without finite estimates, gets one rate for all, and says so.\n\n"
    "A part of the people, chosen by a hash of their identifiers, is held out of the fit. Their "
    "lives are simulated from their entry on and compared with what happened: incidence by the "
    "Aalen-Johansen estimate, prevalence among those alive and under observation.\n\n"
    "Then the next years of everybody alive are simulated from the last day of observation on. "
    "Uncertainty of the parameters: draws from their normal approximation; of the future: lives, "
    "the same in all draws and changes, so that differences of a what_if have no noise of their "
    "own. A what_if is a change of a covariate in the model, not an effect of a treatment: that "
    "takes the covariate to be a cause, and everything that confounds it to be in the model.\n\n"
    "Random numbers are functions of seed, person and draw: the result is the same on any number "
    "of ranks. The tables risks and what_if_risks hold persons and must not be released; the "
    "others may be (salus export --release).";

StageOf<TrajectoriesParams> with_params(StageOf<TrajectoriesParams> declared) {
    using P = TrajectoriesParams;
    return declared
        .required("conditions", &P::conditions,
                  {.doc = "definitions whose cases are states of health, by their names"})
        .param("covariates", &P::covariates,
               {.doc = "columns (traits, covariates, scores) on which intensities depend; age is "
                       "the time "
                       "scale"})
        .param("age_bands", &P::age_bands, {.doc = "ages at which intensities change", .unit = "a"})
        .param("washout_years", &P::washout_years,
               {.doc = "observation that is passed over, so that what is there already is not "
                       "taken for new",
                .unit = "a",
                .min = 0,
                .max = 20})
        .param("events_min", &P::events_min,
               {.doc = "fewest events of a transition with covariates", .unit = "events", .min = 1})
        .param("held_out", &P::held_out,
               {.doc = "share of people that are not fitted but compared with",
                .unit = "proportion",
                .min = 0,
                .max = 0.9})
        .param("checked_years", &P::checked_years,
               {.doc = "years since entry at which held-out people are compared", .unit = "a"})
        .param("years", &P::years,
               {.doc = "horizon of the simulation", .unit = "a", .min = 0.1, .max = 50})
        .param("draws", &P::draws,
               {.doc = "draws of the parameters", .unit = "draws", .min = 2, .max = 10'000})
        .param("lives", &P::lives,
               {.doc = "simulated lives of a person in each draw",
                .unit = "lives",
                .min = 1,
                .max = 100'000})
        .param("what_if", &P::what_if,
               {.doc = "changes of covariates: \"smoker = 0\", \"ldl - 38.7\", \"bmi * 0.9\""});
}

} // namespace

Stage trajectories_stage() {
    Request shown;
    shown.conditions = {{"{condition}", true}};
    shown.scenarios = {{"{change}", 0, {}}};
    return with_params(
               stage<TrajectoriesParams>("trajectories")
                   .summary("health states, their intensities, and simulated life courses of a "
                            "cohort's people")
                   .details(std::string(details))
                   .cites("Holford TR (1980) The analysis of rates and of survivorship using "
                          "log-linear models. Biometrics 36:299. doi:10.2307/2529982")
                   .cites("Putter H, Fiocco M, Geskus RB (2007) Tutorial in biostatistics: "
                          "competing risks and multi-state models. Stat Med 26:2389. "
                          "doi:10.1002/sim.2712")
                   .reads({.name = "phenotypes",
                           .artifact = Artifact::phenotype_table,
                           .doc = "conditions, covariates and lives of the people"})
                   .reads({.name = "scores",
                           .artifact = Artifact::score_result,
                           .doc = "covariates beside those of the phenotypes: results of score, or "
                                  "tables with sample_id",
                           .optional = true,
                           .many = true})
                   .writes({.name = "trajectories",
                            .artifact = Artifact::trajectories_result,
                            .file = "trajectories.h5",
                            .doc = "Intensities, their check in held-out people, and risks.",
                            .tables = {people_table(), transitions_table(), effects_table(),
                                       rates_table(), validation_table(), what_if_table(),
                                       risks_table(shown), what_if_risks_table(shown)}}))
        .needs(needs)
        .examines(examine)
        .run(run_trajectories);
}

} // namespace salus
