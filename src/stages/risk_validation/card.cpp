#include "stages/risk_validation/card.hpp"

#include "base/text.hpp"
#include "models/tails.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

namespace salus::risk_validation {
namespace {

std::string number(double v) { return std::isfinite(v) ? text(v) : std::string("null"); }

std::string entry(const char* name, const std::string& value, bool quoted = true) {
    return text("\"", name, "\": ", quoted ? json_quote(value) : value);
}

std::string cell(const ColumnData& column, std::size_t row) {
    return std::visit(
        [&](const auto& values) {
            using T = typename std::decay_t<decltype(values)>::value_type;
            if constexpr (std::is_same_v<T, std::string>)
                return json_quote(values[row]);
            else if constexpr (std::is_floating_point_v<T>)
                return number(values[row]);
            else
                return text(+values[row]);
        },
        column);
}

/// `"NAME": [...]` of the rows of a table that are of a model, without its name.
std::string rows_of(const char* name, const TableData& table, const std::string& model) {
    std::vector<std::string> rows;
    const auto& specs = table.spec().columns;
    for (std::size_t i = 0; i < table.rows(); ++i) {
        if (table.column<std::string>("model")[i] != model) continue;
        std::vector<std::string> cells;
        for (std::size_t c = 0; c < specs.size(); ++c)
            if (specs[c].name != "model")
                cells.push_back(entry(specs[c].name.c_str(), cell(table.columns()[c], i), false));
        rows.push_back(text("        {", join(cells, ", "), "}"));
    }
    return text(",\n      ", json_quote(name), ": [", rows.empty() ? "" : "\n", join(rows, ",\n"),
                rows.empty() ? "]" : "\n      ]");
}

/// What is missing of each coefficient, where columns were imputed.
std::string imputation_of(const risk_models::FittedModel& model) {
    if (model.imputations == 0) return {};
    std::vector<std::string> parts;
    const std::size_t intercept = risk_models::is_survival(model.declaration.kind) ? 0 : 1;
    for (std::size_t t = 0; t < model.terms.size(); ++t)
        parts.push_back(entry(model.terms[t].text().c_str(),
                              number(model.event.fraction_missing[intercept + t]), false));
    return text(",\n      ", entry("imputations", text(model.imputations), false),
                ",\n      \"fraction_missing\": {", join(parts, ", "), "}");
}

// Adds the rows of `from`, which has the columns of `to`.
void append_rows(const TableData& from, TableData& to) {
    for (std::size_t c = 0; c < to.columns().size(); ++c)
        std::visit(
            [&](auto& values) {
                using T = typename std::decay_t<decltype(values)>::value_type;
                const auto& more = from.column<T>(to.spec().columns[c].name);
                values.insert(values.end(), more.begin(), more.end());
            },
            to.columns()[c]);
}

/// Limits that follow from how the model was made and judged.
std::vector<std::string> limits_of(const Plan& plan, const RiskValidationParams& params,
                                   const risk_models::FittedModel& model,
                                   const TableData& measures) {
    std::vector<std::string> out;
    const auto& d = model.declaration;
    if (plan.internal)
        out.emplace_back("judged on people of the same source; other places need their own "
                         "validation");
    if (params.people == "all")
        out.emplace_back("people who trained the model may be among those who judge it");
    if (risk_models::is_survival(d.kind)) {
        out.push_back(text("no risk behind ", number(model.last_time), " ", model.time_unit,
                           ", the end of follow-up"));
        if (d.competing.empty() && d.kind == risk_models::Kind::cox)
            out.emplace_back("death and other ends count as censoring: risks are those of a world "
                             "without them");
    }
    const double per_term =
        static_cast<double>(model.events) / std::max(1.0, static_cast<double>(model.terms.size()));
    if (d.kind != risk_models::Kind::equation && d.kind != risk_models::Kind::linear &&
        per_term < 10)
        out.push_back(text("fewer than 10 events for each of its ", model.terms.size(), " terms"));
    for (std::size_t i = 0; i < measures.rows(); ++i)
        if (measures.column<std::string>("model")[i] == d.name &&
            measures.column<std::string>("metric")[i] == "not_estimated")
            out.push_back(text("not judged in ", measures.column<std::string>("stratum")[i], " ",
                               measures.column<std::string>("level")[i], ": ",
                               measures.column<std::string>("note")[i]));
    return out;
}

} // namespace

void Card::append(const TableData& rows) { append_rows(rows, measures); }

void Card::append_groups(const TableData& of_groups, const TableData& of_tests) {
    append_rows(of_groups, groups);
    append_rows(of_tests, tests);
}

std::string Card::json() const {
    std::vector<std::string> cards;
    for (const auto& model : plan.models) {
        const auto& d = model.declaration;
        std::vector<std::string> rows, limits;
        for (std::size_t i = 0; i < measures.rows(); ++i) {
            if (measures.column<std::string>("model")[i] != d.name ||
                measures.column<std::string>("metric")[i] == "not_estimated")
                continue;
            rows.push_back(text(
                "        {", entry("metric", measures.column<std::string>("metric")[i]), ", ",
                entry("stratum", measures.column<std::string>("stratum")[i]), ", ",
                entry("level", measures.column<std::string>("level")[i]), ", ",
                entry("horizon", number(measures.column<double>("horizon")[i]), false), ", ",
                entry("estimate", number(measures.column<double>("estimate")[i]), false), ", ",
                entry("lower", number(measures.column<double>("lower")[i]), false), ", ",
                entry("upper", number(measures.column<double>("upper")[i]), false), ", ",
                entry("people", text(measures.column<std::uint64_t>("people")[i]), false), "}"));
        }
        if (rows.empty() && !params.models.empty()) continue;
        for (const std::string& limit : limits_of(plan, params, model, measures))
            limits.push_back("        " + json_quote(limit));
        std::vector<std::string> terms;
        for (const auto& term : model.terms)
            terms.push_back(json_quote(term.text()));
        cards.push_back(text(
            "    {\n      ", entry("name", d.name), ",\n      ", entry("purpose", params.purpose),
            ",\n      ", entry("kind", std::string(risk_models::to_string(d.kind))), ",\n      ",
            entry("outcome", d.outcome), ",\n      ", entry("competing", d.competing), ",\n      ",
            entry("declaration", d.written), ",\n      ",
            entry("terms", text("[", join(terms, ", "), "]"), false), ",\n      ",
            entry("training_people", text(model.people), false), ",\n      ",
            entry("training_events", text(model.events), false), ",\n      ",
            entry("judged_on", params.people), ",\n      ",
            entry("external", plan.internal ? "false" : "true", false), ",\n      \"limits\": [\n",
            join(limits, ",\n"), "\n      ],\n      \"measures\": [\n", join(rows, ",\n"),
            "\n      ]", rows_of("summaries", summaries, d.name),
            rows_of("score_groups", groups, d.name), rows_of("group_tests", tests, d.name),
            rows_of("proportional_hazards", plan.proportional, d.name), imputation_of(model),
            "\n    }"));
    }
    return text("{\n  \"format\": \"salus-model-card 1\",\n  \"models\": [\n", join(cards, ",\n"),
                "\n  ]\n}\n");
}

TableData Card::limits() const {
    TableData out(limits_table());
    for (const auto& model : plan.models)
        for (const std::string& limit : limits_of(plan, params, model, measures)) {
            out.column<std::string>("model").push_back(model.declaration.name);
            out.column<std::string>("limit").push_back(limit);
        }
    return out;
}

TableData gaps_of(const TableData& measures) {
    constexpr std::array compared{"auc",
                                  "auc_t",
                                  "concordance_harrell",
                                  "concordance_uno",
                                  "brier",
                                  "ipa",
                                  "oe_ratio",
                                  "calibration_slope",
                                  "ici",
                                  "r2",
                                  "calibration_in_the_large"};
    using Key = std::tuple<std::string, double, std::string, std::string>;
    std::map<Key, std::vector<std::size_t>> groups;
    std::vector<Key> order;
    for (std::size_t i = 0; i < measures.rows(); ++i) {
        const auto& metric = measures.column<std::string>("metric")[i];
        const auto& stratum = measures.column<std::string>("stratum")[i];
        if (stratum == "all" || !std::isfinite(measures.column<double>("estimate")[i]) ||
            std::find(compared.begin(), compared.end(), metric) == compared.end())
            continue;
        const double h = measures.column<double>("horizon")[i];
        const Key key{measures.column<std::string>("model")[i], std::isnan(h) ? -1 : h, stratum,
                      metric};
        if (!groups.contains(key)) order.push_back(key);
        groups[key].push_back(i);
    }
    TableData out(gaps_table());
    const auto& estimate = measures.column<double>("estimate");
    const auto& error = measures.column<double>("standard_error");
    for (const Key& key : order) {
        const auto& rows = groups.at(key);
        if (rows.size() < 2) continue;
        const auto [low, high] =
            std::minmax_element(rows.begin(), rows.end(), [&](std::size_t a, std::size_t b) {
                return estimate[a] < estimate[b];
            });
        const double gap = estimate[*high] - estimate[*low];
        const double se = std::hypot(error[*high], error[*low]);
        const auto& [model, horizon, stratum, metric] = key;
        out.column<std::string>("model").push_back(model);
        out.column<double>("horizon").push_back(measures.column<double>("horizon")[rows.front()]);
        out.column<std::string>("stratum").push_back(stratum);
        out.column<std::string>("metric").push_back(metric);
        out.column<std::string>("highest_level")
            .push_back(measures.column<std::string>("level")[*high]);
        out.column<std::string>("lowest_level")
            .push_back(measures.column<std::string>("level")[*low]);
        out.column<double>("gap").push_back(gap);
        out.column<double>("standard_error").push_back(se);
        out.column<double>("lower").push_back(gap - normal_975 * se);
        out.column<double>("upper").push_back(gap + normal_975 * se);
    }
    return out;
}

} // namespace salus::risk_validation
