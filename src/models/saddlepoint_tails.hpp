#pragma once

#include "models/tails.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

namespace salus {

/// Cumulant generating function of a score of mean 0, and its first two derivatives.
struct Cumulants {
    double k = 0, first = 0, second = 0;
};

struct SaddlepointTest {
    double neg_log10_p = 0; // two-sided: both tails beyond |score|
    bool converged = false; // else neg_log10_p is of the normal approximation
};

namespace detail {

inline constexpr double saddlepoint_settled = 1e-9; // in standard deviations of the tilted score

// -log10 P(Z >= x).
inline double upper_tail(double x) noexcept {
    const double beyond = normal_neg_log10_p(x) + std::log10(2.0);
    return x >= 0 ? beyond : -std::log1p(-std::pow(10.0, -beyond)) / std::numbers::ln10;
}

// Root of K'(t) = s beyond 0, on the side of s; K' rises.
template <class Score>
std::optional<double> saddlepoint(const Score& score, double s, double variance) noexcept {
    constexpr int most_steps = 100;
    double near = 0, far = 0; // K'(near) is below s in magnitude, K'(far) above; far = 0: unknown
    double t = s / variance;
    for (int step = 0; step < most_steps; ++step) {
        const Cumulants c = score.at(t);
        if (!std::isfinite(c.first)) return std::nullopt;
        const double short_by = s - c.first;
        if ((short_by > 0) == (s > 0))
            near = t;
        else
            far = t;
        if (!(c.second > 0)) {
            if (far == 0) return std::nullopt;
            t = 0.5 * (near + far);
            continue;
        }
        const double move = short_by / c.second;
        if (std::fabs(move) * std::sqrt(c.second) < saddlepoint_settled) return t + move;
        double next = t + move;
        const bool inside =
            far == 0 ? std::fabs(next) < 8 * std::fabs(near) : (next - near) * (next - far) < 0;
        if (!inside) next = far == 0 ? 8 * near : 0.5 * (near + far);
        t = next;
    }
    return std::nullopt;
}

// -log10 of the tail beyond s, which is not 0.
template <class Score>
std::optional<double> saddlepoint_tail(const Score& score, double s, double variance) noexcept {
    const auto t = saddlepoint(score, s, variance);
    if (!t) return std::nullopt;
    const Cumulants c = score.at(*t);
    const double square = 2 * (*t * s - c.k);
    if (!(square > 0) || !(c.second > 0)) return std::nullopt;
    const double w = std::sqrt(square), v = std::fabs(*t) * std::sqrt(c.second);
    const double p = upper_tail(w + std::log(v / w) / w);
    return std::isfinite(p) ? std::optional(p) : std::nullopt;
}

inline double sum_of_tails(double a, double b) noexcept {
    const double both =
        std::min(a, b) - std::log1p(std::pow(10.0, -std::fabs(a - b))) / std::numbers::ln10;
    return std::max(0.0, both);
}

} // namespace detail

/// Two-sided p of the score s by Lugannani and Rice: `score.at(t)` gives its Cumulants.
template <class Score>
SaddlepointTest saddlepoint_tails(const Score& score, double s, double variance) noexcept {
    const double deviation = std::sqrt(variance);
    SaddlepointTest test{.neg_log10_p = normal_neg_log10_p(s / deviation)};
    if (std::fabs(s) < 1e-3 * deviation) {
        test.converged = true;
        return test;
    }
    const auto upper = detail::saddlepoint_tail(score, std::fabs(s), variance);
    const auto lower = detail::saddlepoint_tail(score, -std::fabs(s), variance);
    // Where the other side cannot reach so far, only the observed side counts.
    const auto& own = s > 0 ? upper : lower;
    const auto& other = s > 0 ? lower : upper;
    if (!own) return test;
    test.neg_log10_p = other ? detail::sum_of_tails(*own, *other) : *own;
    test.converged = true;
    return test;
}

} // namespace salus
