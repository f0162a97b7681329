#include "base/text.hpp"
#include "models/suppression.hpp"
#include "stages/health_quality/tables.hpp"

#include <algorithm>
#include <array>

namespace salus::health_quality {
namespace {

/// Builds JSON text, one member a line.
class Json {
public:
    Json& open(std::string_view name, char bracket = '{') {
        start(name);
        out_ += bracket;
        closing_.push_back(bracket == '{' ? '}' : ']');
        first_ = true;
        return *this;
    }
    Json& close() {
        const char bracket = closing_.back();
        closing_.pop_back();
        if (!first_) line();
        out_ += bracket;
        first_ = false;
        return *this;
    }
    Json& put(std::string_view name, std::string_view value) {
        return raw(name, json_quote(value));
    }
    Json& put(std::string_view name, std::uint64_t value) { return raw(name, text(value)); }
    Json& raw(std::string_view name, std::string_view value) {
        start(name);
        out_ += value;
        return *this;
    }
    std::string finish() { return out_ + "\n"; }

private:
    void line() { out_ += "\n" + std::string(2 * closing_.size(), ' '); }
    void start(std::string_view name) {
        if (!closing_.empty()) {
            if (!first_) out_ += ',';
            line();
        }
        if (!name.empty()) out_ += json_quote(name) + ": ";
        first_ = false;
    }

    std::string out_;
    std::vector<char> closing_;
    bool first_ = true;
};

/// A number of people or rows, or what may be said of it.
std::string number(std::uint64_t count, std::uint64_t min_cell) {
    return count > 0 && count < min_cell ? json_quote(text("<", min_cell)) : text(count);
}

/// Cells of one total by name.
void put_cells(Json& json, std::string_view name,
               const std::vector<std::pair<std::string, std::uint64_t>>& cells,
               std::uint64_t min_cell) {
    std::vector<std::uint64_t> counts;
    for (const auto& cell : cells)
        counts.push_back(cell.second);
    const auto release = suppress_one_way(counts, min_cell);
    json.open(name);
    for (std::size_t c = 0; c < cells.size(); ++c)
        json.raw(cells[c].first, release[c] == CellRelease::secondary
                                     ? "\"not shown\""
                                     : number(cells[c].second, min_cell));
    json.close();
}

void put_documentation(Json& json, const LabelFacts& facts) {
    json.open("documentation");
    json.put("model", "OMOP Common Data Model 5.4");
    json.open("tables", '[');
    for (const TablePlan& table : facts.plan.tables)
        if (table.is_there()) json.put("", table.name);
    json.close();
    json.raw("vocabulary", facts.plan.concepts.empty() ? "false" : "true");
    json.put("rules", "checks and thresholds of the OHDSI Data Quality Dashboard, checks of Salus; "
                      "docs/health_quality.md");
    json.close();
}

void put_finding(Json& json, const Finding& finding, std::uint64_t min_cell) {
    const Tally& tally = finding.tally;
    const bool shown = suppress_one_way(std::array{tally.violated, tally.examined - tally.violated},
                                        min_cell)[0] == CellRelease::shown;
    json.open("");
    json.put("check", info_of(finding.check).id);
    if (!finding.table.empty()) json.put("table", finding.table);
    if (!finding.field.empty()) json.put("field", finding.field);
    if (finding.concept_id != 0) json.put("concept_id", std::uint64_t{finding.concept_id});
    json.put("verdict", finding.verdict);
    json.raw("examined", number(tally.examined, min_cell));
    json.raw("violated", shown ? text(tally.violated) : "\"not shown\"");
    json.raw("threshold_percent", text(finding.threshold));
    json.close();
}

void put_quality(Json& json, const LabelFacts& facts) {
    json.open("technical_quality");
    for (const std::string_view category : {"completeness", "conformance", "plausibility"}) {
        json.open(category);
        for (const std::string_view verdict : {"PASS", "WARN", "FAIL", "NOT_APPLICABLE"})
            json.put(verdict,
                     static_cast<std::uint64_t>(std::count_if(
                         facts.findings.begin(), facts.findings.end(), [&](const Finding& f) {
                             return f.verdict == verdict && info_of(f.check).category == category;
                         })));
        json.close();
    }
    json.open("not_passed", '[');
    for (const Finding& finding : facts.findings)
        if (finding.verdict == "FAIL" || finding.verdict == "WARN")
            put_finding(json, finding, facts.min_cell);
    json.close().close();
}

void put_coverage(Json& json, const LabelFacts& facts) {
    const People& people = facts.counted.people;
    json.open("coverage");
    json.raw("persons", number(people.persons, facts.min_cell));
    put_cells(
        json, "sex",
        {{"unknown", people.sexes[0]}, {"male", people.sexes[1]}, {"female", people.sexes[2]}},
        facts.min_cell);
    if (people.first <= people.last) {
        json.put("first_year", static_cast<std::uint64_t>(year_of(people.first)));
        json.put("last_year", static_cast<std::uint64_t>(year_of(people.last)));
    }
    put_cells(json, "observation",
              {{"persons_with_period", people.observed},
               {"persons_without_period", people.persons - people.observed}},
              facts.min_cell);
    json.open("rows");
    for (std::size_t t = 0; t < facts.plan.tables.size(); ++t)
        if (facts.plan.tables[t].is_there())
            json.raw(facts.plan.tables[t].name,
                     number(facts.counted.contents.rows[t], facts.min_cell));
    json.close();
    json.put("sites", std::uint64_t{people.sites.size()});
    if (facts.linkage.known)
        put_cells(json, "linkage",
                  {{"persons_with_sample", facts.linkage.linked},
                   {"persons_without_sample", facts.linkage.persons - facts.linkage.linked}},
                  facts.min_cell);
    json.close();
}

} // namespace

std::string label_json(const LabelFacts& facts) {
    Json json;
    json.open("");
    json.put("format", "salus data-quality label 1");
    put_documentation(json, facts);
    put_quality(json, facts);
    put_coverage(json, facts);
    json.open("process");
    json.put("method", "Kahn et al. 2016, doi:10.13063/2327-9214.1244");
    json.put("computation",
             "exact counts over all rows; result and provenance in health_quality.h5");
    json.close();
    json.open("access");
    json.put("persons_in_label", "none: counts only");
    json.put("minimum_count", facts.min_cell);
    json.put("suppression", "primary and complementary, one-way tables");
    json.close().close();
    return json.finish();
}

} // namespace salus::health_quality
