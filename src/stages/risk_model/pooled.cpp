#include "models/pooling.hpp"
#include "stages/risk_model/imputation.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace salus::risk_models {
namespace {

double mean_of(std::size_t n, const std::function<double(std::size_t)>& value) {
    double sum = 0;
    for (std::size_t k = 0; k < n; ++k)
        sum += value(k) / static_cast<double>(n);
    return sum;
}

std::vector<double> numbers(std::size_t n, const std::function<double(std::size_t)>& value) {
    std::vector<double> out;
    for (std::size_t k = 0; k < n; ++k)
        out.push_back(value(k));
    return out;
}

// Event times are the same in all fits: hazards are averaged on the log scale.
void pool_baseline(std::span<const Estimates* const> fits, Estimates& out) {
    const std::size_t m = fits.size();
    for (std::size_t s = 0; s < out.baseline.size(); ++s) {
        Baseline& pooled = out.baseline[s];
        for (std::size_t t = 0; t < pooled.time.size(); ++t) {
            const auto logs = numbers(
                m, [&](std::size_t k) { return std::log(fits[k]->baseline[s].cumulative[t]); });
            const auto variances = numbers(m, [&](std::size_t k) {
                const Baseline& b = fits[k]->baseline[s];
                return b.variance[t] / (b.cumulative[t] * b.cumulative[t]);
            });
            const auto of = pool_estimates(logs, variances, INFINITY);
            pooled.cumulative[t] = std::exp(of.estimate);
            pooled.variance[t] = std::pow(pooled.cumulative[t] * of.standard_error, 2);
        }
    }
}

Estimates pool_cause(std::span<const Estimates* const> fits, double complete_df) {
    const std::size_t m = fits.size(), p = fits[0]->coefficients.size();
    Estimates out = *fits[0];
    out.fraction_missing.assign(p, 0.0);
    out.degrees_of_freedom.assign(p, complete_df);
    for (std::size_t c = 0; c < p; ++c) {
        const auto squared = [&](bool robust) {
            return numbers(m, [&](std::size_t k) {
                const double e = robust ? fits[k]->robust_error[c] : fits[k]->error[c];
                return e * e;
            });
        };
        const auto estimates = numbers(m, [&](std::size_t k) { return fits[k]->coefficients[c]; });
        const auto plain = pool_estimates(estimates, squared(false), complete_df);
        out.coefficients[c] = plain.estimate;
        out.error[c] = plain.standard_error;
        out.fraction_missing[c] = plain.fraction_missing;
        out.degrees_of_freedom[c] = plain.degrees_of_freedom;
        if (!out.robust_error.empty()) {
            const auto robust = pool_estimates(estimates, squared(true), complete_df);
            out.robust_error[c] = robust.standard_error;
            out.degrees_of_freedom[c] = robust.degrees_of_freedom;
        }
        for (const Estimates* fit : fits) {
            out.aliased[c] = std::max(out.aliased[c], fit->aliased[c]);
            out.endless[c] = std::max(out.endless[c], fit->endless[c]);
        }
    }
    out.center = mean_of(m, [&](std::size_t k) { return fits[k]->center; });
    out.residual_variance = mean_of(m, [&](std::size_t k) { return fits[k]->residual_variance; });
    for (const Estimates* fit : fits) {
        if (fit->newton.state != FitState::converged) out.newton.state = fit->newton.state;
        out.newton.iterations = std::max(out.newton.iterations, fit->newton.iterations);
    }
    out.newton.log_likelihood =
        mean_of(m, [&](std::size_t k) { return fits[k]->newton.log_likelihood; });
    out.newton.score_chi_square =
        mean_of(m, [&](std::size_t k) { return fits[k]->newton.score_chi_square; });
    if (out.newton.state == FitState::converged) pool_baseline(fits, out);
    return out;
}

} // namespace

FittedModel pooled(std::vector<FittedModel> fits) {
    FittedModel out = fits[0];
    const std::size_t m = fits.size();
    out.imputations = m;
    std::vector<const Estimates*> event, competing;
    for (const FittedModel& fit : fits) {
        event.push_back(&fit.event);
        if (fit.competing) competing.push_back(&*fit.competing);
    }
    const bool survival = is_survival(out.declaration.kind);
    const auto df = [&](const Estimates& e, std::uint64_t events) {
        const auto rank = static_cast<double>(e.newton.rank());
        return std::max(1.0, static_cast<double>(survival ? events : out.people) - rank);
    };
    out.event = pool_cause(event, df(fits[0].event, out.events));
    if (!competing.empty())
        out.competing = pool_cause(competing, df(*fits[0].competing, out.competing_events));
    for (std::size_t c = 0; c < out.mean.size(); ++c) {
        out.mean[c] = mean_of(m, [&](std::size_t k) { return fits[k].mean[c]; });
        out.deviation[c] = mean_of(m, [&](std::size_t k) { return fits[k].deviation[c]; });
    }
    return out;
}

} // namespace salus::risk_models
