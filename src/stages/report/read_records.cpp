#include "stages/report/further.hpp"
#include "stages/report/read_tables.hpp"

#include <algorithm>
#include <map>

namespace salus::report {
namespace {

void count_verdict(RecordQuality::Verdicts& row, const std::string& verdict) {
    auto& count = verdict == "PASS"   ? row.pass
                  : verdict == "WARN" ? row.warn
                  : verdict == "FAIL" ? row.fail
                                      : row.not_applicable;
    ++count;
}

std::int32_t month_number(const std::string& month) {
    const std::size_t dash = month.rfind('-');
    return 12 * std::stoi(month.substr(0, dash)) + std::stoi(month.substr(dash + 1)) - 1;
}

} // namespace

RecordQuality read_record_quality(const H5File& file) {
    RecordQuality out;
    out.persons = static_cast<std::uint64_t>(file.integer_attribute("/", "persons").value_or(0));
    const TableData checks = file.read("checks");
    const auto word = [&](std::string_view column, std::size_t i) {
        return checks.column<std::string>(column)[i];
    };
    for (std::size_t i = 0; i < checks.rows(); ++i) {
        const std::string category = word("category", i), verdict = word("verdict", i);
        auto row = std::find_if(out.verdicts.begin(), out.verdicts.end(),
                                [&](const auto& v) { return v.category == category; });
        if (row == out.verdicts.end())
            row = out.verdicts.insert(out.verdicts.end(), {.category = category});
        count_verdict(*row, verdict);
        if (verdict != "FAIL" && verdict != "WARN") continue;
        out.findings.push_back({.check = word("check", i),
                                .table = word("table", i),
                                .field = word("field", i),
                                .site = word("site", i),
                                .verdict = verdict,
                                .reason = word("reason", i),
                                .rule = word("rule", i),
                                .concept_id = checks.column<std::uint32_t>("concept_id")[i],
                                .examined = checks.column<std::uint64_t>("examined")[i],
                                .violated = checks.column<std::uint64_t>("violated")[i],
                                .threshold = checks.column<double>("threshold")[i]});
    }
    std::stable_partition(out.findings.begin(), out.findings.end(),
                          [](const auto& finding) { return finding.verdict == "FAIL"; });
    const TableData rates = file.read("monthly_rates", {"table", "month", "rows"});
    std::map<std::string, std::map<std::int32_t, std::uint64_t>> tables;
    for (std::size_t i = 0; i < rates.rows(); ++i)
        tables[rates.column<std::string>("table")[i]]
              [month_number(rates.column<std::string>("month")[i])] +=
            rates.column<std::uint64_t>("rows")[i];
    for (const auto& [table, months] : tables)
        out.series.push_back({.table = table, .rows = {months.begin(), months.end()}});
    return out;
}

} // namespace salus::report
