#include "base/date.hpp"
#include "stages/phenotypes/assemble.hpp"

namespace salus::phenotypes {
TableSpec attrition_table() {
    return {.name = "attrition",
            .row = "attrition_step",
            .doc = "Samples with a record lost at each step of each definition, criteria included. "
                   "Exact numbers: salus describe phenotype tells them with small ones suppressed.",
            .columns = {
                {"trait", ColumnType::text, "", "name of the definition"},
                {"path", ColumnType::text, "", "what the steps lead to: case, value or control"},
                {"step", ColumnType::text, "", "the step in words"},
                {"left", ColumnType::u64, "people", "samples that passed it"},
                {"lost", ColumnType::u64, "people", "samples lost at it"}}};
}

TableSpec lives_table() {
    return {.name = "lives",
            .row = "sample",
            .doc = "Birth, observation and death of the persons of the samples; NaN = not known.",
            .columns = {{"birth", ColumnType::f64, date_unit, "day of birth"},
                        {"observed_from", ColumnType::f64, date_unit, "first day of observation"},
                        {"observed_to", ColumnType::f64, date_unit, "last day of observation"},
                        {"death", ColumnType::f64, date_unit, "day of death"}}};
}

TableSpec samples_table() {
    return {
        .name = "samples",
        .row = "sample",
        .doc = "Samples in the order of the genotypes.",
        .columns = {
            {"sample_id", ColumnType::text, "", "sample identifier"},
            {"sex", ColumnType::u8, "1",
             "0 unknown, 1 male, 2 female: sample sheet, else genotypes, else health record"},
            {"group", ColumnType::text, "", "group of the sample sheet, empty if there is none"},
            {"has_record", ColumnType::u8, "1",
             "1 if linked to a person with an observation period"}}};
}

TableSpec trait_info_table() {
    return {.name = "trait_info",
            .row = "trait",
            .doc = "What the traits are.",
            .columns = {{"name", ColumnType::text, "", "column in traits"},
                        {"kind", ColumnType::text, "",
                         "quantitative, binary, ordinal, date or time_to_event"},
                        {"unit", ColumnType::text, "", "unit of the values"},
                        {"doc", ColumnType::text, "", "description"},
                        {"n", ColumnType::u64, "people", "samples with a value"},
                        {"cases", ColumnType::u64, "people",
                         "of these, cases of a binary trait, or with the event"}}};
}

} // namespace salus::phenotypes
