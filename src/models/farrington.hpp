#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace salus {

/// How a value of a series of counts is expected from the same time of earlier years. The defaults
/// are those of Noufaily et al. 2013 for months instead of weeks.
struct FarringtonRule {
    std::size_t half_window = 1;    // values on either side of a reference that are like it
    std::size_t blocks = 4;         // seasons: the windows, and what lies between two of them in
                                    // blocks - 1 equal pieces; 1 = windows only
    std::size_t left_out = 3;       // values before the one in question that are not used
    std::size_t trend_years = 3;    // least references for a trend
    double trend_p_max = 1;         // a trend with a larger p-value is left out
    double weight_threshold = 2.58; // Anscombe residuals above it are weighed down
    bool both_sides = false; // low residuals too, and no extrapolation below the smallest value
};

/// What the past leads to expect of one value.
struct ExpectedCount {
    double mean = 0;
    double dispersion = 1; // quasi-Poisson, at least 1
    double variance = 0;   // of the mean
    bool trend = false;    // a trend was kept
};

/// Fits log mean = intercept + season + trend to the reference windows, by quasi-Poisson weighted
/// least squares (at most 25 steps, to 1e-8 of the deviance), twice: the second time with weights
/// s^-2 for Anscombe residuals s above the threshold, so that earlier outbreaks count for little. A
/// trend is kept if it is significant and its forecast is within what was seen.
///
/// \param references  [year] indices of the same time in earlier years, descending from the latest;
///                    each at least `half_window`, and so far apart that windows do not meet
/// Nothing without a reference, without counts in the windows, with fewer values than parameters,
/// or where neither fit converges. Cost O(steps x values x blocks^2). Farrington et al. 1996,
/// doi:10.2307/2983331; Noufaily et al. 2013, doi:10.1002/sim.5595.
std::optional<ExpectedCount> expected_count(std::span<const std::uint64_t> counts, std::size_t at,
                                            std::span<const std::size_t> references,
                                            const FarringtonRule& rule);

/// The same as seen by a dispersion of at least `least`: the variance of the mean grows with it.
ExpectedCount with_dispersion(ExpectedCount expected, double least) noexcept;

/// How far a count is from what is expected, as a standard normal statistic: count^(2/3) is nearly
/// normal (Farrington et al. 1996, with the variance of the mean).
double excess_z(const ExpectedCount& expected, double count) noexcept;
/// The count with that statistic; 0 if there is none.
double count_at_z(const ExpectedCount& expected, double z) noexcept;

} // namespace salus
