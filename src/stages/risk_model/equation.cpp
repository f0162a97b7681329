#include "stages/risk_model/equation.hpp"

#include "base/error.hpp"
#include "base/numbers.hpp"
#include "base/text.hpp"
#include "formats/delimited.hpp"

#include <algorithm>
#include <cmath>

namespace salus::risk_models {
namespace {

std::vector<matching::Condition> rules_of(std::string_view people, std::string& why) {
    std::vector<matching::Condition> out;
    if (trim(people).empty()) return out;
    for (const auto part : split(people, '&')) {
        const auto rule = matching::parse_condition(part);
        if (rule)
            out.push_back(*rule);
        else
            why = text("\"", trim(part), "\" is no rule such as \"sex = 1\"");
    }
    return out;
}

} // namespace

std::vector<EquationRow> read_equations(const std::filesystem::path& path) {
    DelimitedReader reader(path);
    const auto& header = reader.header();
    const std::size_t equation = header.require("equation"), people = header.require("people"),
                      term = header.require("term"), value = header.require("value");
    std::vector<EquationRow> out;
    while (reader.next_valid()) {
        EquationRow row{std::string(trim(reader[equation])), std::string(trim(reader[people])),
                        std::string(trim(reader[term])), 0};
        std::string why, column = "term";
        rules_of(row.people, why);
        if (!why.empty()) column = "people";
        if (why.empty() && !row.term.starts_with('(')) parse_term(row.term, why);
        if (why.empty() && row.term.starts_with('(') && row.term != "(baseline_survival)" &&
            row.term != "(intercept)" && row.term != "(scale_intercept)" &&
            row.term != "(scale_slope)")
            why = text("there is no ", row.term,
                       ": use (baseline_survival), (intercept), "
                       "(scale_intercept) or (scale_slope)");
        const auto number = parse_double(trim(reader[value]));
        if (why.empty() && (!number || !std::isfinite(*number) ||
                            (row.term == "(baseline_survival)" && !(*number > 0 && *number < 1)))) {
            why = "the value is not a number, or a survival outside 0 to 1";
            column = "value";
        }
        if (!why.empty())
            throw DataError({.what = "a row of an equation cannot be read",
                             .where = reader.where(column),
                             .why = why,
                             .help = "correct the row"});
        row.value = *number;
        out.push_back(std::move(row));
    }
    return out;
}

Equation::Equation(std::span<const EquationRow> rows, std::string_view name) {
    for (const EquationRow& row : rows) {
        if (row.equation != name) continue;
        auto part = std::find_if(parts_.begin(), parts_.end(),
                                 [&](const Part& p) { return p.people == row.people; });
        std::string why;
        if (part == parts_.end()) {
            parts_.push_back({.people = row.people, .rules = rules_of(row.people, why)});
            part = parts_.end() - 1;
        }
        if (row.term == "(baseline_survival)")
            part->baseline = row.value;
        else if (row.term == "(intercept)")
            part->intercept = row.value;
        else if (row.term == "(scale_intercept)")
            part->scale_intercept = row.value, part->scaled = true;
        else if (row.term == "(scale_slope)")
            part->scale_slope = row.value, part->scaled = true;
        else if (auto term = parse_term(row.term, why)) {
            part->terms.push_back(std::move(*term));
            part->coefficients.push_back(row.value);
        }
    }
}

std::vector<std::string> Equation::columns() const {
    std::vector<std::string> out;
    const auto add = [&](const std::string& name) {
        if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(name);
    };
    for (const Part& part : parts_) {
        for (const auto& rule : part.rules)
            add(rule.column);
        for (const ModelTerm& term : part.terms)
            for (const auto& name : term.columns())
                add(name);
    }
    return out;
}

Equation::Predicted Equation::predict(const ColumnValues& values, std::size_t people) const {
    Predicted out{std::vector<double>(people, nan), std::vector<double>(people, nan)};
    std::vector<std::uint8_t> done(people, 0);
    for (const Part& part : parts_) {
        std::vector<std::uint8_t> fits(people, 1);
        for (const auto& rule : part.rules) {
            const auto column = values(rule.column);
            for (std::size_t i = 0; i < people; ++i)
                fits[i] = fits[i] != 0 && rule.holds(column[i]) ? 1 : 0;
        }
        std::vector<double> lp(people, part.intercept);
        for (std::size_t t = 0; t < part.terms.size(); ++t) {
            const auto x = evaluate(part.terms[t], values);
            for (std::size_t i = 0; i < people; ++i)
                lp[i] += part.coefficients[t] * x[i];
        }
        for (std::size_t i = 0; i < people; ++i) {
            if (fits[i] == 0 || done[i] != 0) continue;
            done[i] = 1;
            out.lp[i] = lp[i];
            // log(-log(1 - risk)), which a recalibration is linear in
            const double risk = part.baseline > 0
                                    ? -std::expm1(std::log(part.baseline) * std::exp(lp[i]))
                                    : 1 / (1 + std::exp(-lp[i]));
            out.risk[i] =
                !part.scaled
                    ? risk
                    : -std::expm1(-std::exp(part.scale_intercept +
                                            part.scale_slope * std::log(-std::log1p(-risk))));
        }
    }
    return out;
}

TableSpec equations_table() {
    using enum ColumnType;
    return {.name = "equations",
            .row = "equation_row",
            .doc = "Published equations that were applied, as given.",
            .columns = {{"equation", text, "", "Name of the equation"},
                        {"people", text, "", "Rules on whom it is for"},
                        {"term", text, "", "Column of the design, or a constant in parentheses"},
                        {"value", f64, "1", "Coefficient"}}};
}

} // namespace salus::risk_models
