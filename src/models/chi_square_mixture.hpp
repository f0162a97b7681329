#pragma once

#include <span>
#include <vector>

namespace salus {

/// Distribution of a weighted sum of independent chi-square variables with one degree of freedom
/// each.
///
/// Tails come from the inversion integral of the moment generating function along a curve through
/// the saddle point that bends with the path of steepest descent (Rice 1980,
/// doi:10.1137/0901032): the value at the saddle point is a factor, so that tails keep their
/// relative accuracy however small they are. Relative error below 1e-9 (absolute below 1e-12 where
/// the tail is near 1), checked against closed forms. Cost of a tail: 30 to 300 points x weights.
class ChiSquareMixture {
public:
    ChiSquareMixture() = default;
    /// Weights that are not above 1e-12 of the largest are left out, as rounding of zero.
    explicit ChiSquareMixture(std::span<const double> weights);

    bool empty() const noexcept { return weights_.empty(); }
    double mean() const noexcept { return mean_; }
    double variance() const noexcept { return variance_; }

    /// log P(Q > q), natural logarithm; 0 for q <= 0. Without weights, -infinity for q > 0.
    double log_tail(double q) const { return evaluate(q).log_tail; }
    double neg_log10_p(double q) const;
    /// The q with log_tail(q) = `log_tail`, to 1e-10 relative; `log_tail` < 0. InternalError if
    /// empty. `start` is a first guess; 0 for none.
    double quantile(double log_tail, double start = 0) const;

    /// The same from the chi-square with its mean, variance and kurtosis (Liu 2009,
    /// doi:10.1016/j.csda.2008.11.025, with kurtosis in place of skewness).
    double matched_quantile(double log_tail) const;

private:
    struct Point {
        double log_tail = 0, log_density = 0;
    };
    struct Curve;
    Point evaluate(double q) const;
    Curve curve_at(double x) const;

    double scale_ = 0, mean_ = 0, variance_ = 0;
    std::vector<double> weights_; // relative to scale_, the largest is 1
};

/// log P(Q > q) of one mixture for many q: panels of Chebyshev polynomials in sqrt(q).
class MixtureTable {
public:
    /// Covers [0, largest]; error of log_tail below 1e-6. `mixture` must not be empty.
    MixtureTable(const ChiSquareMixture& mixture, double largest);
    /// `q` at most `largest`; 0 for q <= 0. O(log panels).
    double log_tail(double q) const noexcept;

private:
    static constexpr int degree = 20;
    struct Panel {
        double first, last;
        double coefficients[degree];
    };
    void add(const ChiSquareMixture& mixture, double first, double last, int depth);
    std::vector<Panel> panels_; // ascending in sqrt(q)
};

} // namespace salus
