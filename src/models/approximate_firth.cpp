#include "models/approximate_firth.hpp"

#include "models/tails.hpp"

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

constexpr double settled = 1e-8;       // squared step in standard errors; the step is still taken
constexpr double longest_step = 5;     // of the coefficient
constexpr double error_allowed = 1e-5; // of the penalised likelihood
constexpr int most_steps = 50, most_halvings = 20;

/// The penalised likelihood and its derivatives at some b.
struct Point {
    double b = 0, likelihood = 0, score = 0, information = 0;
    double curvature = 0; // minus the second derivative, or the information where that is positive
};

Point evaluate(const SlopeColumns& exact, const SlopeMoments& rest, double b) noexcept {
    SlopeSums s = slope_sums(exact, b);
    s.log_likelihood += b * (rest.score - b * (rest.information / 2 + b * rest.third / 6));
    s.score += rest.score - b * (rest.information + b * rest.third / 2);
    s.information += rest.information + b * rest.third;
    s.third += rest.third;
    const double ratio = s.third / s.information;
    const double own = s.information - 0.5 * (s.fourth / s.information - ratio * ratio);
    return {.b = b,
            .likelihood = s.log_likelihood + 0.5 * std::log(s.information),
            .score = s.score + 0.5 * ratio,
            .information = s.information,
            .curvature = own > 0.1 * s.information ? own : s.information};
}

// What the fourth order of the rest can change in l*: k4 of a Bernoulli is at most its variance,
// which grows at most by e where |b slope| < 1.
double error_bound(const SlopeMoments& rest, const Point& at) noexcept {
    const double reach = std::fabs(at.b) * rest.largest_slope;
    if (rest.information <= 0) return 0;
    if (!(reach < 1)) return INFINITY;
    const double square = rest.largest_slope * rest.largest_slope, b2 = at.b * at.b;
    return std::exp(1.0) * square * rest.information * b2 * (b2 / 24 + 0.25 / at.information);
}

} // namespace

FirthTest approximate_firth(const SlopeColumns& exact, const SlopeMoments& rest) noexcept {
    Point at = evaluate(exact, rest, 0);
    const double null = at.likelihood;
    FirthTest test;
    if (!(at.information > 0)) return test;
    for (int steps = 0; steps < most_steps; ++steps) {
        double step = std::clamp(at.score / at.curvature, -longest_step, longest_step);
        if (step * step * at.curvature < settled) {
            at.b += step;
            at.likelihood += 0.5 * step * at.score;
            test.converged = true;
            break;
        }
        Point next;
        for (int halving = 0;; ++halving, step *= 0.5) {
            next = evaluate(exact, rest, at.b + step);
            if (next.likelihood >= at.likelihood - 1e-10 * (1 + std::fabs(at.likelihood))) break;
            if (halving == most_halvings) return test;
        }
        at = next;
    }
    test.converged = test.converged && error_bound(rest, at) <= error_allowed;
    test.beta = at.b;
    test.standard_error = 1 / std::sqrt(at.information);
    test.chi_square = std::max(0.0, 2 * (at.likelihood - null));
    test.neg_log10_p = chi_square_neg_log10_p(test.chi_square);
    return test;
}

} // namespace salus
