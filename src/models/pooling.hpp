#pragma once

#include <span>

namespace salus {

/// An estimate over several completed data sets.
struct PooledEstimate {
    double estimate = 0, standard_error = 0;
    double degrees_of_freedom = 0; // of Student's t
    double fraction_missing = 0;   // of the information about it
};
/// Rubin's rules; at least two data sets. \param complete_df  degrees of freedom without missing
/// data; infinite: normal. Rubin 1987, doi:10.1002/9780470316696; Barnard & Rubin 1999,
/// doi:10.1093/biomet/86.4.948.
PooledEstimate pool_estimates(std::span<const double> estimates, std::span<const double> variances,
                              double complete_df) noexcept;

/// The 0.975 quantile of Student's t; that of the normal for infinite df. Relative error 1e-9.
double student_t_975(double df) noexcept;

} // namespace salus
