#include "stages/health_quality/tables.hpp"

namespace salus::health_quality {

TableSpec checks_table() {
    using enum ColumnType;
    return {
        .name = "checks",
        .row = "finding",
        .doc = "One row per check.",
        .columns = {
            {"check", text, "",
             "Name of the check; that of the Data Quality Dashboard where it asks the same"},
            {"category", text, "", "conformance, completeness or plausibility (Kahn et al. 2016)"},
            {"subcategory", text, "", "Subcategory of these"},
            {"context", text, "",
             "verification (the records alone) or validation (knowledge from outside)"},
            {"table", text, "", "Table of the CDM, empty if over several"},
            {"field", text, "", "Column, empty if of the whole table"},
            {"concept_id", u32, "", "Concept that the check is about, 0 = all"},
            {"unit_concept_id", u32, "", "Unit that the check is about, 0 = all"},
            {"site", text, "", "care_site_id of the persons, 0 = unknown; empty = all"},
            {"unit_of_count", text, "", "What was counted: rows, values, persons ..."},
            {"examined", u64, "1", "How many were looked at"},
            {"violated", u64, "1", "How many of these are at fault"},
            {"percent", f64, "%", "violated over examined; NaN if nothing was looked at"},
            {"threshold", f64, "%", "Most that may be at fault"},
            {"verdict", text, "", "PASS, WARN, FAIL or NOT_APPLICABLE"},
            {"reason", text, "", "Why the verdict is not PASS, or what was found"},
            {"rule", text, "", "What a row must fulfil"},
        }};
}

TableSpec monthly_rates_table() {
    using enum ColumnType;
    return {
        .name = "monthly_rates",
        .row = "site_month",
        .doc = "Rows of persons by table, site and month of their first day, from the first month "
               "with rows to the last of the table.",
        .columns = {
            {"table", text, "", "Table of the CDM"},
            {"site", i64, "", "care_site_id of the persons, 0 = unknown"},
            {"month", text, "", "Month as YYYY-MM"},
            {"rows", u64, "rows", "Rows of the table"},
            {"rate_break", u8, "0 or 1", "1 if the rate jumps at the start of this month"},
            {"ratio", f64, "1",
             "Median rate behind the jump over the median before; NaN "
             "without a jump"},
            {"outlier", u8, "0 or 1", "1 if the month is not what the years before lead to expect"},
            {"expected", f64, "rows",
             "What they lead to expect; NaN where there are fewer than three"},
            {"low", f64, "rows", "Fewest rows within rate_month_z standard errors of it"},
            {"high", f64, "rows", "Most rows within them"}}};
}

TableSpec monthly_codes_table() {
    using enum ColumnType;
    return {.name = "monthly_codes",
            .row = "site_system_month",
            .doc =
                "Rows of persons by table, site, kind of code in the source and month; only kinds "
                "that are known, only months with rows.",
            .columns = {{"table", text, "", "Table of the CDM"},
                        {"site", i64, "", "care_site_id of the persons, 0 = unknown"},
                        {"month", text, "", "Month as YYYY-MM"},
                        {"code_system", text, "",
                         "Family of code systems, or the shape of codes of no known system"},
                        {"rows", u64, "rows", "Rows of the table"},
                        {"switch", u8, "0 or 1",
                         "1 if this system stops before this month or starts with it while "
                         "another starts or stops"}}};
}

TableData checks_data(std::span<const Finding> findings) {
    TableData table(checks_table());
    const auto put = [&](std::string_view column, std::string_view value) {
        table.column<std::string>(column).emplace_back(value);
    };
    for (const Finding& finding : findings) {
        const CheckInfo& info = info_of(finding.check);
        put("check", info.id);
        put("category", info.category);
        put("subcategory", info.subcategory);
        put("context", info.context);
        put("table", finding.table);
        put("field", finding.field);
        table.column<std::uint32_t>("concept_id").push_back(finding.concept_id);
        table.column<std::uint32_t>("unit_concept_id").push_back(finding.unit);
        put("site", finding.site);
        put("unit_of_count", info.examined);
        table.column<std::uint64_t>("examined").push_back(finding.tally.examined);
        table.column<std::uint64_t>("violated").push_back(finding.tally.violated);
        table.column<double>("percent").push_back(finding.percent());
        table.column<double>("threshold").push_back(finding.threshold);
        put("verdict", finding.verdict);
        put("reason", finding.reason);
        put("rule", info.doc);
    }
    return table;
}

TableData monthly_rates_data(std::span<const MonthlyRate> rates) {
    TableData table(monthly_rates_table());
    for (const MonthlyRate& rate : rates) {
        table.column<std::string>("table").push_back(rate.table);
        table.column<std::int64_t>("site").push_back(rate.site);
        table.column<std::string>("month").push_back(month_text(rate.month));
        table.column<std::uint64_t>("rows").push_back(rate.rows);
        table.column<std::uint8_t>("rate_break").push_back(rate.breaks ? 1 : 0);
        table.column<double>("ratio").push_back(rate.ratio);
        table.column<std::uint8_t>("outlier").push_back(rate.outlier ? 1 : 0);
        table.column<double>("expected").push_back(rate.expected);
        table.column<double>("low").push_back(rate.low);
        table.column<double>("high").push_back(rate.high);
    }
    return table;
}

TableData monthly_codes_data(std::span<const MonthlyCode> codes) {
    TableData table(monthly_codes_table());
    for (const MonthlyCode& code : codes) {
        table.column<std::string>("table").push_back(code.table);
        table.column<std::int64_t>("site").push_back(code.site);
        table.column<std::string>("month").push_back(month_text(code.month));
        table.column<std::string>("code_system").push_back(code.system);
        table.column<std::uint64_t>("rows").push_back(code.rows);
        table.column<std::uint8_t>("switch").push_back(code.switches ? 1 : 0);
    }
    return table;
}

} // namespace salus::health_quality
