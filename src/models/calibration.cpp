#include "models/calibration.hpp"

#include "base/numbers.hpp"
#include "models/tails.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace salus {
namespace {

double logistic(double x) noexcept { return 1 / (1 + std::exp(-x)); }

/// Logistic model with slope 1: solves sum(outcome - p(eta + a)) = 0 by Newton's method.
Interval intercept_in_the_large(std::span<const double> eta, std::span<const double> outcome) {
    double a = 0, information = 0;
    for (int step = 0; step < 100; ++step) {
        double score = 0;
        information = 0;
        for (std::size_t i = 0; i < eta.size(); ++i) {
            const double p = logistic(eta[i] + a);
            score += outcome[i] - p;
            information += p * (1 - p);
        }
        if (!(information > 0)) return {nan, nan, nan};
        const double change = std::clamp(score / information, -2.0, 2.0);
        a += change;
        if (std::fabs(change) < 1e-12) return wald_interval(a, 1 / std::sqrt(information));
    }
    return {nan, nan, nan};
}

Interval mean_interval(std::span<const double> values) {
    const auto n = static_cast<double>(values.size());
    const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
    double squares = 0;
    for (const double x : values)
        squares += (x - mean) * (x - mean);
    return wald_interval(mean, values.size() > 1 ? std::sqrt(squares / (n - 1) / n) : nan);
}

} // namespace

Interval wald_interval(double estimate, double standard_error) noexcept {
    return {estimate, estimate - normal_975 * standard_error,
            estimate + normal_975 * standard_error};
}

Interval wilson_interval(double successes, double trials) noexcept {
    if (!(trials > 0)) return {nan, nan, nan};
    const double p = successes / trials, z2 = normal_975 * normal_975 / trials;
    const double centre = (p + z2 / 2) / (1 + z2);
    const double half = normal_975 * std::sqrt(p * (1 - p) / trials + z2 / (4 * trials)) / (1 + z2);
    return {p, std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

Calibration calibrate(OutcomeKind kind, std::span<const double> prediction,
                      std::span<const double> outcome) {
    Calibration result{{nan, nan, nan}, {nan, nan, nan}};
    std::vector<std::vector<double>> eta(1,
                                         std::vector<double>(prediction.begin(), prediction.end()));
    if (kind == OutcomeKind::binary)
        for (double& p : eta[0])
            p = std::log(p / (1 - p));
    const RegressionFit fit = fit_regression(kind, eta, outcome);
    if (fit.converged && !std::isnan(fit.standard_errors[0]))
        result.slope = wald_interval(fit.coefficients[0], fit.standard_errors[0]);
    if (kind == OutcomeKind::binary) {
        result.intercept = intercept_in_the_large(eta[0], outcome);
    } else if (!outcome.empty()) {
        std::vector<double> error(outcome.size());
        for (std::size_t i = 0; i < outcome.size(); ++i)
            error[i] = outcome[i] - prediction[i];
        result.intercept = mean_interval(error);
    }
    return result;
}

std::vector<CalibrationBin> calibration_bins(OutcomeKind kind, std::span<const double> prediction,
                                             std::span<const double> outcome, std::size_t bins) {
    std::vector<std::size_t> order(prediction.size());
    std::iota(order.begin(), order.end(), 0u);
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return prediction[a] != prediction[b] ? prediction[a] < prediction[b] : a < b;
    });
    bins = std::min(bins, order.size());
    std::vector<CalibrationBin> result;
    for (std::size_t b = 0; b < bins; ++b) {
        const std::size_t begin = b * order.size() / bins, end = (b + 1) * order.size() / bins;
        std::vector<double> observed;
        double predicted = 0, sum = 0;
        for (std::size_t k = begin; k < end; ++k) {
            observed.push_back(outcome[order[k]]);
            predicted += prediction[order[k]];
            sum += observed.back();
        }
        const auto people = static_cast<double>(end - begin);
        result.push_back({.people = end - begin,
                          .mean_prediction = predicted / people,
                          .observed = kind == OutcomeKind::binary ? wilson_interval(sum, people)
                                                                  : mean_interval(observed)});
    }
    return result;
}

} // namespace salus
