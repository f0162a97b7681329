#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace salus {

/// A score S = sum slope (d - mean) of Poisson counts d, as the score of a Cox model is one of
/// events.
struct PoissonScore {
    std::span<const double> slope, mean; // of the rows that are summed one by one
    double rest_variance = 0;            // of the part of all others, which enters as normal
    double score = 0;                    // S as observed
};

struct PoissonTail {
    double neg_log10_p = 0; // two-sided: both tails beyond |score|
    bool converged = false; // else neg_log10_p is of the normal approximation
};

/// Two-sided p by the saddle-point approximation of Lugannani and Rice to K(t) = sum mean
/// (e^(slope t) - 1 - slope t) + t^2 rest_variance / 2, tail by tail. Where |slope t| <= 1 for all
/// rows, K comes from the moments of orders 2 to 16 (relative error below 1e-12): one pass over the
/// rows; else each step of Newton's method takes one. One object per thread. A tail that no count
/// can reach has probability 0. Dey et al. 2017, doi:10.1016/j.ajhg.2017.05.014; for Cox models
/// Dey et al. 2022, doi:10.1038/s41467-022-32885-x.
class PoissonSaddlepoint {
public:
    PoissonTail test(const PoissonScore& problem);

    /// K and its derivatives at t.
    struct Cumulants {
        double value = 0, slope = 0, curvature = 0;
    };

private:
    Cumulants cumulants(const PoissonScore& problem, double t) const noexcept;
    void find_moments(const PoissonScore& problem) noexcept;
    static bool unreachable(const PoissonScore& problem, double score) noexcept;
    bool solve(const PoissonScore& problem, double score, double& t) const noexcept;
    double tail(const PoissonScore& problem, double score, bool& converged) const noexcept;

    static constexpr std::size_t orders = 17;
    double moments_[orders] = {}; // [order] sum of mean slope^order / order!
    double longest_ = 0;          // largest |slope|
    double variance_ = 0;         // K''(0)
};

} // namespace salus
