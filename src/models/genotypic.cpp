#include "models/genotypic.hpp"

#include <cmath>
#include <limits>
#include <numbers>

namespace salus {
namespace {

// Share of the second column that the first must leave.
constexpr double pair_collinear_below = 1e-6;

/// Solution of the two equations with the inverse of their matrix.
struct Solution {
    double a, b, aa, ab, bb;
    double explained; // score' inverse score
};
std::optional<Solution> solve(const PairSums& s) {
    const double determinant = s.aa * s.bb - s.ab * s.ab;
    if (!(determinant > pair_collinear_below * s.aa * s.bb)) return std::nullopt;
    Solution out{.aa = s.bb / determinant, .ab = -s.ab / determinant, .bb = s.aa / determinant};
    out.a = out.aa * s.ay + out.ab * s.by;
    out.b = out.ab * s.ay + out.bb * s.by;
    out.explained = out.a * s.ay + out.b * s.by;
    return out;
}

// Two copies count in both columns.
PairTest test_of(const Solution& s, double variance, double neg_log10_p) {
    return {.beta_one = s.a,
            .error_one = std::sqrt(variance * s.aa),
            .beta_two = s.a + s.b,
            .error_two = std::sqrt(variance * (s.aa + 2 * s.ab + s.bb)),
            .neg_log10_p = neg_log10_p};
}

} // namespace

double chi_square_2_neg_log10_p(double x) noexcept { return 0.5 * x / std::numbers::ln10; }

std::optional<PairTest> fit_linear_pair(const PairSums& sums, double yy, double residual_df) {
    const auto found = solve(sums);
    if (!found) return std::nullopt;
    const double left = yy - found->explained;
    if (!(left > 1e-14 * yy)) return test_of(*found, 0, std::numeric_limits<double>::infinity());
    // P(F > f) = (1 + 2 f / df)^(-df / 2) with 2 degrees of freedom above.
    const double p = 0.5 * residual_df * std::log1p(found->explained / left) / std::numbers::ln10;
    return test_of(*found, left / residual_df, p);
}

std::optional<PairTest> score_pair(const PairSums& sums) {
    const auto found = solve(sums);
    if (!found) return std::nullopt;
    return test_of(*found, 1, chi_square_2_neg_log10_p(found->explained));
}

} // namespace salus
