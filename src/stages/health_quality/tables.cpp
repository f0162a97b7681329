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
               "with rows to the last.",
        .columns = {{"table", text, "", "Table of the CDM"},
                    {"site", i64, "", "care_site_id of the persons, 0 = unknown"},
                    {"month", text, "", "Month as YYYY-MM"},
                    {"rows", u64, "rows", "Rows of the table"},
                    {"rate_break", u8, "0 or 1", "1 if the rate jumps at the start of this month"},
                    {"ratio", f64, "1",
                     "Median rate behind the jump over the median before; NaN "
                     "without a jump"}}};
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
    }
    return table;
}

} // namespace salus::health_quality
