#pragma once

namespace salus {

/// The 0.975 quantile of the standard normal distribution: half the width of a 95 % interval in
/// standard errors.
inline constexpr double normal_975 = 1.959963984540054;

/// -log10 of the two-sided p-value of a standard normal statistic, P(|Z| >= |z|), without
/// underflow: finite for every finite z. Relative error below 1e-12 (absolute below 1e-15 where p
/// is near 1). NaN gives NaN. Cody 1969 (erfc of the C library) and the continued fraction
/// DLMF 7.9.3.
double normal_neg_log10_p(double z) noexcept;

/// The same for Student's t with df > 0 degrees of freedom (df need not be whole). Relative error
/// below 1e-11 (absolute below 1e-15 where p is near 1) for df up to 1e12 and any finite t.
/// Incomplete beta function: continued fraction DLMF 8.17.22; for large df the expansion of
/// DiDonato & Morris 1992 (BGRAT), doi:10.1145/131766.131776.
double student_t_neg_log10_p(double t, double df) noexcept;

/// The same for chi-square with one degree of freedom; `x` >= 0.
double chi_square_neg_log10_p(double x) noexcept;

/// The x >= 0 with chi_square_neg_log10_p(x) = neg_log10_p; relative error below 1e-12.
double chi_square_from_neg_log10_p(double neg_log10_p) noexcept;

/// log P(X > x), natural logarithm, of chi-square with df > 0 degrees of freedom (df need not be
/// whole); relative error of P below 1e-11. Incomplete gamma function: series DLMF 8.7.1 or
/// continued fraction DLMF 8.9.2.
double chi_square_log_tail(double x, double df) noexcept;
/// The x > 0 with chi_square_log_tail(x, df) = log_tail < 0, to 1e-11 relative.
double chi_square_quantile(double log_tail, double df) noexcept;

} // namespace salus
