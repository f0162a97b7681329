#include "stages/risk_model/judge.hpp"

#include "base/numbers.hpp"
#include "base/text.hpp"
#include "models/calibration.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace salus::risk_models {
namespace {

constexpr std::size_t curve_points = 200;

} // namespace

void check_parameters(const RiskModelParams& params, const std::vector<Declaration>& models,
                      std::vector<Problem>& problems) {
    const bool survival = std::any_of(models.begin(), models.end(),
                                      [](const auto& m) { return is_survival(m.kind); });
    const bool wrong = std::any_of(params.horizons.begin(), params.horizons.end(),
                                   [](double h) { return !(h > 0) || std::isinf(h); });
    if (wrong || (survival && params.horizons.empty()))
        problems.push_back({.what = "horizons is empty or holds a time that is not above 0",
                            .where = "parameter horizons",
                            .why = "an absolute risk is one until a time, in the unit of the times",
                            .help = "for example horizons = [5, 10]"});
    if (!params.leave_out.empty() && params.folds > 0)
        problems.push_back({.what = "both leave_out and folds are given",
                            .where = "parameters leave_out and folds",
                            .why = "people are left out either by a column or at random",
                            .help = "give one of them"});
    if (params.folds == 1)
        problems.push_back({.what = "there is one fold",
                            .where = "parameter folds",
                            .why = "a fit without it has nobody",
                            .help = "use 0 for none, or at least 2"});
    if (params.imputations == 1)
        problems.push_back({.what = "there is one imputation",
                            .where = "parameter imputations",
                            .why = "what is not known shows in the differences between several",
                            .help = "use 0 for none, or for example 20"});
    for (const Declaration& m : models)
        if (params.imputations > 0 && m.net)
            problems.push_back({.what = "an elastic net is asked for with imputations",
                                .where = text("parameter models, \"", m.name, "\""),
                                .why = "the terms that it chooses differ between data sets",
                                .help = "leave net out, or use imputations = 0"});
}

void check_inputs(const RiskModelParams& params, const std::vector<Declaration>& models,
                  const SampleColumns& columns, const std::vector<EquationRow>& equations,
                  std::vector<Problem>& problems) {
    check_parameters(params, models, problems);
    check_rules(params.where, columns, problems);
    if (!params.leave_out.empty() && !columns.has(params.leave_out))
        problems.push_back(unknown_column(params.leave_out, columns, "parameter leave_out"));
    if (columns.of_episodes(params.leave_out))
        problems.push_back({.what = text(params.leave_out, " is a column of the episodes"),
                            .where = "parameter leave_out",
                            .why = "people are left out with all their rows",
                            .help = "name a column that a person has one value of"});
    for (const std::string& name : params.impute_with)
        if (!columns.has(name))
            problems.push_back(unknown_column(name, columns, "parameter impute_with"));
    for (const Declaration& m : models)
        if (has_rows(m, columns) && (params.imputations > 0 || params.optimism_replicates > 0))
            problems.push_back({.what = "imputations or optimism are asked for rows of people",
                                .where = text("parameter models, \"", m.name, "\""),
                                .why = "both are made for one row of each person",
                                .help = "use folds for validation, and leave both parameters 0"});
    for (const Declaration& m : models) {
        if (m.kind != Kind::equation) continue;
        const Equation equation(equations, m.formula_text);
        const std::string where = text("parameter models, \"", m.name, "\"");
        if (equation.empty())
            problems.push_back({.what = text("there is no equation \"", m.formula_text, "\""),
                                .where = where,
                                .why = "it is not in the file of equations",
                                .help = "give the file as input equations, and a name in it"});
        for (const auto& name : equation.columns())
            if (!columns.has(name)) problems.push_back(unknown_column(name, columns, where));
    }
}

namespace {

/// People who are judged, ordered by predicted risk.
struct Judged {
    std::vector<std::uint32_t> rows; // of people
    std::vector<double> risk;
};

Judged judged(const People& people, const std::vector<double>& risk) {
    const bool held = std::any_of(people.training.begin(), people.training.end(),
                                  [](std::uint8_t t) { return t == 0; });
    Judged out;
    for (std::uint32_t i = 0; i < people.size(); ++i)
        if ((people.training[i] == 0) == held && !std::isnan(risk[people.sample[i]]))
            out.rows.push_back(i);
    std::stable_sort(out.rows.begin(), out.rows.end(), [&](std::uint32_t a, std::uint32_t b) {
        return risk[people.sample[a]] < risk[people.sample[b]];
    });
    for (const std::uint32_t row : out.rows)
        out.risk.push_back(risk[people.sample[row]]);
    return out;
}

IncidenceCurve curve_of(const People& people, std::span<const std::uint32_t> rows, bool competing) {
    std::vector<double> exit, status, entry;
    for (const std::uint32_t row : rows) {
        exit.push_back(people.exit[row]);
        status.push_back(people.outcome[row]);
        if (!people.entry.empty()) entry.push_back(people.entry[row]);
    }
    return incidence_curve({exit, status, entry}, competing ? 2 : 1);
}

void add_group(const FittedModel& model, const People& people, double horizon, std::uint32_t tenth,
               std::span<const std::uint32_t> rows, std::span<const double> risk,
               TableData& table) {
    if (rows.empty()) return;
    double events = 0, mean = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const bool in_time =
            !is_survival(model.declaration.kind) || people.exit[rows[i]] <= horizon;
        events += people.outcome[rows[i]] == 1 && in_time ? 1 : 0;
        mean += risk[i];
    }
    Interval observed = wilson_interval(events, static_cast<double>(rows.size()));
    if (is_survival(model.declaration.kind)) {
        const auto curve = curve_of(people, rows, !model.declaration.competing.empty());
        const auto value = curve.at(1, horizon);
        const auto interval = log_log_interval(1 - value.estimate, value.error);
        observed = {value.estimate, 1 - interval.upper, 1 - interval.lower};
        if (!curve.time.empty() && horizon > curve.time.back()) observed = {nan, nan, nan};
    }
    table.column<std::string>("model").push_back(model.declaration.name);
    table.column<double>("horizon").push_back(horizon);
    table.column<std::uint32_t>("tenth").push_back(tenth);
    table.column<std::uint64_t>("people").push_back(rows.size());
    table.column<std::uint64_t>("events").push_back(static_cast<std::uint64_t>(events));
    table.column<double>("predicted").push_back(mean / static_cast<double>(rows.size()));
    table.column<double>("observed").push_back(observed.estimate);
    table.column<double>("lower").push_back(observed.lower);
    table.column<double>("upper").push_back(observed.upper);
}

void add_curve(const FittedModel& model, const People& people, std::uint32_t fifth,
               std::span<const std::uint32_t> rows, TableData& table) {
    if (rows.empty()) return;
    const bool competing = !model.declaration.competing.empty();
    const auto curve = curve_of(people, rows, competing);
    const std::size_t step = std::max<std::size_t>(1, curve.time.size() / curve_points);
    for (std::size_t k = 0; k < curve.time.size(); ++k) {
        if (k % step != 0 && k + 1 != curve.time.size()) continue;
        table.column<std::string>("model").push_back(model.declaration.name);
        table.column<std::uint32_t>("fifth").push_back(fifth);
        table.column<double>("time").push_back(curve.time[k]);
        table.column<double>("at_risk").push_back(curve.at_risk[k]);
        table.column<double>("probability").push_back(curve.incidence[0][k]);
        table.column<double>("standard_error").push_back(curve.incidence_error[0][k]);
        table.column<double>("competing_probability")
            .push_back(competing ? curve.incidence[1][k] : nan);
    }
}

} // namespace

void append_judged(const RiskModelParams& params, const FittedModel& model, const People& people,
                   const Parts& parts, const std::string& table, TableData& risks,
                   TableData& curves) {
    if (model.declaration.kind == Kind::linear) return;
    const std::size_t horizons = horizon_count(params, model.declaration);
    for (std::size_t h = 0; h < horizons; ++h) {
        std::vector<double> risk;
        for (std::uint64_t u = 0; u < parts.size(); ++u) {
            const auto part = parts.open(u).read_array<double>(text(table, "/risk_", h + 1));
            risk.insert(risk.end(), part.begin(), part.end());
        }
        const Judged all = judged(people, risk);
        const std::size_t n = all.rows.size();
        const bool survival = is_survival(model.declaration.kind);
        const auto horizon_of = [&](std::size_t i) {
            return params.horizons.empty()
                       ? 0
                       : params.horizons[std::min(i, params.horizons.size() - 1)];
        };
        const bool equation = model.declaration.kind == Kind::equation; // for the last horizon
        const double horizon =
            !survival ? nan : horizon_of(equation ? params.horizons.size() - 1 : h);
        const auto slice = [n](std::uint32_t part, std::uint32_t of) {
            const std::size_t begin = n * (part - 1) / of, end = n * part / of;
            return std::pair{begin, end - begin};
        };
        add_group(model, people, horizon, 0, all.rows, all.risk, risks);
        for (std::uint32_t tenth = 1; tenth <= 10; ++tenth) {
            const auto [begin, count] = slice(tenth, 10);
            add_group(model, people, horizon, tenth, std::span(all.rows).subspan(begin, count),
                      std::span(all.risk).subspan(begin, count), risks);
        }
        if (!survival || h > 0) continue;
        add_curve(model, people, 0, all.rows, curves);
        for (std::uint32_t fifth = 1; fifth <= 5; ++fifth) {
            const auto [begin, count] = slice(fifth, 5);
            add_curve(model, people, fifth, std::span(all.rows).subspan(begin, count), curves);
        }
    }
}

} // namespace salus::risk_models
