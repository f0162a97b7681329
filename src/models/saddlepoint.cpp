#include "models/saddlepoint.hpp"

#include "models/tails.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

namespace salus {
namespace {

constexpr double settled = 1e-9; // step in standard deviations of the tilted score
constexpr int most_steps = 100;
const double log10_2 = std::log10(2.0);

/// Cumulant generating function of the score, its first two derivatives.
struct Cumulants {
    double k = 0, first = 0, second = 0;
};

class Score {
public:
    explicit Score(const SaddlepointProblem& problem) noexcept
        : problem_(problem), at_zero_(slope_sums(problem.exact, 0)) {}
    Cumulants at(double t) const noexcept {
        const SlopeSums s = slope_sums(problem_.exact, t);
        const double rest = t * problem_.rest_variance;
        return {.k = at_zero_.log_likelihood - s.log_likelihood + t * at_zero_.score +
                     0.5 * t * rest,
                .first = at_zero_.score - s.score + rest,
                .second = s.information + problem_.rest_variance};
    }

private:
    const SaddlepointProblem& problem_;
    SlopeSums at_zero_;
};

// -log10 P(Z >= x).
double upper_tail(double x) noexcept {
    const double beyond = normal_neg_log10_p(x) + log10_2;
    return x >= 0 ? beyond : -std::log1p(-std::pow(10.0, -beyond)) / std::numbers::ln10;
}

// Root of K'(t) = s beyond 0, on the side of s; K' rises.
std::optional<double> root(const Score& score, double s, double variance) noexcept {
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
        if (std::fabs(move) * std::sqrt(c.second) < settled) return t + move;
        double next = t + move;
        const bool inside =
            far == 0 ? std::fabs(next) < 8 * std::fabs(near) : (next - near) * (next - far) < 0;
        if (!inside) next = far == 0 ? 8 * near : 0.5 * (near + far);
        t = next;
    }
    return std::nullopt;
}

// -log10 of the tail beyond s, which is not 0.
std::optional<double> tail(const Score& score, double s, double variance) noexcept {
    const auto t = root(score, s, variance);
    if (!t) return std::nullopt;
    const Cumulants c = score.at(*t);
    const double square = 2 * (*t * s - c.k);
    if (!(square > 0) || !(c.second > 0)) return std::nullopt;
    const double w = std::sqrt(square), v = std::fabs(*t) * std::sqrt(c.second);
    const double p = upper_tail(w + std::log(v / w) / w);
    return std::isfinite(p) ? std::optional(p) : std::nullopt;
}

double sum_of_tails(double a, double b) noexcept {
    const double both =
        std::min(a, b) - std::log1p(std::pow(10.0, -std::fabs(a - b))) / std::numbers::ln10;
    return std::max(0.0, both);
}

} // namespace

SaddlepointTest saddlepoint_test(const SaddlepointProblem& problem) noexcept {
    const double deviation = std::sqrt(problem.variance), s = problem.score;
    SaddlepointTest test{.neg_log10_p = normal_neg_log10_p(s / deviation)};
    if (std::fabs(s) < 1e-3 * deviation) {
        test.converged = true;
        return test;
    }
    const Score score(problem);
    const auto upper = tail(score, std::fabs(s), problem.variance);
    const auto lower = tail(score, -std::fabs(s), problem.variance);
    // Where the other side cannot reach so far, only the observed side counts.
    const auto& own = s > 0 ? upper : lower;
    const auto& other = s > 0 ? lower : upper;
    if (!own) return test;
    test.neg_log10_p = other ? sum_of_tails(*own, *other) : *own;
    test.converged = true;
    return test;
}

} // namespace salus
