#include "models/approximate_firth.hpp"

#include "models/tails.hpp"

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

constexpr double firth_settled = 1e-8;   // squared step in standard errors; the step is still taken
constexpr double firth_longest_step = 5; // of the coefficient
constexpr double error_allowed = 1e-5;   // of the penalised likelihood
constexpr double series_error_allowed = 1e-7;
constexpr int firth_steps_max = 50, firth_halvings_max = 20;

/// The penalised likelihood and its derivatives at some b.
struct FirthPoint {
    double b = 0, likelihood = 0, score = 0, information = 0;
    double curvature = 0; // minus the second derivative, or the information where that is positive
};

FirthPoint penalised(const SlopeSums& s, double b) noexcept {
    const double ratio = s.third / s.information;
    const double own = s.information - 0.5 * (s.fourth / s.information - ratio * ratio);
    return {.b = b,
            .likelihood = s.log_likelihood + 0.5 * std::log(s.information),
            .score = s.score + 0.5 * ratio,
            .information = s.information,
            .curvature = own > 0.1 * s.information ? own : s.information};
}

FirthPoint evaluate(const SlopeColumns& exact, const SlopeMoments& rest, double b) noexcept {
    SlopeSums s = slope_sums(exact, b);
    s.log_likelihood += b * (rest.score - b * (rest.information / 2 + b * rest.third / 6));
    s.score += rest.score - b * (rest.information + b * rest.third / 2);
    s.information += rest.information + b * rest.third;
    s.third += rest.third;
    return penalised(s, b);
}

// Sum of cumulants[k] b^(k - first) / (k - first)! from k = first on.
double series_from(std::size_t first, const SlopePowers& series, double b) noexcept {
    double sum = 0;
    for (std::size_t k = series.cumulants.size(); k-- > first;)
        sum = series.cumulants[k] + sum * b / static_cast<double>(k - first + 1);
    return sum;
}

FirthPoint evaluate(const SlopePowers& series, double b) noexcept {
    SlopeSums s{.information = series_from(2, series, b),
                .third = series_from(3, series, b),
                .fourth = series_from(4, series, b)};
    const double first = series_from(1, series, b); // cumulants[1] is 0
    s.score = series.score - first;
    s.log_likelihood = b * series.score - series_from(0, series, b);
    return penalised(s, b);
}

// What the eleventh order can change in l*, by Lagrange's form of the rest: the eleventh cumulant
// is at most 94 w, and w grows at most by exp |b slope| on the way.
double error_bound(const SlopePowers& series, const FirthPoint& at) noexcept {
    const double size = std::fabs(at.b), reach = size * series.steepest;
    if (!(reach < 4)) return INFINITY;
    const double eleventh = 94 * std::exp(reach) * std::sqrt(series.tenth * series.twelfth);
    const double ninth_power = std::pow(size, 9);
    return eleventh * ninth_power * (size * size / 39916800 + 0.5 / (362880 * at.information));
}

// What the fourth order of the rest can change in l*: k4 of a Bernoulli is at most its variance,
// which grows at most by e where |b slope| < 1.
double error_bound(const SlopeMoments& rest, const FirthPoint& at) noexcept {
    const double reach = std::fabs(at.b) * rest.largest_slope;
    if (rest.information <= 0) return 0;
    if (!(reach < 1)) return INFINITY;
    const double square = rest.largest_slope * rest.largest_slope, b2 = at.b * at.b;
    return std::exp(1.0) * square * rest.information * b2 * (b2 / 24 + 0.25 / at.information);
}

/// Newton's method on `evaluate`, from b = 0; `last` is where it ended.
template <class Evaluate>
FirthTest maximise(Evaluate&& evaluate_at, FirthPoint& last) noexcept {
    FirthPoint at = evaluate_at(0);
    const double null = at.likelihood;
    FirthTest test;
    if (!(at.information > 0)) return test;
    for (int steps = 0; steps < firth_steps_max; ++steps) {
        double step = std::clamp(at.score / at.curvature, -firth_longest_step, firth_longest_step);
        if (step * step * at.curvature < firth_settled) {
            at.b += step;
            at.likelihood += 0.5 * step * at.score;
            test.converged = true;
            break;
        }
        FirthPoint next;
        for (int halving = 0;; ++halving, step *= 0.5) {
            next = evaluate_at(at.b + step);
            if (next.likelihood >= at.likelihood - 1e-10 * (1 + std::fabs(at.likelihood))) break;
            if (halving == firth_halvings_max) return test;
        }
        at = next;
    }
    test.beta = at.b;
    test.standard_error = 1 / std::sqrt(at.information);
    test.chi_square = std::max(0.0, 2 * (at.likelihood - null));
    test.neg_log10_p = chi_square_neg_log10_p(test.chi_square);
    last = at;
    return test;
}

} // namespace

FirthTest approximate_firth(const SlopeColumns& exact, const SlopeMoments& rest) noexcept {
    FirthPoint last;
    FirthTest test = maximise([&](double b) { return evaluate(exact, rest, b); }, last);
    test.converged = test.converged && error_bound(rest, last) <= error_allowed;
    return test;
}

FirthTest approximate_firth(const SlopePowers& series) noexcept {
    FirthPoint last;
    FirthTest test = maximise([&](double b) { return evaluate(series, b); }, last);
    test.converged = test.converged && error_bound(series, last) <= series_error_allowed;
    return test;
}

} // namespace salus
