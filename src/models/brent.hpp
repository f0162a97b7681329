#pragma once

#include <cmath>
#include <limits>

namespace salus {

/// Where f has a local minimum in [low, high]: golden sections and parabolas, until the place is
/// known to `tolerance`. About 40 evaluations. Brent 1973, Algorithms for Minimization without
/// Derivatives, chapter 5.
template <class F>
double brent_minimum(F&& f, double low, double high, double tolerance) {
    const double golden = 0.5 * (3 - std::sqrt(5.0));
    const double epsilon = std::sqrt(std::numeric_limits<double>::epsilon());
    double best = low + golden * (high - low), second = best, third = best;
    double f_best = f(best), f_second = f_best, f_third = f_best;
    double step = 0, before = 0; // the last step and the one before it
    for (;;) {
        const double middle = 0.5 * (low + high);
        const double least = epsilon * std::fabs(best) + tolerance / 3, twice = 2 * least;
        if (std::fabs(best - middle) <= twice - 0.5 * (high - low)) return best;
        double p = 0, q = 0, r = 0;
        if (std::fabs(before) > least) { // the parabola through the three points
            r = (best - second) * (f_best - f_third);
            q = (best - third) * (f_best - f_second);
            p = (best - third) * q - (best - second) * r;
            q = 2 * (q - r);
            if (q > 0)
                p = -p;
            else
                q = -q;
            r = before;
            before = step;
        }
        if (std::fabs(p) >= std::fabs(0.5 * q * r) || p <= q * (low - best) ||
            p >= q * (high - best)) {
            before = best < middle ? high - best : low - best;
            step = golden * before;
        } else {
            step = p / q;
            const double next = best + step;
            if (next - low < twice || high - next < twice) step = best >= middle ? -least : least;
        }
        const double next = best + (std::fabs(step) >= least ? step : step > 0 ? least : -least);
        const double f_next = f(next);
        if (f_next <= f_best) {
            (next < best ? high : low) = best;
            third = second, f_third = f_second;
            second = best, f_second = f_best;
            best = next, f_best = f_next;
            continue;
        }
        (next < best ? low : high) = next;
        if (f_next <= f_second || second == best) {
            third = second, f_third = f_second;
            second = next, f_second = f_next;
        } else if (f_next <= f_third || third == best || third == second) {
            third = next, f_third = f_next;
        }
    }
}

} // namespace salus
