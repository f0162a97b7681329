#pragma once

#include "kernels/logistic_sums.hpp"
#include "models/approximate_firth.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace salus {

/// Sums over all samples with which the likelihood at slopes that are combinations of covariates,
/// slope_i = -x_i'c, is known up to the third order without looking at the samples.
struct CovariateMoments {
    std::size_t columns = 0;
    std::vector<double> score;       // [a]: sum of x_a (y - mu)
    std::vector<double> information; // [a][b]: sum of w x_a x_b
    std::vector<double> third;       // [a][b][c]: sum of w (1 - 2 mu) x_a x_b x_c
    double longest_row = 0;          // largest |x_i|

    /// The moments at slope_i = -x_i'c. O(columns^3).
    SlopeMoments at(std::span<const double> c) const noexcept;
};

/// `logit`: of mu, padded. O(N C^3 / 2) time, 3 N + C^3 doubles.
CovariateMoments covariate_moments(const DesignColumns& design, std::span<const double> outcome,
                                   std::span<const double> logit);

} // namespace salus
