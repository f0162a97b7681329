#include "stages/trajectories/results.hpp"

#include "base/numbers.hpp"
#include "base/text.hpp"
#include "models/model_terms.hpp"
#include "models/survival_curves.hpp"
#include "models/tails.hpp"

#include <algorithm>
#include <cmath>

namespace salus::trajectories {
namespace {

/// Appends one value to each column in their order.
class Row {
public:
    explicit Row(TableData& table) : table_(table) {}
    Row& operator<<(const std::string& v) { return put<std::string>(v); }
    Row& operator<<(double v) { return put<double>(v); }
    Row& operator<<(std::uint64_t v) { return put<std::uint64_t>(v); }
    Row& operator<<(std::uint8_t v) { return put<std::uint8_t>(v); }

private:
    template <class T>
    Row& put(const T& v) {
        std::get<std::vector<T>>(table_.columns()[next_++]).push_back(v);
        return *this;
    }
    TableData& table_;
    std::size_t next_ = 0;
};

/// Mean, deviation and central 95 % of values of the draws.
struct OfDraws {
    double mean = 0, deviation = 0, lower = 0, upper = 0;
};
OfDraws of_draws(std::vector<double> values) {
    OfDraws out;
    const auto n = static_cast<double>(values.size());
    for (const double v : values)
        out.mean += v / n;
    for (const double v : values)
        out.deviation += (v - out.mean) * (v - out.mean) / std::max(n - 1, 1.0);
    out.deviation = std::sqrt(out.deviation);
    out.lower = quantile_of(values, 0.025);
    out.upper = quantile_of(values, 0.975);
    return out;
}

struct Observed {
    double estimate = nan, error = nan, lower = nan, upper = nan;
};

void add_comparison(TableData& table, std::string_view measure, const std::string& state,
                    double years, std::uint64_t people, std::uint64_t with, Observed seen,
                    const OfDraws& simulated) {
    if (with == 0) { // no event tells no variance: that of the simulated share
        const auto n = static_cast<double>(people);
        seen.error = std::sqrt(simulated.mean * (1 - simulated.mean) / n);
        seen.upper = 1 - std::pow(0.025, 1 / n);
    }
    const double z = (seen.estimate - simulated.mean) /
                     std::sqrt(seen.error * seen.error + simulated.deviation * simulated.deviation);
    Row(table) << std::string(measure) << state << years << people << with << seen.estimate
               << seen.lower << seen.upper << simulated.mean << simulated.lower << simulated.upper
               << z << static_cast<std::uint8_t>(std::fabs(z) <= normal_975 ? 1 : 0);
}

/// Incidence of a transition among held-out people without it at entry.
void add_incidence(const Model& model, const Tally& tally, const Parts& parts, std::size_t k,
                   TableData& table) {
    std::vector<double> exit, status;
    for (std::uint64_t u = 0; u < parts.size(); ++u) {
        const H5File part = parts.open(u);
        const auto more = part.read_array<double>(text("exit", k)),
                   how = part.read_array<double>(text("status", k));
        exit.insert(exit.end(), more.begin(), more.end());
        status.insert(status.end(), how.begin(), how.end());
    }
    if (exit.empty()) return;
    const double longest = *std::max_element(exit.begin(), exit.end());
    exit = same_times(exit);
    const bool death = k == model.sizes.conditions;
    const IncidenceCurve curve = incidence_curve({.exit = exit, .status = status}, death ? 1 : 2);
    const std::vector<double>& times = model.params.checked_years;
    for (std::size_t t = 0; t < times.size() && times[t] <= longest; ++t) {
        const auto [estimate, error] = curve.at(1, times[t]);
        std::vector<double> simulated;
        for (std::size_t d = 0; d < model.draws.size(); ++d)
            simulated.push_back(
                static_cast<double>(
                    tally.happened[(d * model.sizes.transitions() + k) * times.size() + t]) /
                static_cast<double>(tally.at_risk[k] *
                                    static_cast<std::uint64_t>(model.params.lives)));
        std::uint64_t events = 0;
        for (std::size_t i = 0; i < exit.size(); ++i)
            if (status[i] == 1 && exit[i] <= times[t]) ++events;
        add_comparison(table, "incidence", model.request.transitions()[k], times[t], exit.size(),
                       events,
                       {estimate, error, std::max(0.0, estimate - normal_975 * error),
                        std::min(1.0, estimate + normal_975 * error)},
                       of_draws(simulated));
    }
}

/// Wilson's interval of a proportion.
Observed proportion(std::uint64_t with, std::uint64_t people) {
    const auto n = static_cast<double>(people);
    const double p = static_cast<double>(with) / n, z2 = normal_975 * normal_975,
                 centre = (p + z2 / (2 * n)) / (1 + z2 / n),
                 half = normal_975 * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n);
    return {p, std::sqrt(p * (1 - p) / n), centre - half, centre + half};
}

void add_prevalence(const Model& model, const Tally& tally, std::size_t k, TableData& table) {
    const std::vector<double>& times = model.params.checked_years;
    const std::size_t n = times.size();
    for (std::size_t t = 0; t < n; ++t) {
        if (tally.seen[t] == 0) continue;
        std::vector<double> simulated;
        for (std::size_t d = 0; d < model.draws.size(); ++d)
            simulated.push_back(
                static_cast<double>(tally.alive_with[(d * model.sizes.conditions + k) * n + t]) /
                static_cast<double>(std::max<std::uint64_t>(tally.alive[d * n + t], 1)));
        add_comparison(table, "prevalence", model.request.conditions[k].name, times[t],
                       tally.seen[t], tally.seen_with[k * n + t],
                       proportion(tally.seen_with[k * n + t], tally.seen[t]), of_draws(simulated));
    }
}

} // namespace

TableData transition_rows(const Model& model) {
    TableData table(transitions_table());
    const auto names = model.request.transitions();
    for (std::size_t k = 0; k < names.size(); ++k) {
        const TransitionFit& fit = model.fits[k];
        Row(table) << names[k] << fit.events << fit.years << std::string(to_string(fit.state))
                   << std::string(to_string(fit.newton)) << fit.log_likelihood;
    }
    return table;
}

TableData effect_rows(const Model& model) {
    TableData table(effects_table());
    const auto names = model.request.transitions();
    const std::size_t columns = model.sizes.columns();
    for (std::size_t k = 0; k < names.size(); ++k) {
        const TransitionFit& fit = model.fits[k];
        for (std::size_t c = model.sizes.bands; c < columns; ++c) {
            const std::size_t covariate = c - model.sizes.bands;
            const bool is_covariate = covariate < model.sizes.covariates;
            if (!is_covariate && covariate - model.sizes.covariates == k) continue;
            const double scale = is_covariate ? model.scales.deviation[covariate] : 1;
            const bool there = fit.state == TransitionState::fitted && fit.aliased[c] == 0;
            const double beta = there ? fit.coefficients[c] / scale : nan,
                         error = there ? std::sqrt(fit.covariance[c * columns + c]) / scale : nan;
            Row(table) << names[k]
                       << (is_covariate ? model.request.covariates[covariate]
                                        : names[covariate - model.sizes.covariates])
                       << beta << error << std::exp(beta) << std::exp(beta - normal_975 * error)
                       << std::exp(beta + normal_975 * error) << normal_neg_log10_p(beta / error);
        }
    }
    return table;
}

TableData rate_rows(const Model& model) {
    TableData table(rates_table());
    const auto names = model.request.transitions();
    const std::vector<double>& edges = model.params.age_bands;
    const std::size_t columns = model.sizes.columns();
    for (std::size_t k = 0; k < names.size(); ++k)
        for (std::size_t band = 0; band < model.sizes.bands; ++band) {
            const TransitionFit& fit = model.fits[k];
            const std::size_t c = fit.column_of_band[band];
            const bool none = fit.state == TransitionState::no_events;
            const double error = std::sqrt(fit.covariance[c * columns + c]),
                         rate = none ? 0 : 1000 * std::exp(fit.coefficients[c]);
            Row(table) << names[k] << (band == 0 ? 0.0 : edges[band - 1])
                       << (band < edges.size() ? edges[band]
                                               : std::numeric_limits<double>::infinity())
                       << rate << (none ? nan : rate * std::exp(-normal_975 * error))
                       << (none ? nan : rate * std::exp(normal_975 * error));
        }
    return table;
}

TableData people_rows(const Tally& tally) {
    TableData table(people_table());
    for (std::size_t p = 0; p < places; ++p)
        Row(table) << std::string(to_string(static_cast<Place>(p))) << tally.placed[p];
    return table;
}

TableData validation_rows(const Model& model, const Tally& tally, const Parts& parts) {
    TableData table(validation_table());
    for (std::size_t k = 0; k < model.sizes.transitions(); ++k)
        add_incidence(model, tally, parts, k, table);
    for (std::size_t k = 0; k < model.sizes.conditions; ++k)
        add_prevalence(model, tally, k, table);
    return table;
}

TableData what_if_rows(const Model& model, const Tally& tally) {
    TableData table(what_if_table());
    const auto names = model.request.transitions();
    const std::size_t transitions = names.size(), draws = model.draws.size();
    for (std::size_t s = 0; s < model.request.scenarios.size(); ++s)
        for (std::size_t k = 0; k < transitions; ++k) {
            const double all = static_cast<double>(std::max<std::uint64_t>(tally.people[k], 1) *
                                                   static_cast<std::uint64_t>(model.params.lives));
            std::vector<double> before, after, difference;
            for (std::size_t d = 0; d < draws; ++d) {
                const std::size_t at = d * transitions + k;
                before.push_back(static_cast<double>(tally.outcomes[at]) / all);
                after.push_back(
                    static_cast<double>(tally.outcomes[(s + 1) * draws * transitions + at]) / all);
                difference.push_back(after.back() - before.back());
            }
            const OfDraws change = of_draws(difference);
            Row(table) << model.request.scenarios[s].written << names[k] << tally.people[k]
                       << of_draws(before).mean << of_draws(after).mean << change.mean
                       << change.lower << change.upper;
        }
    return table;
}

} // namespace salus::trajectories
