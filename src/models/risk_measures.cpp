#include "models/risk_measures.hpp"

#include "base/numbers.hpp"
#include "base/random.hpp"
#include "models/model_terms.hpp"
#include "models/outcome_likelihood.hpp"
#include "models/tails.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace salus {
namespace {

double logit_of(double p) noexcept {
    const double cut = std::clamp(p, 1e-12, 1 - 1e-12);
    return std::log(cut / (1 - cut));
}

} // namespace

double average_precision(std::span<const double> prediction, std::span<const double> outcome) {
    std::vector<std::uint32_t> order(prediction.size());
    std::iota(order.begin(), order.end(), std::uint32_t{0});
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        return prediction[a] != prediction[b] ? prediction[a] > prediction[b] : a < b;
    });
    double cases = 0, called = 0, sum = 0;
    for (std::size_t at = 0; at < order.size();) {
        double own = 0;
        const double value = prediction[order[at]];
        for (; at < order.size() && prediction[order[at]] == value; ++at, called += 1)
            own += outcome[order[at]];
        cases += own;
        sum += own * cases / called;
    }
    return cases > 0 ? sum / cases : nan;
}

namespace {

/// Sums over cases or over controls.
struct Movement {
    double n = 0, up = 0, down = 0, class_up = 0, class_down = 0, change = 0, squares = 0;
    double share(double a, double b) const { return (a - b) / n; }
    // Variance of a difference of two shares of the same people.
    double variance(double a, double b) const {
        const double d = share(a, b);
        return ((a + b) / n - d * d) / n;
    }
    double mean() const { return change / n; }
    double mean_variance() const { return (squares / n - mean() * mean()) / (n - 1); }
};

} // namespace

Reclassification reclassify(std::span<const double> before, std::span<const double> after,
                            std::span<const double> outcome, std::span<const double> cuts) {
    Movement cases, controls;
    const auto category = [&](double r) {
        return std::upper_bound(cuts.begin(), cuts.end(), r) - cuts.begin();
    };
    for (std::size_t i = 0; i < outcome.size(); ++i) {
        Movement& m = outcome[i] == 1 ? cases : controls;
        const double d = after[i] - before[i];
        m.n += 1;
        m.up += d > 0 ? 1 : 0, m.down += d < 0 ? 1 : 0;
        m.change += d, m.squares += d * d;
        const auto step = category(after[i]) - category(before[i]);
        m.class_up += step > 0 ? 1 : 0, m.class_down += step < 0 ? 1 : 0;
    }
    if (cases.n < 2 || controls.n < 2) return {nan, nan, nan, nan, nan, nan, nan, nan, nan, nan};
    Reclassification out{};
    out.nri_cases = cases.share(cases.up, cases.down);
    out.nri_controls = controls.share(controls.down, controls.up);
    out.nri = out.nri_cases + out.nri_controls;
    out.nri_error = std::sqrt(cases.variance(cases.up, cases.down) +
                              controls.variance(controls.up, controls.down));
    out.category_cases = cases.share(cases.class_up, cases.class_down);
    out.category_controls = controls.share(controls.class_down, controls.class_up);
    out.category_nri = out.category_cases + out.category_controls;
    out.category_error = std::sqrt(cases.variance(cases.class_up, cases.class_down) +
                                   controls.variance(controls.class_up, controls.class_down));
    out.idi = cases.mean() - controls.mean();
    out.idi_error = std::sqrt(cases.mean_variance() + controls.mean_variance());
    return out;
}

std::vector<NetBenefit> net_benefit(std::span<const double> risk, std::span<const double> cases,
                                    std::span<const double> controls,
                                    std::span<const double> thresholds) {
    std::vector<NetBenefit> out;
    const auto n = static_cast<double>(risk.size());
    for (const double threshold : thresholds) {
        const double odds = threshold / (1 - threshold);
        double sum = 0, squares = 0, all = 0, all_squares = 0;
        for (std::size_t i = 0; i < risk.size(); ++i) {
            const double value = cases[i] - odds * controls[i];
            all += value, all_squares += value * value;
            if (risk[i] >= threshold) sum += value, squares += value * value;
        }
        const auto interval = [n](double s, double ss) {
            const double mean = s / n;
            return wald_interval(mean, std::sqrt(std::max(0.0, ss / n - mean * mean) / n));
        };
        out.push_back({threshold, interval(sum, squares), interval(all, all_squares)});
    }
    return out;
}

double nagelkerke_r2(double log_likelihood, double log_likelihood_null, double n) noexcept {
    return -std::expm1(2 * (log_likelihood_null - log_likelihood) / n) /
           -std::expm1(2 * log_likelihood_null / n);
}

double liability_r2(double observed_r2, double prevalence, double cases) noexcept {
    const double t = -normal_quantile(prevalence);
    const double z = std::exp(-t * t / 2) / std::sqrt(2 * 3.14159265358979323846);
    const double k = prevalence, p = cases, i = z / k;
    const double c = k * (1 - k) * k * (1 - k) / (z * z * p * (1 - p));
    const double lift = i * (p - k) / (1 - k);
    const double theta = lift * (lift - t);
    return observed_r2 * c / (1 + observed_r2 * theta * c);
}

CalibrationCurve calibration_curve(std::span<const double> risk, std::span<const double> cases,
                                   std::span<const double> controls, std::size_t points) {
    CalibrationCurve out;
    const std::size_t n = risk.size();
    if (n == 0) return out;
    std::vector<double> logit;
    for (const double r : risk)
        logit.push_back(logit_of(r));
    std::string why;
    const auto formula = parse_formula("spline(x, 4)", why);
    const auto terms = expand(
        *formula, [&](const std::string&) { return logit; }, why);
    const std::size_t columns = terms.size() + 1;
    // Who is neither case nor control (censored) has no weight; nobody is both.
    std::vector<DesignBlock> blocks;
    blocks.emplace_back(columns, n);
    std::vector<std::vector<double>> outcome(1), weight(1);
    for (std::size_t i = 0; i < n; ++i) {
        outcome[0].push_back(cases[i] > 0 ? 1 : 0);
        weight[0].push_back(cases[i] + controls[i]);
        blocks[0].column(0)[i] = 1;
        for (std::size_t c = 1; c < columns; ++c)
            blocks[0].column(c)[i] = terms[c - 1].factors[0].value(logit[i]);
    }
    ColumnScales scales = column_scales(blocks, columns, n, join_alone);
    scales.mean[0] = 0, scales.deviation[0] = 1;
    standardise(blocks, scales);
    LogisticLikelihood likelihood({.design = blocks, .outcome = outcome, .weight = weight});
    NewtonFit fit = fit_newton(likelihood);
    out.converged = fit.state == FitState::converged;
    if (!out.converged) return out;
    std::vector<std::vector<double>> residuals;
    for (std::size_t c = 0; c < columns; ++c)
        residuals.push_back(likelihood.score_residuals(c));
    const std::size_t rows[] = {n};
    std::vector<double> covariance = sandwich(residuals, fit.covariance, join_alone, rows);
    restore_units_with_intercept(scales, fit.coefficients, covariance);
    std::vector<double> x(columns, 1.0);
    const auto at = [&](double value, double& error) {
        double eta = 0, variance = 0;
        for (std::size_t c = 1; c < columns; ++c)
            x[c] = terms[c - 1].factors[0].value(value);
        for (std::size_t a = 0; a < columns; ++a) {
            eta += fit.coefficients[a] * x[a];
            for (std::size_t b = 0; b < columns; ++b)
                variance += x[a] * covariance[a * columns + b] * x[b];
        }
        error = std::sqrt(std::max(0.0, variance));
        return eta;
    };
    const auto probability = [](double eta) { return 1 / (1 + std::exp(-eta)); };
    std::vector<double> gap, sorted = logit;
    double error = 0;
    for (std::size_t i = 0; i < n; ++i)
        gap.push_back(std::fabs(risk[i] - probability(at(logit[i], error))));
    out.ici = std::accumulate(gap.begin(), gap.end(), 0.0) / static_cast<double>(n);
    out.e50 = quantile_of(gap, 0.5);
    out.e90 = quantile_of(gap, 0.9);
    for (std::size_t k = 0; k < points; ++k) { // middle 98 %: the ends hang on single people
        const double p = 0.01 + 0.98 * static_cast<double>(k) /
                                    static_cast<double>(std::max<std::size_t>(points, 2) - 1);
        const double value = quantile_of(sorted, p), eta = at(value, error);
        out.predicted.push_back(probability(value));
        out.observed.push_back(probability(eta));
        out.lower.push_back(probability(eta - normal_975 * error));
        out.upper.push_back(probability(eta + normal_975 * error));
    }
    return out;
}

} // namespace salus
