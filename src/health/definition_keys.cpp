#include "health/definition.hpp"

namespace salus {
namespace {

using T = TraitDefinition;

void declare_events(RecordOf<T>& record) {
    record
        .param("codes", &T::codes,
               {.doc = "codes that count, as SYSTEM:code; ICD10 and ATC by prefix or range; @NAME "
                       "takes in a code set, * every code"})
        .param("except_codes", &T::except_codes,
               {.doc = "codes that do not count though `codes` takes them in"})
        .param("drugs", &T::drugs,
               {.doc = "drugs whose dates count like dates of a code, for persons with at least "
                       "one date of a code"})
        .param("event_kinds", &T::event_kinds,
               {.doc = "only such events count: condition, measurement, drug, procedure, "
                       "observation, death, visit, device; empty = all"})
        .param("sources", &T::sources,
               {.doc = "only events recorded there count: inpatient, outpatient, emergency, "
                       "primary_care, registry, death_certificate, self_report, pharmacy; empty = "
                       "all"})
        .param("primary_position", &T::primary_position,
               {.doc = "only main diagnoses of their encounter count"})
        .param("value", &T::value,
               {.doc = "only events whose value in `unit` fulfils all of these count: \">= 6.5\"; "
                       "operators <, <=, >, >="})
        .param("value_codes", &T::value_codes,
               {.doc = "only events with one of these codes as their value count"})
        .param("inside_observation", &T::inside_observation,
               {.doc = "only events inside an observation period count"})
        .param("observed_before_days", &T::observed_before_days,
               {.doc = "an event counts only after so much observation without a gap",
                .unit = "d",
                .min = 0,
                .max = 36525})
        .param("observed_after_days", &T::observed_after_days,
               {.doc = "an event counts only before so much observation without a gap",
                .unit = "d",
                .min = 0,
                .max = 36525})
        .param("only", &T::only,
               {.doc = "the dates that are looked at: all, or the first or the last of them; the "
                       "others are as if they were not there",
                .choices = {"all", "first", "last"}})
        .param("with", &T::with,
               {.doc = "a date counts only with dates of other definitions around it: \"NAME "
                       "-30..30\", \"NAME 0..\" or \"NAME ..-1 times 2\", in days from the date"})
        .param("without", &T::without,
               {.doc = "a date counts only without such dates around it: \"NAME ..-1\""});
}

void declare_combination(RecordOf<T>& record) {
    record
        .param("any_of", &T::any_of, {.doc = "definitions whose dates count like dates of a code"})
        .param("at_least", &T::at_least,
               {.doc = "definitions of any_of that must hold", .min = 1, .max = 1000})
        .param("all_of", &T::all_of, {.doc = "definitions that must hold as well"})
        .param("none_of", &T::none_of, {.doc = "definitions that must not hold"});
}

void declare_cases(RecordOf<T>& record) {
    record
        .param("min_dates", &T::min_dates,
               {.doc = "different dates that make a case", .min = 1, .max = 1000})
        .param("min_span_days", &T::min_span_days,
               {.doc = "days between the first and the last of them",
                .unit = "d",
                .min = 0,
                .max = 36525})
        .param("within_days", &T::within_days,
               {.doc = "the dates that make a case lie so close together; 0 = no limit",
                .unit = "d",
                .min = 0,
                .max = 36525})
        .param("date", &T::date,
               {.doc = "the date of a case: the first of the dates that made it, the day on which "
                       "everything was fulfilled, or the last date of all",
                .choices = {"first", "confirmed", "last"}})
        .param("case_exclude", &T::case_exclude,
               {.doc = "codes that make a person neither case nor control"})
        .param("case_exclude_dates", &T::case_exclude_dates,
               {.doc = "different dates of case_exclude that are needed for that",
                .min = 1,
                .max = 1000})
        .param("case_exclude_if", &T::case_exclude_if,
               {.doc = "definitions that make a person neither case nor control if they hold"})
        .param("control_exclude", &T::control_exclude,
               {.doc = "codes that keep a person from being a control"})
        .param("control_exclude_if", &T::control_exclude_if,
               {.doc = "definitions that keep a person from being a control if they hold"})
        .param("control_if", &T::control_if, {.doc = "definitions that must hold for a control"})
        .param(
            "washout_days", &T::washout_days,
            {.doc =
                 "cases whose date lies so soon after the start of their observation are left out",
             .unit = "d",
             .min = 0,
             .max = 36525});
}

void declare_follow_up(RecordOf<T>& record) {
    record
        .param("follow_from", &T::follow_from,
               {.doc = "where follow-up begins: observation (its start and washout_days), case "
                       "(the date of the case: what comes after it), or the date of the definition "
                       "with this name"})
        .param("follow_until", &T::follow_until, {.doc = "definitions whose date ends follow-up"})
        .param("max_follow_days", &T::max_follow_days,
               {.doc = "follow-up ends so long after its begin; 0 = no limit",
                .unit = "d",
                .min = 0,
                .max = 36525})
        .param("admin_end", &T::admin_end,
               {.doc = "last day of follow-up for everybody, YYYY-MM-DD; empty = none"})
        .param("observation_gaps", &T::observation_gaps,
               {.doc = "gaps between observation periods are passed over, or end follow-up",
                .choices = {"bridge", "end"}})
        .param("treatment", &T::treatment,
               {.doc = "follow-up ends when treatment with these drugs ends, and never begins "
                       "without it"})
        .param("grace_days", &T::grace_days,
               {.doc = "treatment goes on for so long behind the end of a supply",
                .unit = "d",
                .min = 0,
                .max = 3653})
        .param("time_scale", &T::time_scale,
               {.doc = "years of a time_to_event trait: since the start of follow-up, or age with "
                       "late entry at the start of follow-up",
                .choices = {"observation", "age"}});
}

void declare_values(RecordOf<T>& record) {
    record
        .param("convert", &T::convert,
               {.doc = "other units that are accepted: \"UNIT * factor + offset\""})
        .param("known_units", &T::known_units,
               {.doc = "units are accepted that UCUM, or what is known of the analyte of the LOINC "
                       "code, can bring to `unit`; `convert` goes before"})
        .param("missing_unit", &T::missing_unit,
               {.doc =
                    "a value without a unit is left out, is taken to be in `unit`, or in the one "
                    "usual unit of its analyte in which it lies in the range of people",
                .choices = {"drop", "assume", "range"}})
        .param("low", &T::low, {.doc = "values below are not plausible and left out, in `unit`"})
        .param("high", &T::high, {.doc = "values above are not plausible and left out, in `unit`"})
        .param("summary", &T::summary,
               {.doc = "how the values of a person become one: slope in units per year, area under "
                       "the curve in units times years, count of values, or dates: different days "
                       "with an event, with a value or not",
                .choices = {"median", "mean", "first", "last", "max", "min", "slope", "area",
                            "count", "dates"}})
        .param("min_values", &T::min_values,
               {.doc = "values that a person needs", .min = 1, .max = 1000})
        .param("adjust_drugs", &T::adjust_drugs, {.doc = "drugs that change the value"})
        .param("adjust_divide", &T::adjust_divide,
               {.doc = "a value measured within adjust_days after such a drug is divided by this",
                .min = 0.01,
                .max = 100})
        .param("adjust_add", &T::adjust_add,
               {.doc = "and this is added to it, in `unit`", .min = -1e6, .max = 1e6})
        .param("adjust_days", &T::adjust_days,
               {.doc = "days that such a drug works", .unit = "d", .min = 0, .max = 36525})
        .param("index", &T::index,
               {.doc = "definition whose date the values are taken around; others than its cases "
                       "have no value"})
        .param("index_window", &T::index_window,
               {.doc = "days from the date of index in which values are taken, as \"-365..0\""});
}

RecordOf<T> declare() {
    RecordOf<T> record;
    record.required("name", &T::name, {.doc = "name of the trait in all results"})
        .param("kind", &T::kind,
               {.doc = "what the trait is: case or control, a measured value, the day of the "
                       "first event, the event and the time at risk before it, or a criterion: "
                       "something that holds or not, for use in other definitions and without a "
                       "column in the results",
                .choices = {"binary", "quantitative", "first_date", "time_to_event", "criterion"}})
        .param("doc", &T::doc, {.doc = "one sentence that goes with the results"})
        .param("unit", &T::unit, {.doc = "unit of values, in UCUM"});
    declare_events(record);
    declare_combination(record);
    record
        .param("sex", &T::sex,
               {.doc = "whom the trait can concern", .choices = {"any", "male", "female"}})
        .param("min_age", &T::min_age,
               {.doc = "age at the date of a case, or at a measurement",
                .unit = "a",
                .min = 0,
                .max = 150})
        .param("max_age", &T::max_age,
               {.doc = "age at the date of a case, or at a measurement",
                .unit = "a",
                .min = 0,
                .max = 150});
    record.param("age_at", &T::age_at,
                 {.doc = "the age that is limited: that of a case on its date, or that on every "
                         "date; dates at another age are then as if they were not there",
                  .choices = {"case", "date"}});
    declare_cases(record);
    declare_follow_up(record);
    declare_values(record);
    return record;
}

RecordOf<CodeSetDefinition> declare_sets() {
    using S = CodeSetDefinition;
    RecordOf<S> record;
    record.required("name", &S::name, {.doc = "name of the set, used as @NAME in code lists"})
        .param("doc", &S::doc, {.doc = "what the set stands for, and where it comes from"})
        .param("codes", &S::codes, {.doc = "codes and other sets (@NAME) that belong to it"})
        .param("descendants_of", &S::descendants_of,
               {.doc = "OMOP concepts that belong to it with everything below them, as "
                       "OMOP:201826; needs vocabulary tables in the event store"})
        .param("except_codes", &S::except_codes,
               {.doc = "codes and other sets that do not belong to it"})
        .param("except_descendants_of", &S::except_descendants_of,
               {.doc = "OMOP concepts that do not belong to it, with everything below them"});
    return record;
}

} // namespace

const RecordOf<TraitDefinition>& trait_record() {
    static const RecordOf<TraitDefinition> record = declare();
    return record;
}

const RecordOf<CodeSetDefinition>& code_set_record() {
    static const RecordOf<CodeSetDefinition> record = declare_sets();
    return record;
}

} // namespace salus
