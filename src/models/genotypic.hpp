#pragma once

#include <optional>

namespace salus {

/// Sums of two genotype columns, carriers of any copy (a) and of two (b), after covariates, with a
/// residual or score.
struct PairSums {
    double aa = 0, ab = 0, bb = 0; // information
    double ay = 0, by = 0;         // score
};

/// Effects of one copy and of two against none, with their joint test of 2 degrees of freedom.
struct PairTest {
    double beta_one = 0, error_one = 0;
    double beta_two = 0, error_two = 0;
    double neg_log10_p = 0;
};

/// Least squares; F with 2 and residual_df degrees of freedom. `yy`: sum of squares of the trait
/// after covariates. An infinite neg_log10_p is a perfect fit. Empty if a and b are collinear.
std::optional<PairTest> fit_linear_pair(const PairSums& sums, double yy, double residual_df);

/// Score test and one-step estimates; the information is that of the score.
std::optional<PairTest> score_pair(const PairSums& sums);

/// -log10 of the chance of a larger chi-square with 2 degrees of freedom: exact.
double chi_square_2_neg_log10_p(double x) noexcept;

} // namespace salus
