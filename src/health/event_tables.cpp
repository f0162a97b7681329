#include "base/date.hpp"
#include "base/text.hpp"
#include "health/event_store.hpp"

namespace salus {
namespace {

/// Rows of a source file that share something, counted.
TableSpec counted_rows(std::string name, std::string row, std::string doc, std::string reason) {
    return {.name = std::move(name),
            .row = std::move(row),
            .doc = std::move(doc),
            .columns = {{"table", ColumnType::text, "", "source table"},
                        {"file", ColumnType::text, "", "file name"},
                        {"reason", ColumnType::text, "", std::move(reason)},
                        {"rows", ColumnType::u64, "1", "number of rows"},
                        {"first_line", ColumnType::u64, "1",
                         "line of the first of them; the first line of the file is 1"}}};
}

} // namespace

TableSpec persons_table() {
    return {.name = "persons",
            .row = "person",
            .doc = "Persons of the health records, by pseudonym.",
            .columns = {{"pseudonym_high", ColumnType::u64, "1",
                         "first half of the pseudonym: HMAC-SHA-256 of the identifier in the "
                         "source, cut to 128 bits"},
                        {"pseudonym_low", ColumnType::u64, "1", "second half of the pseudonym"},
                        {"sex", ColumnType::u8, "1", "recorded sex: 0 unknown, 1 male, 2 female"},
                        {"birth", ColumnType::f64, std::string(date_unit),
                         "day of birth; 1 July or the 15th where only year or month is known; NaN "
                         "if not recorded"},
                        {"first_observation", ColumnType::f64, std::string(date_unit),
                         "first day of the first observation period; NaN without one"},
                        {"last_observation", ColumnType::f64, std::string(date_unit),
                         "last day of the last observation period; NaN without one"},
                        {"death", ColumnType::f64, std::string(date_unit),
                         "day of death; NaN if none is recorded"},
                        {"site", ColumnType::u32, "1", "row in sites"}}};
}

TableSpec observation_periods_table() {
    return {.name = "observation_periods",
            .row = "period",
            .doc = "Times in which the record of a person is complete; periods that overlap or "
                   "touch are merged.",
            .columns = {{"person", ColumnType::u32, "1", "row in persons"},
                        {"start", ColumnType::i32, std::string(date_unit), "first day"},
                        {"end", ColumnType::i32, std::string(date_unit), "last day"}}};
}

TableSpec events_table() {
    return {
        .name = "events",
        .row = "event",
        .doc = "Dated, coded rows of all sources, by person, day, kind, code, file and line.",
        .columns = {
            {"person", ColumnType::u32, "1", "row in persons"},
            {"day", ColumnType::i32, std::string(date_unit), "first day"},
            {"end", ColumnType::i32, std::string(date_unit),
             "last day; the first if none is recorded"},
            {"kind", ColumnType::u8, "1",
             "1 condition, 2 measurement, 3 drug, 4 procedure, 5 observation, 6 death, 7 visit, 8 "
             "device"},
            {"code", ColumnType::u32, "1", "row in codes"},
            {"value", ColumnType::f64, "as in unit", "value as a number; NaN if there is none"},
            {"comparator", ColumnType::u8, "1",
             "what holds for the value: 0 equal, 1 <, 2 <=, 3 >=, 4 >"},
            {"unit", ColumnType::u32, "1", "row in units"},
            {"value_code", ColumnType::u32, "1",
             "value as a code: row in codes; 4294967295 if there is none"},
            {"source", ColumnType::u8, "1",
             "where it was recorded: 0 unknown, 1 inpatient, 2 outpatient, 3 emergency, 4 primary "
             "care, 5 registry, 6 death certificate, 7 self-report, 8 pharmacy"},
            {"flags", ColumnType::u8, "1",
             "sum of: 1 main diagnosis of its encounter, 2 recorded as absent or unknown, 4 day "
             "known to the month, 8 day known to the year"},
            {"file", ColumnType::u32, "1", "row in ingested"},
            {"line", ColumnType::u64, "1", "line in the file; its first line is 1"},
            {"record", ColumnType::u64, "1",
             "identifier of the record in its source: a number as it is, a text as a keyed hash "
             "plus 2^63; 2^64 - 1 if it has none"}}};
}

TableSpec links_table() {
    return {.name = "links",
            .row = "link",
            .doc = "Persons who gave a sample.",
            .columns = {{"person", ColumnType::u32, "1", "row in persons"},
                        {"sample_id", ColumnType::text, "", "sample identifier in the genotypes"}}};
}

TableSpec codes_table() {
    return {
        .name = "codes",
        .row = "code_index",
        .doc = "Dictionary of codes, ascending.",
        .columns = {{"code", ColumnType::text, "", "SYSTEM:code, for example ICD10:E11.9"},
                    {"concept_id", ColumnType::u32, "1", "OMOP standard concept; 0 if unmapped"}}};
}

TableSpec units_table() {
    return {.name = "units",
            .row = "unit_index",
            .doc = "Dictionary of units; the first is the empty unit.",
            .columns = {{"unit", ColumnType::text, "",
                         "unit as written in the source, else UCUM of its concept; '?' behind it: "
                         "the two contradict"}}};
}

TableSpec sites_table() {
    return {.name = "sites",
            .row = "site_index",
            .doc = "Dictionary of sites that hold the records; the first is the unknown one.",
            .columns = {{"site", ColumnType::text, "", "identifier in the source"}}};
}

TableSpec shards_table() {
    TableSpec spec{.name = "shards",
                   .row = "shard",
                   .doc = "Half-open ranges of rows of every shard.",
                   .columns = {}};
    for (const char* name : {"persons", "events", "observation_periods", "links"})
        for (const char* side : {"begin", "end"})
            spec.columns.push_back({text(name, "_", side), ColumnType::u64, "1",
                                    text(side, " of the rows of ", name)});
    return spec;
}

TableSpec rejects_table() {
    return counted_rows("rejects", "reject", "Rows that were left out, counted.",
                        "rule that the rows break");
}

TableSpec flagged_table() {
    return counted_rows("flagged", "flag", "Rows that were kept though they are odd, counted.",
                        "what is odd");
}

TableSpec ingested_table() {
    return {
        .name = "ingested",
        .row = "source",
        .doc = "Source files and their rows.",
        .columns = {{"table", ColumnType::text, "", "source table"},
                    {"file", ColumnType::text, "", "file name"},
                    {"rows_read", ColumnType::u64, "1", "rows in the file"},
                    {"rows_kept", ColumnType::u64, "1",
                     "rows that were used; of an earlier run: rows that were used then"},
                    {"update", ColumnType::u32, "1",
                     "0 for the files of the first run, 1 for those of its first update, ..."}}};
}

TableSpec changes_table() {
    return {.name = "changes",
            .row = "change",
            .doc = "What the last update changed, in rows.",
            .columns = {{"what", ColumnType::text, "", "person, or the kind of the events"},
                        {"added", ColumnType::u64, "1", "rows that are new"},
                        {"replaced", ColumnType::u64, "1",
                         "rows that took the place of rows of the same record or person"},
                        {"removed", ColumnType::u64, "1",
                         "rows that are no more, those that others replaced included"},
                        {"unchanged", ColumnType::u64, "1", "rows as they were"}}};
}

} // namespace salus
