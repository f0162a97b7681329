#include "base/hash.hpp"
#include "base/numbers.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "models/concordance.hpp"
#include "models/discrimination.hpp"
#include "models/pgs.hpp"
#include "parallel/read_once.hpp"
#include "stages/risk_model/imputation.hpp"
#include "stages/risk_model/judge.hpp"
#include "stages/risk_model/saved.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <numeric>
#include <set>
#include <span>

namespace salus {
namespace {

using namespace risk_models;

constexpr std::uint64_t block_samples = 65536;

/// A model with its people, and the fits without each of its folds.
struct Work {
    ModelReport report;
    People people;
    std::optional<People> rows;          // of people, where they are several each
    std::vector<std::uint32_t> training; // of the rows that are fitted
    const People& fitted() const { return rows ? *rows : people; }
    std::vector<FittedModel> without; // [fold]
    std::vector<double> fold_values;  // values of leave_out, ascending; empty with hashed folds
    std::vector<Optimism> optimism;
};

FitRule fit_rule(const RiskModelParams& params) {
    return {.censoring_ties = params.censoring_ties == "cmprsk" ? CensoringTies::together
                                                                : CensoringTies::events_first,
            .net_folds = static_cast<std::size_t>(params.net_folds),
            .net_lambdas = static_cast<std::size_t>(params.net_lambdas),
            .seed = static_cast<std::uint64_t>(params.split_seed)};
}

std::size_t hashed_fold(std::string_view id, const RiskModelParams& params) {
    return hash64(id, 7 * static_cast<std::uint64_t>(params.split_seed) + 5) %
           static_cast<std::uint64_t>(params.folds);
}

// Of the outcomes of all models, as far as it is one; else they may be of several.
std::string unit_of_times(std::span<const Work> works) {
    std::set<std::string> units;
    for (const Work& work : works)
        if (is_survival(work.report.model.declaration.kind))
            units.insert(work.report.model.time_unit);
    return units.size() == 1 && !units.begin()->empty() ? *units.begin() : "time";
}

void check_horizons(const RiskModelParams& params, const FittedModel& model) {
    if (!is_survival(model.declaration.kind) || model.people == 0) return; // then: no_events
    for (const double h : params.horizons)
        if (h > model.last_time)
            throw DataError(
                {.what = text("the horizon ", h, " is behind the follow-up of the model ",
                              model.declaration.name),
                 .where =
                     text("parameter horizons; tau_max = ", model.last_time, " ", model.time_unit),
                 .why = "nobody was under observation so long: a risk there would be made up",
                 .help = text("use horizons up to ", model.last_time)});
}

// Fits without each value of leave_out, or without each hashed fold. Missing columns are imputed
// without it as well.
void cross_fit(const RiskModelParams& params, const SampleColumns& columns, const FitRule& rule,
               const ImputationRule& imputation, const Communicator& comm, Work& work) {
    if (params.leave_out.empty() && params.folds == 0) return;
    const Declaration& d = work.report.model.declaration;
    const People& people = work.fitted();
    std::vector<std::size_t> fold(people.size());
    std::size_t folds = static_cast<std::size_t>(params.folds);
    collectively(comm, "dividing people", [&] {
        if (params.leave_out.empty()) {
            const auto ids = columns.ids();
            for (std::size_t i = 0; i < fold.size(); ++i)
                fold[i] = hashed_fold(ids[people.sample[i]], params);
            return;
        }
        std::vector<std::uint32_t> all(people.size());
        std::iota(all.begin(), all.end(), std::uint32_t{0});
        const auto values = values_of(columns, params.leave_out, people, all);
        for (const double v : values)
            if (!std::isnan(v)) work.fold_values.push_back(v);
        std::sort(work.fold_values.begin(), work.fold_values.end());
        work.fold_values.erase(std::unique(work.fold_values.begin(), work.fold_values.end()),
                               work.fold_values.end());
        folds = work.fold_values.size();
        if (folds > 200)
            throw UsageError({.what = text(params.leave_out, " has more than 200 values"),
                              .where = "parameter leave_out",
                              .why = "the model is fitted again without each of them",
                              .help = "name a column such as the site"});
        for (std::size_t i = 0; i < fold.size(); ++i)
            fold[i] = static_cast<std::size_t>(
                std::lower_bound(work.fold_values.begin(), work.fold_values.end(), values[i]) -
                work.fold_values.begin());
    });
    FitRule quick = rule;
    quick.errors = false;
    for (std::size_t f = 0; f < folds; ++f) {
        std::vector<std::uint32_t> rows;
        for (const std::uint32_t row : work.training)
            if (fold[row] != f) rows.push_back(row);
        const auto completed = impute(d, people, columns, rows, imputation, comm);
        quick.completed = completed;
        work.without.push_back(
            fit_model(d, people, columns, work.report.model.terms, rows, quick, comm));
    }
}

Work fit_one(const RiskModelParams& params, const Declaration& d, const SampleColumns& columns,
             const PeopleRules& rules, const RunContext& context) {
    Work work;
    FitRule rule = fit_rule(params);
    const auto terms = read_once(context.comm(), "selecting people", [&] {
        work.people = read_people(d, columns, rules);
        if (has_rows(d, columns)) work.rows = rows_of(d, columns, work.people);
        const auto& training = work.fitted().training;
        for (std::uint32_t i = 0; i < training.size(); ++i)
            if (training[i] != 0) work.training.push_back(i);
        return expand_terms(d, work.fitted(), columns, work.training);
    });
    work.report.lost = work.people.lost;
    work.report.held_out = static_cast<std::uint64_t>(
        std::count(work.people.training.begin(), work.people.training.end(), 0));
    const ImputationRule imputation{.imputations = static_cast<std::size_t>(params.imputations),
                                    .cycles = static_cast<std::size_t>(params.imputation_cycles),
                                    .helpers = params.impute_with,
                                    .seed = context.seed()};
    const auto completed =
        impute(d, work.people, columns, work.training, imputation, context.comm());
    rule.completed = completed;
    work.report.model =
        fit_model(d, work.fitted(), columns, terms, work.training, rule, context.comm());
    work.report.reason = reason_of(work.report.model);
    collectively(context.comm(), "checking horizons",
                 [&] { check_horizons(params, work.report.model); });
    const bool good = work.report.model.event.newton.state == FitState::converged;
    if (good) cross_fit(params, columns, rule, imputation, context.comm(), work);
    if (good && params.optimism_replicates > 0)
        work.optimism =
            bootstrap_optimism(work.report.model, work.people, columns, work.training, rule,
                               {.replicates = static_cast<std::size_t>(params.optimism_replicates),
                                .horizon = params.horizons.empty() ? nan : params.horizons.back(),
                                .seed = context.seed()},
                               context.comm());
    return work;
}

Work equation_work(const Declaration& d, const SampleColumns& columns, const Equation& equation,
                   const PeopleRules& rules, const RunContext& context) {
    Work work;
    read_once(context.comm(), "selecting people", [&] {
        PeopleRules everybody = rules;
        everybody.validation_fraction = 1; // nobody trains it
        everybody.impute = false;
        Declaration with_columns = d;
        with_columns.formula.terms.clear();
        for (const auto& name : equation.columns())
            with_columns.formula.terms.push_back(
                {.factors = {{.closed = {.column = name}, .column = name}}});
        work.people = read_people(with_columns, columns, everybody);
        std::fill(work.people.training.begin(), work.people.training.end(), 0);
    });
    work.report.model.declaration = d;
    work.report.model.time_unit = columns.time_unit(d.outcome);
    work.report.lost = work.people.lost;
    work.report.held_out = work.people.size();
    for (const double t : work.people.exit)
        work.report.model.last_time = std::max(work.report.model.last_time, t);
    return work;
}

/// Predictions of one block of samples by all models.
class BlockPredictions {
public:
    BlockPredictions(const RiskModelParams& params, const SampleColumns& columns,
                     const std::vector<EquationRow>& equations, std::uint64_t block)
        : params_(params), columns_(columns), equations_(equations), begin_(block * block_samples),
          count_(std::min(block_samples, columns.samples() - begin_)),
          ids_(columns.ids(begin_, count_)) {}

    TableData predict(const Work& work) const {
        const FittedModel& model = work.report.model;
        const std::size_t horizons = horizon_count(params_, model.declaration);
        const bool crossed = !work.without.empty();
        TableData table(predictions_table(model.declaration.name, horizons, crossed));
        table.column<std::string>("sample_id") = ids_;
        auto& part = table.column<std::uint8_t>("part");
        part.assign(count_, 0);
        const auto first = std::lower_bound(work.people.sample.begin(), work.people.sample.end(),
                                            static_cast<std::uint32_t>(begin_));
        for (auto at = first; at != work.people.sample.end() && *at < begin_ + count_; ++at)
            part[*at - begin_] =
                work.people.training[static_cast<std::size_t>(at - work.people.sample.begin())] != 0
                    ? 1
                    : 2;
        if (model.declaration.kind == Kind::equation) {
            const auto predicted =
                Equation(equations_, model.declaration.formula_text).predict(values(), count_);
            table.column<double>("linear_predictor") = predicted.lp;
            table.column<double>("risk_1") = predicted.risk;
            return table;
        }
        const bool usable = model.event.newton.state == FitState::converged;
        const auto lp = linear_predictors(model, values(), count_);
        const auto stratum = model.declaration.strata.empty()
                                 ? std::vector<double>(count_, 0.0)
                                 : columns_.read(model.declaration.strata, begin_, count_);
        table.column<double>("linear_predictor") =
            usable ? lp.event : std::vector<double>(count_, nan);
        for (std::size_t h = 0; h < horizons; ++h)
            table.column<double>(text("risk_", h + 1)) =
                usable ? risks(model, lp, stratum, h) : std::vector<double>(count_, nan);
        if (crossed) cross(work, stratum, horizons, table);
        return table;
    }

private:
    ColumnValues values() const {
        return [this](const std::string& name) { return columns_.read(name, begin_, count_); };
    }
    std::vector<double> risks(const FittedModel& model, const Predictors& lp,
                              const std::vector<double>& stratum, std::size_t h) const {
        const RiskFunction function(model);
        const double horizon = params_.horizons.empty() ? 0 : params_.horizons[h];
        std::vector<double> out(count_);
        for (std::size_t i = 0; i < count_; ++i)
            out[i] = function.risk(lp.event[i], lp.competing.empty() ? 0 : lp.competing[i],
                                   stratum[i], horizon);
        return out;
    }
    void cross(const Work& work, const std::vector<double>& stratum, std::size_t horizons,
               TableData& table) const {
        std::vector<std::size_t> fold(count_, work.without.size());
        if (work.fold_values.empty()) {
            for (std::size_t i = 0; i < count_; ++i)
                fold[i] = hashed_fold(ids_[i], params_);
        } else {
            const auto value = columns_.read(params_.leave_out, begin_, count_);
            for (std::size_t i = 0; i < count_; ++i) {
                const auto at =
                    std::lower_bound(work.fold_values.begin(), work.fold_values.end(), value[i]);
                if (at != work.fold_values.end() && *at == value[i])
                    fold[i] = static_cast<std::size_t>(at - work.fold_values.begin());
            }
        }
        for (std::size_t h = 0; h < horizons; ++h)
            table.column<double>(text("cross_risk_", h + 1)).assign(count_, nan);
        for (std::size_t f = 0; f < work.without.size(); ++f) {
            if (work.without[f].event.newton.state != FitState::converged) continue;
            const auto lp = linear_predictors(work.without[f], values(), count_);
            for (std::size_t h = 0; h < horizons; ++h) {
                const auto risk = risks(work.without[f], lp, stratum, h);
                auto& out = table.column<double>(text("cross_risk_", h + 1));
                for (std::size_t i = 0; i < count_; ++i)
                    if (fold[i] == f) out[i] = risk[i];
            }
        }
    }

    const RiskModelParams& params_;
    const SampleColumns& columns_;
    const std::vector<EquationRow>& equations_;
    std::uint64_t begin_, count_;
    std::vector<std::string> ids_;
};

void say(const Log& log, const Work& work) {
    const FittedModel& m = work.report.model;
    const std::string& name = m.declaration.name;
    if (m.declaration.kind == Kind::equation)
        log.info(
            text(name, ": published equation, ", with_thousands(work.report.held_out), " people"));
    else
        log.info(text(name, ": ", salus::to_string(m.event.newton.state), ", ",
                      with_thousands(m.people), " people, ", with_thousands(m.events), " events, ",
                      m.terms.size(), " terms, ", with_thousands(work.report.held_out),
                      " held out"));
    if (!work.report.reason.empty()) log.warning(text(name, ": ", work.report.reason));
    if (work.rows)
        log.info(text(name, ": ", with_thousands(work.training.size()), " rows of ",
                      with_thousands(m.people), " people"));
    if (m.imputations > 0)
        log.info(text(name, ": ", with_thousands(work.report.lost.imputed),
                      " of these people have imputed columns, in ", m.imputations, " data sets"));
    else if (work.report.lost.no_covariate > 0)
        log.info(text(name, ": ", with_thousands(work.report.lost.no_covariate),
                      " people lack a column and are left out"));
    if (work.report.lost.no_follow_up > 0)
        log.warning(text(name, ": ", with_thousands(work.report.lost.no_follow_up),
                         " people have no time at risk"));
}

} // namespace

std::size_t risk_models::horizon_count(const RiskModelParams& params, const Declaration& model) {
    return is_survival(model.kind) && model.kind != Kind::equation ? params.horizons.size() : 1;
}

void run_risk_model(const RiskModelParams& params, RunContext& context) {
    std::vector<Declaration> declarations;
    std::vector<EquationRow> equations;
    const auto columns = read_once(context.comm(), "reading the phenotypes", [&] {
        SampleColumns found(context.input("phenotypes"), context.inputs("scores"),
                            context.has_input("episodes") ? context.input("episodes")
                                                          : std::filesystem::path{});
        std::vector<Problem> problems;
        if (context.has_input("equations")) equations = read_equations(context.input("equations"));
        declarations = read_declarations(params.models, found, problems);
        check_inputs(params, declarations, found, equations, problems);
        if (!problems.empty()) throw UsageError(std::move(problems));
        return found;
    });
    if (const auto unknown = columns.episodes().unknown; unknown > 0 && context.comm().is_root())
        context.log().warning(text(with_thousands(unknown),
                                   " rows of the episodes are of people who are no samples"));
    PeopleRules rules{.where = params.where,
                      .quality = {},
                      .validation_fraction = params.validation_fraction,
                      .split_seed = static_cast<std::uint64_t>(params.split_seed),
                      .impute = params.imputations > 0};
    if (context.has_input("quality")) rules.quality = context.input("quality");
    std::vector<Work> works;
    for (const Declaration& d : declarations) {
        works.push_back(
            d.kind == Kind::equation
                ? equation_work(d, columns, Equation(equations, d.formula_text), rules, context)
                : fit_one(params, d, columns, rules, context));
        if (context.comm().is_root()) say(context.log(), works.back());
    }
    const std::uint64_t blocks =
        std::max<std::uint64_t>(1, (columns.samples() + block_samples - 1) / block_samples);
    const Parts parts =
        context.for_each_unit("predict", blocks, [&](std::uint64_t block, PartWriter& part) {
            const BlockPredictions predictions(params, columns, equations, block);
            for (const Work& work : works)
                part.write(predictions.predict(work));
        });
    std::vector<ModelReport> reports;
    for (const Work& work : works)
        reports.push_back(work.report);
    context.publish("model", [&](ResultWriter& out) {
        out.write(models_data(reports));
        out.write(coefficients_data(reports));
        out.write(baseline_data(reports));
        out.write(path_data(reports));
        out.write(proportional_data(reports));
        TableData table(equations_table());
        for (const EquationRow& row : equations) {
            table.column<std::string>("equation").push_back(row.equation);
            table.column<std::string>("people").push_back(row.people);
            table.column<std::string>("term").push_back(row.term);
            table.column<double>("value").push_back(row.value);
        }
        out.write(table);
        TableData optimism(optimism_table()), risks(absolute_risk_table()), curves(curves_table());
        out.fact("leave_out", params.leave_out);
        out.file().write_array<double>("horizons", params.horizons, {}, Compression::none);
        out.file().attribute("horizons", "units", unit_of_times(works));
        out.file().attribute("horizons", "long_name", "Times until which absolute risks are told.");
        for (const Work& work : works) {
            append_optimism(work.report.model.declaration.name, work.optimism, optimism);
            const TableSpec spec = predictions_table(
                work.report.model.declaration.name,
                horizon_count(params, work.report.model.declaration), !work.without.empty());
            out.assemble(spec, parts);
            append_judged(params, work.report.model, work.people, parts, spec.name, risks, curves);
        }
        out.write(optimism);
        out.write(risks);
        out.write(curves);
    });
    context.publish_file("json", [&](const std::filesystem::path& temporary) {
        std::ofstream file(temporary, std::ios::binary);
        file << models_json(reports, params.horizons);
        if (!file.flush())
            throw StorageError({.what = "cannot write the models",
                                .where = temporary.string(),
                                .why = "the disk may be full",
                                .help = "make room and run again"});
    });
}

} // namespace salus
