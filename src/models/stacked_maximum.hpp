#pragma once

#include "models/float_cholesky.hpp"
#include "models/stacked_ridge.hpp"

#include <functional>
#include <vector>

namespace salus {

/// The maximum of l(eta) - penalty / 2 |a|^2 over a, eta = offset + W a.
class StackedMaximum {
public:
    /// Fills residual = dl / d eta and weight, whose diagonal matrix is at least minus the second
    /// derivative of l, both zero for samples that do not count; returns l. All [sample], padded.
    using Likelihood = std::function<double(std::span<const double> eta, std::span<double> residual,
                                            std::span<double> weight)>;
    struct Point {
        std::vector<double> coefficients, gradient; // of l
        std::vector<double> eta, residual, weight;  // [sample], padded
        double log_likelihood = 0;
        double penalised(double penalty) const;
    };

    StackedMaximum(const PredictorRows& rows, std::span<const double> offset,
                   Likelihood likelihood);
    Point evaluate(std::vector<double> coefficients) const;
    /// All coefficients 0, and their information.
    Point start();
    /// Newton's method from `point`, with an information matrix W' diag(weight) W that is renewed
    /// only where steps do not shrink, and step halving. Whether the squared step in units of
    /// standard errors came below 1e-9.
    bool maximise(double penalty, Point& point);
    SquareMatrix information(const Point& point) const;
    void set_information(SquareMatrix matrix) { information_ = std::move(matrix); }
    const SquareMatrix& last_information() const noexcept { return information_; }

private:
    bool advance(double penalty, const std::vector<double>& step, Point& point) const;
    const PredictorRows& rows_;
    std::span<const double> offset_;
    Likelihood likelihood_;
    SquareMatrix information_;
};

} // namespace salus
