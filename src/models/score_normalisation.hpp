#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace salus {

/// How the mean and the variance of a score depend on ancestry, fitted on reference people.
struct ScoreNormalisation {
    bool fitted = false; // false: too few people, dependent components, or a constant score
    bool variance_fitted = false;
    std::vector<double> mean;         // intercept and slope of each component
    double sd = 0;                    // of the residuals of the reference people, with n - 1
    std::vector<double> log_variance; // intercept and slope of each component

    /// Residual over `sd`. \param components  of one person. NaN if not fitted.
    double z_mean(double score, std::span<const double> components) const noexcept;
    /// Residual over the square root of the variance expected at these components.
    double z_variance(double score, std::span<const double> components) const noexcept;
};

/// Regresses the score on the components (least squares) and the squared residuals on the
/// components (gamma regression with logarithmic link, by iterated least squares to 1e-12).
/// \param components  [component][person]; \param reference  [person] nonzero: takes part.
/// Cost O(people x components^2) for each iteration. Khan A et al. 2022,
/// doi:10.1038/s41591-022-01869-1; Khera AV et al. 2019, doi:10.1161/CIRCULATIONAHA.118.035658.
ScoreNormalisation fit_normalisation(std::span<const double> score,
                                     std::span<const std::vector<double>> components,
                                     std::span<const std::uint8_t> reference);

} // namespace salus
