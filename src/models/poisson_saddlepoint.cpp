#include "models/poisson_saddlepoint.hpp"

#include "base/numbers.hpp"
#include "models/tails.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace salus {
namespace {

constexpr double two_sided = 0.30102999566398119521; // log10(2)

// -log10 of P(Z >= r) for any r.
double upper_neg_log10(double r) noexcept {
    const double both = normal_neg_log10_p(r);
    if (r >= 0) return both + two_sided;
    return -std::log1p(-0.5 * std::pow(10.0, -both)) * std::numbers::log10e;
}

// -log10 (10^-a + 10^-b)
double add_neg_log10(double a, double b) noexcept {
    const double low = std::min(a, b), high = std::max(a, b);
    if (std::isinf(high)) return low;
    return low - std::log1p(std::pow(10.0, low - high)) * std::numbers::log10e;
}

} // namespace

void PoissonSaddlepoint::find_moments(const PoissonScore& problem) noexcept {
    constexpr std::size_t lanes = 4;
    double sums[orders][lanes] = {};
    longest_ = 0;
    const std::size_t rows = problem.slope.size();
    const auto add = [&](std::size_t i, std::size_t lane) {
        const double g = problem.slope[i];
        longest_ = std::max(longest_, std::fabs(g));
        double power = problem.mean[i] * g;
        for (std::size_t k = 2; k < orders; ++k) {
            power *= g;
            sums[k][lane] += power;
        }
    };
    std::size_t i = 0;
    for (; i + lanes <= rows; i += lanes)
        for (std::size_t l = 0; l < lanes; ++l)
            add(i + l, l);
    for (; i < rows; ++i)
        add(i, i % lanes);
    double factorial = 1;
    for (std::size_t k = 2; k < orders; ++k) {
        factorial *= static_cast<double>(k);
        moments_[k] = ((sums[k][0] + sums[k][1]) + (sums[k][2] + sums[k][3])) / factorial;
    }
    variance_ = 2 * moments_[2] + problem.rest_variance;
}

PoissonSaddlepoint::Cumulants PoissonSaddlepoint::cumulants(const PoissonScore& problem,
                                                            double t) const noexcept {
    Cumulants sum{.value = 0.5 * t * t * problem.rest_variance,
                  .slope = t * problem.rest_variance,
                  .curvature = problem.rest_variance};
    if (longest_ * std::fabs(t) <= 1) {
        double value = 0, slope = 0, curvature = 0;
        for (std::size_t k = orders; k-- > 2;) {
            const auto order = static_cast<double>(k);
            value = value * t + moments_[k];
            slope = slope * t + order * moments_[k];
            curvature = curvature * t + order * (order - 1) * moments_[k];
        }
        sum.value += value * t * t;
        sum.slope += slope * t;
        sum.curvature += curvature;
        return sum;
    }
    for (std::size_t i = 0; i < problem.slope.size(); ++i) {
        const double g = problem.slope[i], m = problem.mean[i], x = g * t;
        const double grown = std::expm1(x);
        sum.value += m * (grown - x);
        sum.slope += m * g * grown;
        sum.curvature += m * g * g * (grown + 1);
    }
    return sum;
}

// Whether no counts give a score so far out: without a normal part, and if all slopes have the
// other sign, the score of no event at all is the last one.
bool PoissonSaddlepoint::unreachable(const PoissonScore& problem, double score) noexcept {
    if (problem.rest_variance > 0) return false;
    double last = 0;
    for (std::size_t i = 0; i < problem.slope.size(); ++i) {
        if (problem.slope[i] * score > 0) return false;
        last += problem.mean[i] * std::fabs(problem.slope[i]);
    }
    return std::fabs(score) >= last;
}

// The root of K'(t) = score on the side of the score. False if there is none.
bool PoissonSaddlepoint::solve(const PoissonScore& problem, double score,
                               double& t) const noexcept {
    const double sign = score < 0 ? -1 : 1, deviation = std::sqrt(variance_);
    double low = 0, high = infinity; // |t| of the root lies between
    double at = std::fabs(score) / variance_;
    for (int step = 0; step < 200; ++step) {
        const Cumulants k = cumulants(problem, sign * at);
        const double excess = sign * k.slope - std::fabs(score);
        if (std::fabs(excess) <= 1e-10 * deviation) {
            t = sign * at;
            return true;
        }
        if (std::isnan(excess) || excess > 0)
            high = at;
        else
            low = at;
        double next = at - excess / k.curvature;
        if (!(next > low && next < high)) next = std::isinf(high) ? 2 * at : 0.5 * (low + high);
        if (next == at) return false;
        at = next;
    }
    return false;
}

// -log10 of P(S >= score) for a positive score, P(S <= score) for a negative one.
double PoissonSaddlepoint::tail(const PoissonScore& problem, double score,
                                bool& converged) const noexcept {
    double t = 0;
    if (unreachable(problem, score)) return infinity;
    if (!solve(problem, score, t)) {
        converged = false;
        return 0;
    }
    const Cumulants k = cumulants(problem, t);
    const double w = std::sqrt(std::max(0.0, 2 * (t * k.slope - k.value)));
    const double v = std::fabs(t) * std::sqrt(k.curvature);
    const double r = w + std::log(v / w) / w;
    if (!std::isfinite(r)) {
        converged = false;
        return 0;
    }
    return upper_neg_log10(r);
}

PoissonTail PoissonSaddlepoint::test(const PoissonScore& problem) {
    find_moments(problem);
    const double z = problem.score / std::sqrt(variance_);
    const PoissonTail normal{.neg_log10_p = normal_neg_log10_p(z), .converged = false};
    if (!(variance_ > 0) || !(std::fabs(z) > 1e-3)) return {normal.neg_log10_p, variance_ > 0};
    bool converged = true;
    const double same = tail(problem, problem.score, converged);
    const double other = tail(problem, -problem.score, converged);
    if (!converged || std::isinf(same)) return normal;
    return {std::max(0.0, add_neg_log10(same, other)), true};
}

} // namespace salus
