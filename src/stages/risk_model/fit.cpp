#include "base/hash.hpp"
#include "base/numbers.hpp"
#include "base/text.hpp"
#include "stages/risk_model/fitting.hpp"
#include "stages/risk_model/imputation.hpp"

#include <algorithm>
#include <cmath>

namespace salus::risk_models {
std::vector<ModelTerm> expand_terms(const Declaration& model, const People& people,
                                    const SampleColumns& columns,
                                    std::span<const std::uint32_t> rows) {
    std::string why;
    auto terms = expand(
        model.formula,
        [&](const std::string& name) {
            auto values = values_of(columns, name, people, rows);
            std::erase_if(values, [](double v) { return !std::isfinite(v); }); // to be imputed
            return values;
        },
        why);
    if (why.empty()) return terms;
    throw UsageError({.what = "a formula cannot be used",
                      .where = text("parameter models, \"", model.name, "\""),
                      .why = why,
                      .help = "change the formula"});
}

namespace {

// Elastic net: lambda by the deviance of people who are left out.
NewtonFit fit_net(Fitting& all, const Declaration& model, const People& people,
                  const SampleColumns& columns, std::span<const ModelTerm> terms,
                  std::span<const std::uint32_t> rows, double cause, const FitRule& rule,
                  const Communicator& comm, std::vector<PathPoint>& points) {
    ElasticNet net{.alpha = *model.net, .lambdas = rule.net_lambdas};
    net.factor.assign(all.columns(), 1.0);
    if (all.intercept() == 1) net.factor[0] = 0;
    const NetPath path = elastic_net_path(all.likelihood(), all.rows(), net);
    net.grid = path.lambda;
    const auto ids = columns.ids();
    std::vector<std::vector<double>> deviance(path.lambda.size());
    std::vector<double> weights;
    for (std::size_t fold = 0; fold < rule.net_folds; ++fold) {
        std::vector<std::uint32_t> train;
        for (const std::uint32_t row : rows)
            if (hash64(ids[people.sample[row]], 5 * rule.seed + 3) % rule.net_folds != fold)
                train.push_back(row);
        Fitting part(model, people, columns, terms, train, cause, rule, comm);
        const double left =
            is_survival(model.kind) ? all.events() - part.events() : all.rows() - part.rows();
        if (!(left > 0) || !(part.events() > 0 || model.kind == Kind::linear)) continue;
        const NetPath fitted = elastic_net_path(part.likelihood(), part.rows(), net);
        weights.push_back(left);
        for (std::size_t k = 0; k < path.lambda.size(); ++k) {
            std::vector<double> b = fitted.coefficients[k];
            part.to_original(b, {});
            const double whole = all.likelihood().log_likelihood(all.to_standard(b));
            deviance[k].push_back(-2 * (whole - fitted.log_likelihood[k]) / left);
        }
    }
    std::size_t best = 0;
    for (std::size_t k = 0; k < path.lambda.size(); ++k) {
        double sum = 0, weight = 0, squares = 0;
        for (std::size_t f = 0; f < weights.size(); ++f)
            sum += weights[f] * deviance[k][f], weight += weights[f];
        const double mean = weight > 0 ? sum / weight : nan;
        for (std::size_t f = 0; f < weights.size(); ++f)
            squares += weights[f] * (deviance[k][f] - mean) * (deviance[k][f] - mean);
        const auto folds = static_cast<double>(weights.size());
        std::size_t nonzero = 0;
        for (std::size_t c = all.intercept(); c < all.columns(); ++c)
            nonzero += path.coefficients[k][c] != 0 ? 1U : 0U;
        points.push_back({path.lambda[k], mean,
                          folds > 1 ? std::sqrt(squares / weight / (folds - 1)) : nan, nonzero,
                          false});
        if (mean < points[best].deviance) best = k;
    }
    points[best].chosen = true;
    NewtonFit fit{.coefficients = path.coefficients[best],
                  .covariance = std::vector<double>(all.columns() * all.columns(), 0.0),
                  .aliased = std::vector<std::uint8_t>(all.columns(), 0),
                  .endless = std::vector<std::uint8_t>(all.columns(), 0),
                  .log_likelihood = path.log_likelihood[best],
                  .log_likelihood_start = path.log_likelihood_null};
    fit.state = path.settled ? FitState::converged : FitState::not_settled;
    return fit;
}

} // namespace

FittedModel fit_model(const Declaration& model, const People& people, const SampleColumns& columns,
                      std::span<const ModelTerm> terms, std::span<const std::uint32_t> rows,
                      const FitRule& rule, const Communicator& comm) {
    if (rule.filled == nullptr && !rule.completed.empty()) {
        std::vector<FittedModel> fits;
        for (const Completed& completed : rule.completed) {
            FitRule one = rule;
            one.filled = &completed;
            fits.push_back(fit_model(model, people, columns, terms, rows, one, comm));
        }
        return pooled(std::move(fits));
    }
    FittedModel out{.declaration = model, .terms = {terms.begin(), terms.end()}};
    out.people = count_people(people, rows);
    out.time_unit = columns.time_unit(model.outcome);
    for (const std::uint32_t row : rows) {
        out.events += people.outcome[row] == 1 ? 1U : 0U;
        out.competing_events += is_survival(model.kind) && people.outcome[row] == 2 ? 1U : 0U;
        if (!people.exit.empty()) out.last_time = std::max(out.last_time, people.exit[row]);
    }
    const auto fit_cause = [&](double cause) {
        Fitting fitting(model, people, columns, terms, rows, cause, rule, comm);
        if (cause == 1) {
            const std::size_t first = fitting.intercept();
            out.mean.assign(fitting.scales().mean.begin() + static_cast<std::ptrdiff_t>(first),
                            fitting.scales().mean.end());
            out.deviation.assign(fitting.scales().deviation.begin() +
                                     static_cast<std::ptrdiff_t>(first),
                                 fitting.scales().deviation.end());
        }
        const bool nothing = model.kind == Kind::linear
                                 ? rows.size() < 2
                                 : fitting.events() == 0 || (is_binary(model.kind) &&
                                                             fitting.events() == fitting.rows());
        NewtonFit fit;
        if (nothing) {
            const std::size_t p = fitting.columns();
            fit = {.coefficients = std::vector<double>(p, 0.0),
                   .covariance = std::vector<double>(p * p, 0.0),
                   .aliased = std::vector<std::uint8_t>(p, 0),
                   .endless = std::vector<std::uint8_t>(p, 0)};
            fit.state = FitState::no_events;
        } else if (model.net) {
            fit =
                fit_net(fitting, model, people, columns, terms, rows, cause, rule, comm, out.path);
        } else {
            fit = fit_newton(fitting.likelihood());
        }
        return fitting.estimate(std::move(fit), model.net.has_value());
    };
    out.event = fit_cause(1);
    if (model.kind == Kind::cause_specific) {
        const auto path = out.path;
        out.competing = fit_cause(2);
        out.path = path;
    }
    return out;
}

} // namespace salus::risk_models
