#include "stages/risk_validation/judged.hpp"

#include "base/error.hpp"
#include "base/numbers.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_set>

namespace salus::risk_validation {
namespace {

using namespace risk_models;

void choose_models(const RiskValidationParams& params, Plan& plan, std::vector<Problem>& problems) {
    std::vector<std::string> names;
    for (const FittedModel& m : plan.models)
        names.push_back(m.declaration.name);
    const auto check = [&](const std::string& name, const char* parameter) {
        if (std::find(names.begin(), names.end(), name) != names.end()) return;
        const auto near = nearest(name, names);
        problems.push_back({.what = text("there is no model \"", name, "\""),
                            .where = text(plan.model.string(), ", parameter ", parameter),
                            .why = text("the file has: ", join(names, ", ")),
                            .help = near ? text("did you mean ", *near, "?")
                                         : std::string("use one of these names")});
    };
    for (const auto& name : params.models)
        check(name, "models");
    if (!params.reference.empty()) check(params.reference, "reference");
}

void choose_horizons(const RiskValidationParams& params, Plan& plan,
                     std::vector<Problem>& problems) {
    for (const double h : params.horizons) {
        const auto at = std::find(plan.horizons.begin(), plan.horizons.end(), h);
        if (at == plan.horizons.end())
            problems.push_back({.what = text("the models have no risk at the horizon ", h),
                                .where = text(plan.model.string(), ", parameter horizons"),
                                .why = "risks are made at the horizons of risk_model",
                                .help = "add it there, or leave it out here"});
        else
            plan.chosen.push_back(static_cast<std::size_t>(at - plan.horizons.begin()));
    }
    if (!params.horizons.empty()) return;
    plan.chosen.resize(plan.horizons.size());
    std::iota(plan.chosen.begin(), plan.chosen.end(), std::size_t{0});
}

} // namespace

Plan make_plan(const RiskValidationParams& params, const RunContext& context) {
    Plan plan{.model = context.input("model"),
              .phenotypes = context.input("phenotypes"),
              .episodes = {},
              .scores = context.inputs("scores")};
    const H5File file = H5File::open(plan.model);
    plan.models = read_models(file);
    plan.horizons = file.read_array<double>("horizons");
    if (file.is_table("proportional_hazards")) // not of an earlier version
        plan.proportional = file.read("proportional_hazards");
    const TableData rows = file.read("equations");
    for (std::size_t i = 0; i < rows.rows(); ++i)
        plan.equations.push_back(
            {rows.column<std::string>("equation")[i], rows.column<std::string>("people")[i],
             rows.column<std::string>("term")[i], rows.column<double>("value")[i]});
    if (context.has_input("episodes")) plan.episodes = context.input("episodes");
    const SampleColumns columns(plan.phenotypes, plan.scores, plan.episodes);
    plan.rules = {.where = params.where, .quality = {}, .validation_fraction = 0};
    if (context.has_input("quality")) plan.rules.quality = context.input("quality");
    if (!plan.models.empty()) {
        const auto ids = file.read_array<double>(
            text("predictions/", plan.models[0].declaration.name, "/linear_predictor"));
        plan.internal =
            ids.size() == columns.samples() &&
            file.read(text("predictions/", plan.models[0].declaration.name), {"sample_id"})
                    .column<std::string>("sample_id") == columns.ids();
    }
    plan.strata = params.strata;
    if (const auto left_out = file.text_attribute("/", "leave_out");
        left_out && !left_out->empty() && params.people == "cross_fitted" &&
        std::find(plan.strata.begin(), plan.strata.end(), *left_out) == plan.strata.end())
        plan.strata.push_back(*left_out);
    std::vector<Problem> problems;
    choose_models(params, plan, problems);
    choose_horizons(params, plan, problems);
    check_rules(params.where, columns, problems);
    for (const std::string& written : plan.strata) {
        const auto column = matching::parse_exact(written);
        if (!column || !columns.has(column->column))
            problems.push_back(
                unknown_column(column ? column->column : written, columns, "parameter strata"));
    }
    for (const FittedModel& model : plan.models) {
        std::vector<std::string> used = model.declaration.columns();
        if (model.declaration.kind == Kind::equation)
            used = Equation(plan.equations, model.declaration.formula_text).columns();
        used.push_back(model.declaration.outcome);
        if (!model.declaration.competing.empty()) used.push_back(model.declaration.competing);
        for (const auto& name : used)
            if (!columns.has(name))
                problems.push_back(
                    unknown_column(name, columns, text("model \"", model.declaration.name, "\"")));
    }
    if (!plan.internal && params.people == "cross_fitted")
        problems.push_back({.what = "these people are not those of the model",
                            .where = text(plan.phenotypes.string(), ", parameter people"),
                            .why = "only training people have predictions by fits without them",
                            .help = "use people = \"held_out\""});
    if (!problems.empty()) throw UsageError(std::move(problems));
    return plan;
}

namespace {

/// Parts of people in a model, and their risks at the chosen horizons.
struct Predicted {
    std::vector<std::uint8_t> part;
    std::vector<double> lp;
    std::vector<std::vector<double>> risk; // [chosen horizon]
};

std::size_t horizons_of(const Plan& plan, const Declaration& d) {
    return is_survival(d.kind) && d.kind != Kind::equation ? plan.chosen.size() : 1;
}

Predicted read_predicted(const Plan& plan, const FittedModel& model, bool crossed) {
    const H5File file = H5File::open(plan.model);
    const std::string table = "predictions/" + model.declaration.name;
    Predicted out{.part = file.read_array<std::uint8_t>(table + "/part"),
                  .lp = file.read_array<double>(table + "/linear_predictor"),
                  .risk = {}};
    const bool timed =
        horizons_of(plan, model.declaration) > 1 ||
        (is_survival(model.declaration.kind) && model.declaration.kind != Kind::equation);
    for (std::size_t h = 0; h < horizons_of(plan, model.declaration); ++h) {
        const std::string column =
            text(table, crossed ? "/cross_risk_" : "/risk_", timed ? plan.chosen[h] + 1 : 1);
        if (crossed && !file.exists(column))
            throw UsageError({.what = text("the model ", model.declaration.name,
                                           " has no predictions by fits without its people"),
                              .where = text(plan.model.string(), ", parameter people"),
                              .why = "risk_model makes them with folds or leave_out",
                              .help = "run risk_model with folds = 10, or judge held_out people"});
        out.risk.push_back(file.read_array<double>(column));
    }
    return out;
}

// The saved model on other people.
Predicted apply(const Plan& plan, const FittedModel& model, const SampleColumns& columns) {
    const std::uint64_t n = columns.samples();
    const auto values = [&](const std::string& name) { return columns.read(name); };
    Predicted out{.part = std::vector<std::uint8_t>(n, 2), .lp = {}, .risk = {}};
    if (model.declaration.kind == Kind::equation) {
        auto found = Equation(plan.equations, model.declaration.formula_text).predict(values, n);
        out.lp = std::move(found.lp);
        out.risk = {std::move(found.risk)};
    } else {
        const auto lp = linear_predictors(model, values, n);
        const auto stratum = model.declaration.strata.empty()
                                 ? std::vector<double>(n, 0.0)
                                 : columns.read(model.declaration.strata);
        const RiskFunction function(model);
        for (std::size_t h = 0; h < horizons_of(plan, model.declaration); ++h) {
            const double horizon =
                is_survival(model.declaration.kind) ? plan.horizons[plan.chosen[h]] : nan;
            auto& risk = out.risk.emplace_back(n);
            for (std::size_t i = 0; i < n; ++i)
                risk[i] = function.risk(lp.event[i], lp.competing.empty() ? 0 : lp.competing[i],
                                        stratum[i], horizon);
        }
        out.lp = lp.event;
    }
    // Who trained it, by name.
    const H5File file = H5File::open(plan.model);
    const TableData known =
        file.read("predictions/" + model.declaration.name, {"sample_id", "part"});
    std::unordered_set<std::string> training;
    for (std::size_t i = 0; i < known.rows(); ++i)
        if (known.column<std::uint8_t>("part")[i] == 1)
            training.insert(known.column<std::string>("sample_id")[i]);
    const auto ids = columns.ids();
    for (std::size_t i = 0; i < n; ++i)
        if (training.contains(ids[i])) out.part[i] = 1;
    return out;
}

Predicted predicted(const Plan& plan, const FittedModel& model, const SampleColumns& columns,
                    bool crossed) {
    return plan.internal ? read_predicted(plan, model, crossed) : apply(plan, model, columns);
}

std::string level_name(double value, double width, std::span<const std::string> groups) {
    if (std::isnan(value)) return {};
    if (!groups.empty()) return groups[static_cast<std::size_t>(value)];
    if (width > 0) {
        const double low = std::floor(value / width) * width;
        return text(low, " to ", low + width);
    }
    return text(value);
}

} // namespace

ModelPeople read_model_people(const Plan& plan, const RiskValidationParams& params,
                              std::size_t index) {
    const FittedModel& model = plan.models[index];
    const Declaration& d = model.declaration;
    const SampleColumns columns(plan.phenotypes, plan.scores, plan.episodes);
    ModelPeople out;
    const bool crossed = params.people == "cross_fitted";
    const Predicted own = predicted(plan, model, columns, crossed);
    Declaration outcome_only = d;
    outcome_only.formula.terms.clear();
    outcome_only.strata.clear(), outcome_only.cluster.clear(), outcome_only.offset.clear();
    const People people = read_people(outcome_only, columns, plan.rules);
    std::optional<Predicted> reference;
    for (const FittedModel& other : plan.models)
        if (other.declaration.name == params.reference && params.reference != d.name &&
            other.declaration.outcome == d.outcome)
            reference = predicted(plan, other, columns, crossed);
    std::vector<std::uint32_t> rows; // of people
    for (std::uint32_t i = 0; i < people.size(); ++i) {
        const std::uint32_t s = people.sample[i];
        const bool trained = own.part[s] == 1;
        const bool asked = params.people == "all" || (trained ? crossed : !crossed);
        bool known = asked;
        for (const auto& risk : own.risk)
            known = known && std::isfinite(risk[s]);
        if (reference)
            for (const auto& risk : reference->risk)
                known = known && std::isfinite(risk[s]);
        if (!known) continue;
        out.overlap += trained ? 1U : 0U;
        rows.push_back(i);
    }
    if (params.people == "all" && out.overlap > 0 && !params.allow_overlap)
        throw DataError(
            {.what = text(out.overlap, " of the people trained the model ", d.name),
             .where = plan.phenotypes.string(),
             .why = "a model looks better in its own people than it is",
             .help = "use people = \"held_out\", or allow_overlap = true to see it anyway"});
    for (std::size_t h = 0; h < own.risk.size(); ++h) {
        const bool survival = is_survival(d.kind);
        Judged judged{.kind = d.kind, .survival = survival};
        // An equation is for the last horizon.
        const std::size_t place = d.kind == Kind::equation ? plan.chosen.size() - 1 : h;
        judged.horizon = !survival             ? nan
                         : plan.chosen.empty() ? model.last_time
                                               : plan.horizons[plan.chosen[place]];
        for (const std::uint32_t i : rows) {
            const std::uint32_t s = people.sample[i];
            judged.outcome.push_back(people.outcome[i]);
            if (survival) judged.exit.push_back(people.exit[i]);
            if (!people.entry.empty()) judged.entry.push_back(people.entry[i]);
            judged.risk.push_back(own.risk[h][s]);
            judged.lp.push_back(own.lp[s]);
            if (reference)
                judged.reference_risk.push_back(
                    reference->risk[std::min(h, reference->risk.size() - 1)][s]);
        }
        out.horizons.push_back(std::move(judged));
    }
    if (rows.empty())
        out.note = params.people == "held_out" ? "nobody was held out of the model"
                                               : "nobody has outcome and prediction";
    for (const std::string& written : plan.strata) {
        const auto column = matching::parse_exact(written);
        const auto values = columns.read(column->column);
        const auto groups =
            column->column == "group" ? columns.groups() : std::vector<std::string>{};
        Strata strata{.column = column->column, .level = {}};
        for (const std::uint32_t i : rows)
            strata.level.push_back(level_name(values[people.sample[i]], column->width, groups));
        out.strata.push_back(std::move(strata));
    }
    return out;
}

} // namespace salus::risk_validation
