#include "base/numbers.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "models/calibration.hpp"
#include "models/concordance.hpp"
#include "models/discrimination.hpp"
#include "models/hazard_slope.hpp"
#include "stages/risk_model/judge.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace salus::risk_models {
namespace {

constexpr double never = 1e300; // time of an event that a competing one rules out

using Metrics = std::array<double, 3>; // order, squared error, calibration slope

/// What a fit says of rows of people, without those who lack a column.
struct Predicted {
    std::vector<double> lp, risk, outcome, exit, entry;
    std::vector<std::uint32_t> stratum;
};

Predicted predict(const FittedModel& model, const People& people, const SampleColumns& columns,
                  std::span<const std::uint32_t> rows, double horizon) {
    const auto values = [&](const std::string& name) {
        return values_of(columns, name, people, rows);
    };
    const Predictors lp = linear_predictors(model, values, rows.size());
    const std::string& strata = model.declaration.strata;
    const auto stratum = strata.empty() ? std::vector<double>(rows.size(), 0.0) : values(strata);
    std::vector<double> levels = stratum;
    std::sort(levels.begin(), levels.end());
    levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
    const RiskFunction function(model);
    Predicted out;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (std::isnan(lp.event[i])) continue;
        out.lp.push_back(lp.event[i]);
        out.risk.push_back(function.risk(lp.event[i], lp.competing.empty() ? 0 : lp.competing[i],
                                         stratum[i], horizon));
        out.outcome.push_back(people.outcome[rows[i]]);
        if (!people.exit.empty()) out.exit.push_back(people.exit[rows[i]]);
        if (!people.entry.empty()) out.entry.push_back(people.entry[rows[i]]);
        if (!strata.empty())
            out.stratum.push_back(static_cast<std::uint32_t>(
                std::lower_bound(levels.begin(), levels.end(), stratum[i]) - levels.begin()));
    }
    return out;
}

double squared_error(const Predicted& p) {
    double sum = 0;
    for (std::size_t i = 0; i < p.risk.size(); ++i)
        sum += (p.risk[i] - p.outcome[i]) * (p.risk[i] - p.outcome[i]);
    return sum / static_cast<double>(p.risk.size());
}

Metrics survival_metrics(Kind kind, const Predicted& p, double horizon, CensoringTies ties) {
    std::vector<double> event, exit = p.exit;
    for (std::size_t i = 0; i < exit.size(); ++i) {
        event.push_back(p.outcome[i] == 1 ? 1 : 0);
        // Of the subdistribution, whoever has the competing event never has the event.
        if (kind == Kind::fine_gray && p.outcome[i] > 1) exit[i] = never;
    }
    Metrics out{concordance(exit, event, p.lp, infinity).estimate, nan, nan};
    const bool known =
        std::all_of(p.risk.begin(), p.risk.end(), [](double r) { return std::isfinite(r); });
    if (p.entry.empty() && known) { // at a horizon that the fit reaches, from time 0 on
        const CensoringCurve curve(p.exit, p.outcome, ties);
        const auto weighted = weigh_outcome(p.exit, p.outcome, curve, horizon);
        out[1] = weighted_brier(weighted, p.exit, p.outcome, p.risk, curve).estimate;
    }
    out[2] = hazard_slope({.times = {p.exit, p.outcome, p.entry},
                           .stratum = p.stratum,
                           .subdistribution = kind == Kind::fine_gray},
                          p.lp, ties)
                 .estimate;
    return out;
}

Metrics metrics_of(Kind kind, const Predicted& p, double horizon, CensoringTies ties) {
    if (is_survival(kind)) return survival_metrics(kind, p, horizon, ties);
    if (kind == Kind::linear)
        return {prediction_r2(p.lp, p.outcome), squared_error(p),
                calibrate(OutcomeKind::quantitative, p.risk, p.outcome).slope.estimate};
    const std::vector<std::vector<double>> one{p.lp};
    return {delong(one, p.outcome).auc[0], squared_error(p),
            calibrate(OutcomeKind::binary, p.risk, p.outcome).slope.estimate};
}

} // namespace

std::vector<Optimism> bootstrap_optimism(const FittedModel& model, const People& people,
                                         const SampleColumns& columns,
                                         std::span<const std::uint32_t> training,
                                         const FitRule& rule, const OptimismRule& bootstrap,
                                         const Communicator& comm) {
    const Kind kind = model.declaration.kind;
    const auto judge = [&](const FittedModel& fitted, std::span<const std::uint32_t> rows) {
        return collectively(comm, "judging a model", [&] {
            return metrics_of(kind, predict(fitted, people, columns, rows, bootstrap.horizon),
                              bootstrap.horizon, rule.censoring_ties);
        });
    };
    const Metrics apparent = judge(model, training);
    std::vector<Optimism> out{{.metric = kind == Kind::linear ? "r2"
                                         : is_binary(kind)    ? "auc"
                                                              : "concordance"},
                              {.metric = kind == Kind::linear ? "mse" : "brier"},
                              {.metric = "calibration_slope"}};
    for (std::size_t m = 0; m < out.size(); ++m)
        out[m].apparent = apparent[m];
    FitRule quick = rule;
    quick.errors = false;
    for (std::size_t k = 0; k < bootstrap.replicates; ++k) {
        Rng rng(bootstrap.seed, text("risk_model.bootstrap.", model.declaration.name), k);
        std::vector<std::uint32_t> rows(training.size());
        for (std::uint32_t& row : rows)
            row = training[rng.below(training.size())];
        const FittedModel fitted =
            fit_model(model.declaration, people, columns, model.terms, rows, quick, comm);
        if (fitted.event.newton.state != FitState::converged) continue;
        const Metrics own = judge(fitted, rows), others = judge(fitted, training);
        for (std::size_t m = 0; m < out.size(); ++m)
            if (std::isfinite(own[m] - others[m])) out[m].differences.push_back(own[m] - others[m]);
    }
    return out;
}

void append_optimism(const std::string& model, const std::vector<Optimism>& optimism,
                     TableData& table) {
    for (const Optimism& o : optimism) {
        if (!std::isfinite(o.apparent)) continue;
        const auto n = static_cast<double>(o.differences.size());
        const double mean = std::accumulate(o.differences.begin(), o.differences.end(), 0.0) / n;
        double squares = 0;
        for (const double d : o.differences)
            squares += (d - mean) * (d - mean);
        table.column<std::string>("model").push_back(model);
        table.column<std::string>("metric").push_back(o.metric);
        table.column<double>("apparent").push_back(o.apparent);
        table.column<double>("optimism").push_back(mean);
        table.column<double>("corrected").push_back(o.apparent - mean);
        table.column<double>("standard_error").push_back(std::sqrt(squares / (n - 1) / n));
        table.column<std::uint64_t>("replicates").push_back(o.differences.size());
    }
}

} // namespace salus::risk_models
