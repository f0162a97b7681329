#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace salus {

/// Covariates of one sample set, centred and orthonormal: with the intercept they span the same
/// space.
struct CovariateBasis {
    std::vector<std::vector<double>> columns; // [kept covariate][sample]: sum 0, length 1
    std::vector<std::size_t> constant; // inputs that do not vary, left out: the intercept has them

    /// An input that is a linear combination of the intercept and earlier ones.
    struct Dependence {
        std::size_t column = 0;
        std::vector<std::size_t> on; // the earlier inputs that it is a combination of
    };
    std::optional<Dependence> dependence; // the first found; `columns` is then incomplete
};

/// Gram-Schmidt with reorthogonalisation, in the given order. A column is dependent if less than
/// 1e-7 of its length (after centring) remains, constant if its centred length is below 1e-10 of
/// its length. `covariates`: [covariate][sample], finite. O(N C^2).
CovariateBasis orthonormal_basis(std::span<const std::vector<double>> covariates);

/// What is left of `values` after the intercept and the basis (residuals of least squares).
std::vector<double> residuals(const CovariateBasis& basis, std::span<const double> values);

/// Values replaced by normal quantiles of (rank - 3/8) / (n + 1/4); ties get their mean rank.
/// Blom 1958; O(n log n).
std::vector<double> rank_inverse_normal(std::span<const double> values);

/// Sums over samples of genotype g and trait y after the covariates are projected out of both.
struct LinearSums {
    double gg = 0, gy = 0, yy = 0;
    double residual_df = 0; // samples - covariates - 2
};

/// Slope of one variant in multiple linear regression. `neg_log10_p` is of Student's t.
struct LinearFit {
    double beta = 0, standard_error = 0, neg_log10_p = 0;
    double t = 0;
};

/// Least squares by Frisch, Waugh & Lovell (doi:10.2307/1907330): exact given the sums. gg and
/// residual_df must be positive. A perfect fit gives standard_error 0 and infinite t and
/// neg_log10_p.
LinearFit fit_linear(const LinearSums& sums) noexcept;

} // namespace salus
