#include "base/text.hpp"
#include "stages/trajectories/results.hpp"

namespace salus::trajectories {

TableSpec transitions_table() {
    using enum ColumnType;
    return {.name = "transitions",
            .row = "transition",
            .doc =
                "One row for each transition: onset of a condition of those without it, or death.",
            .columns = {{"event", text, "", "condition, or death"},
                        {"events", u64, "people", "fitted people to whom it happened"},
                        {"years", f64, "a", "their time at risk"},
                        {"state", text, "",
                         "fitted; no_covariates: too few events, or no finite estimate, one rate "
                         "for all; no_events: the rate is 0"},
                        {"fit", text, "", "how the fit with covariates ended"},
                        {"log_likelihood", f64, "1", "of the intensities, at the estimates"}}};
}

TableSpec effects_table() {
    using enum ColumnType;
    return {.name = "effects",
            .row = "effect",
            .doc = "Effects of covariates, and of having other conditions, on the log intensities.",
            .columns = {{"event", text, "", "condition that begins, or death"},
                        {"term", text, "", "covariate, or condition that is there already"},
                        {"estimate", f64, "1 per unit of the term", "log of the rate ratio"},
                        {"standard_error", f64, "1 per unit of the term", "its standard error"},
                        {"rate_ratio", f64, "1", "exp(estimate)"},
                        {"lower", f64, "1", "95 % interval of the rate ratio"},
                        {"upper", f64, "1", "95 % interval of the rate ratio"},
                        {"neg_log10_p", f64, "1", "-log10 p of Wald's test"}}};
}

TableSpec rates_table() {
    using enum ColumnType;
    return {.name = "rates",
            .row = "band_rate",
            .doc = "Intensities by age, at the means of the covariates and without conditions.",
            .columns = {{"event", text, "", "condition, or death"},
                        {"age_from", f64, "a", "begin of the age band"},
                        {"age_to", f64, "a", "end of the age band"},
                        {"rate", f64, "1/(1000 a)", "events in 1,000 years of people without it"},
                        {"lower", f64, "1/(1000 a)", "95 % interval"},
                        {"upper", f64, "1/(1000 a)", "95 % interval"}}};
}

TableSpec people_table() {
    using enum ColumnType;
    return {.name = "people",
            .row = "group",
            .doc = "How many people took which part.",
            .columns = {{"part", text, "",
                         "fitted, held_out; left out: no_record, undefined_condition, "
                         "missing_covariate; short_observation: simulated only"},
                        {"people", u64, "people", "number of samples"}}};
}

TableSpec validation_table() {
    using enum ColumnType;
    return {.name = "validation",
            .row = "comparison",
            .doc = "Held-out people: what was observed against what was simulated for them.",
            .columns = {
                {"measure", text, "",
                 "incidence: share to whom it happened since entry (Aalen-Johansen, death "
                 "competes); prevalence: share with it of those alive and under observation"},
                {"event", text, "", "condition, or death"},
                {"years", f64, "a", "since entry"},
                {"people", u64, "people", "without it at entry, or seen at that time"},
                {"with", u64, "people", "of them those with the event by then, or with it then"},
                {"observed", f64, "proportion", "observed share"},
                {"observed_lower", f64, "proportion", "95 % interval of sampling"},
                {"observed_upper", f64, "proportion", "95 % interval of sampling"},
                {"simulated", f64, "proportion", "mean over draws of the parameters"},
                {"simulated_lower", f64, "proportion", "95 % interval over the draws"},
                {"simulated_upper", f64, "proportion", "95 % interval over the draws"},
                {"z", f64, "1", "difference over its standard error"},
                {"agrees", u8, "0 or 1", "1 if |z| is at most 1.96"}}};
}

TableSpec what_if_table() {
    using enum ColumnType;
    return {.name = "what_if",
            .row = "scenario",
            .doc = "Mean risks within the horizon if a covariate were different for everybody.",
            .columns = {
                {"change", text, "", "what is different"},
                {"event", text, "", "condition, or death"},
                {"people", u64, "people", "alive and without it"},
                {"risk", f64, "proportion", "mean risk as it is"},
                {"risk_changed", f64, "proportion", "mean risk with the change"},
                {"difference", f64, "proportion", "of the two"},
                {"lower", f64, "proportion", "95 % interval over the draws of the parameters"},
                {"upper", f64, "proportion", "95 % interval over the draws of the parameters"}}};
}

TableSpec risks_table(const Request& request) {
    using enum ColumnType;
    TableSpec spec{.name = "risks",
                   .row = "person",
                   .doc = "What happens to each person alive within the horizon, from the last day "
                          "of observation on: means over simulated lives, 95 % intervals over "
                          "draws of the parameters. NaN: has the condition already.",
                   .columns = {{"sample_id", text, "", "sample identifier"},
                               {"age", f64, "a", "at the last day of observation"}}};
    for (const std::string& event : request.transitions()) {
        spec.columns.push_back({event, f64, "proportion", salus::text("risk of ", event)});
        spec.columns.push_back({event + "_lower", f64, "proportion", "its interval"});
        spec.columns.push_back({event + "_upper", f64, "proportion", "its interval"});
    }
    spec.columns.push_back({"years_alive", f64, "a", "expected years alive within the horizon"});
    return spec;
}

TableSpec what_if_risks_table(const Request& request) {
    using enum ColumnType;
    TableSpec spec{.name = "what_if_risks",
                   .row = "person_changed",
                   .doc = "Risks of each person if a covariate were different: what_if_1 is the "
                          "first of the parameter what_if.",
                   .columns = {{"sample_id", text, "", "sample identifier"}}};
    for (std::size_t s = 0; s < request.scenarios.size(); ++s)
        for (const std::string& event : request.transitions())
            spec.columns.push_back(
                {salus::text(event, "_what_if_", s + 1), f64, "proportion",
                 salus::text("risk of ", event, " with ", request.scenarios[s].written)});
    return spec;
}

} // namespace salus::trajectories
