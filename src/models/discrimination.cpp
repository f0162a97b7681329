#include "models/discrimination.hpp"

#include "base/numbers.hpp"
#include "kernels/radix_order.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace salus {
namespace {

double covariance(std::span<const double> a, std::span<const double> b, double mean_a,
                  double mean_b) {
    if (a.size() < 2) return nan;
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        sum += (a[i] - mean_a) * (b[i] - mean_b);
    return sum / static_cast<double>(a.size() - 1);
}

/// Share of controls below each case, and of cases above each control, ties counted half.
struct Placements {
    std::vector<double> cases, controls;
    double auc = 0;
};

Placements place(std::span<const double> predictor, std::span<const double> outcome) {
    std::vector<double> of_cases, of_controls;
    for (std::size_t i = 0; i < outcome.size(); ++i)
        (outcome[i] != 0 ? of_cases : of_controls).push_back(predictor[i]);
    const auto all = midranks(predictor);
    const auto case_ranks = midranks(of_cases), control_ranks = midranks(of_controls);
    const auto n1 = static_cast<double>(of_cases.size()),
               n0 = static_cast<double>(of_controls.size());
    Placements p;
    for (std::size_t i = 0; i < outcome.size(); ++i) {
        if (outcome[i] != 0)
            p.cases.push_back((all[i] - case_ranks[p.cases.size()]) / n0);
        else
            p.controls.push_back(1 - (all[i] - control_ranks[p.controls.size()]) / n1);
    }
    p.auc = std::accumulate(p.cases.begin(), p.cases.end(), 0.0) / n1;
    return p;
}

} // namespace

std::vector<double> midranks(std::span<const double> values) {
    const auto order = ascending_order(values);
    std::vector<double> ranks(values.size());
    for (std::size_t begin = 0; begin < order.size();) {
        std::size_t end = begin + 1;
        while (end < order.size() && values[order[end]] == values[order[begin]])
            ++end;
        for (std::size_t k = begin; k < end; ++k)
            ranks[order[k]] = 0.5 * static_cast<double>(begin + 1 + end);
        begin = end;
    }
    return ranks;
}

double DeLong::difference_variance(std::size_t a, std::size_t b) const noexcept {
    return std::max(0.0, variance(a) + variance(b) - 2 * covariance[a * auc.size() + b]);
}

DeLong delong(std::span<const std::vector<double>> predictors, std::span<const double> outcome) {
    const std::size_t k = predictors.size();
    DeLong result{.auc = std::vector<double>(k, nan),
                  .covariance = std::vector<double>(k * k, nan)};
    const auto cases = static_cast<std::size_t>(
        std::count_if(outcome.begin(), outcome.end(), [](double y) { return y != 0; }));
    if (cases == 0 || cases == outcome.size()) return result;
    std::vector<Placements> placed;
    for (std::size_t a = 0; a < k; ++a) {
        placed.push_back(place(predictors[a], outcome));
        result.auc[a] = placed[a].auc;
    }
    const auto n1 = static_cast<double>(cases), n0 = static_cast<double>(outcome.size() - cases);
    for (std::size_t a = 0; a < k; ++a)
        for (std::size_t b = 0; b < k; ++b)
            result.covariance[a * k + b] =
                covariance(placed[a].cases, placed[b].cases, placed[a].auc, placed[b].auc) / n1 +
                covariance(placed[a].controls, placed[b].controls, placed[a].auc, placed[b].auc) /
                    n0;
    return result;
}

std::vector<RocPoint> roc_curve(std::span<const double> predictor, std::span<const double> outcome,
                                std::size_t points) {
    const auto cases = static_cast<double>(
        std::count_if(outcome.begin(), outcome.end(), [](double y) { return y != 0; }));
    const double controls = static_cast<double>(outcome.size()) - cases;
    std::vector<RocPoint> curve;
    if (cases == 0 || controls == 0) return curve;
    curve.push_back({std::numeric_limits<double>::infinity(), 0, 0});
    const auto order = ascending_order(predictor);
    double true_positive = 0, false_positive = 0;
    for (std::size_t k = order.size(); k-- > 0;) {
        (outcome[order[k]] != 0 ? true_positive : false_positive) += 1;
        if (k > 0 && predictor[order[k - 1]] == predictor[order[k]]) continue;
        const RocPoint point{predictor[order[k]], false_positive / controls, true_positive / cases};
        const double step = 1 / static_cast<double>(std::max<std::size_t>(1, points));
        const RocPoint& last = curve.back();
        if (k == 0 || point.false_positive_rate >= last.false_positive_rate + step ||
            point.true_positive_rate >= last.true_positive_rate + step)
            curve.push_back(point);
    }
    return curve;
}

double correlation(std::span<const double> a, std::span<const double> b) noexcept {
    const auto n = static_cast<double>(a.size());
    if (a.size() < 2) return 0;
    const double mean_a = std::accumulate(a.begin(), a.end(), 0.0) / n;
    const double mean_b = std::accumulate(b.begin(), b.end(), 0.0) / n;
    double aa = 0, bb = 0, ab = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const double x = a[i] - mean_a, y = b[i] - mean_b;
        aa += x * x, bb += y * y, ab += x * y;
    }
    return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0;
}

double prediction_r2(std::span<const double> prediction, std::span<const double> outcome) noexcept {
    const double r = correlation(prediction, outcome);
    return r > 0 ? r * r : 0;
}

} // namespace salus
