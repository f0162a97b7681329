#include "base/numbers.hpp"
#include "stages/risk_model/fit.hpp"

#include <algorithm>
#include <cmath>

namespace salus::risk_models {
namespace {

constexpr std::size_t most_steps = 512; // of the integral over the hazard of the event

const Baseline* find(const std::vector<Baseline>& all, double stratum) {
    for (const Baseline& b : all)
        if (b.stratum == stratum) return &b;
    return nullptr;
}

// Cumulative hazard at t.
double cumulative_at(const Baseline& b, double t) {
    const auto after = std::upper_bound(b.time.begin(), b.time.end(), t) - b.time.begin();
    return after == 0 ? 0 : b.cumulative[static_cast<std::size_t>(after - 1)];
}

} // namespace

RiskFunction::RiskFunction(const FittedModel& model) : model_(model) {}

// Sum over event times of the probability to be there, exp(-both hazards before), times the hazard
// of the event. Many event times are taken together, at the middle of their hazards.
double RiskFunction::cause_specific(double lp, double other, const Baseline& a, const Baseline& b,
                                    double horizon) const {
    const double ra = std::exp(lp - model_.event.center),
                 rb = std::exp(other - model_.competing->center);
    const auto end = static_cast<std::size_t>(
        std::upper_bound(a.time.begin(), a.time.end(), horizon) - a.time.begin());
    const std::size_t step = std::max<std::size_t>(1, (end + most_steps - 1) / most_steps);
    double risk = 0, before = 0;
    for (std::size_t k = 0; k < end; k += step) {
        const std::size_t last = std::min(end, k + step) - 1;
        const double jump = a.cumulative[last] - before;
        const double own = step == 1 ? before : before + jump / 2;
        const double t = a.time[step == 1 ? k : (k + last) / 2];
        const auto at = std::lower_bound(b.time.begin(), b.time.end(), t) - b.time.begin();
        const double competing = at == 0 ? 0 : b.cumulative[static_cast<std::size_t>(at - 1)];
        risk += std::exp(-ra * own - rb * competing) * ra * jump;
        before = a.cumulative[last];
    }
    return std::min(risk, 1.0);
}

double RiskFunction::risk(double lp, double competing_lp, double stratum, double horizon) const {
    const Declaration& d = model_.declaration;
    if (std::isnan(lp)) return nan;
    if (d.kind == Kind::linear) return lp;
    if (is_binary(d.kind)) return 1 / (1 + std::exp(-lp));
    if (horizon > model_.last_time) return nan;
    const Baseline* own = find(model_.event.baseline, d.strata.empty() ? 0 : stratum);
    if (own == nullptr) return nan;
    if (d.kind != Kind::cause_specific)
        return -std::expm1(-cumulative_at(*own, horizon) * std::exp(lp - model_.event.center));
    static const Baseline none;
    const Baseline* other = find(model_.competing->baseline, d.strata.empty() ? 0 : stratum);
    return cause_specific(lp, competing_lp, *own, other == nullptr ? none : *other, horizon);
}

Predictors linear_predictors(const FittedModel& model, const ColumnValues& values,
                             std::size_t people) {
    const std::size_t intercept = is_survival(model.declaration.kind) ? 0 : 1;
    Predictors out{
        .event = std::vector<double>(people, intercept == 1 ? model.event.coefficients[0] : 0.0),
        .competing = std::vector<double>(model.competing ? people : 0, 0.0)};
    for (std::size_t t = 0; t < model.terms.size(); ++t) {
        const auto x = evaluate(model.terms[t], values);
        const double b = model.event.coefficients[intercept + t];
        for (std::size_t i = 0; i < people; ++i)
            out.event[i] += b * x[i];
        for (std::size_t i = 0; i < out.competing.size(); ++i)
            out.competing[i] += model.competing->coefficients[t] * x[i];
    }
    if (!model.declaration.offset.empty()) {
        const auto offset = values(model.declaration.offset);
        for (std::size_t i = 0; i < people; ++i)
            out.event[i] += offset[i];
        for (std::size_t i = 0; i < out.competing.size(); ++i)
            out.competing[i] += offset[i];
    }
    return out;
}

} // namespace salus::risk_models
