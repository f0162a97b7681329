#pragma once

#include "kernels/logistic_sums.hpp"
#include "models/firth.hpp"

namespace salus {

/// Sums over samples whose |b * slope| stays small, at b = 0: their log-likelihood is taken as
/// b score - b^2/2 information - b^3/6 third.
struct SlopeMoments {
    double score = 0, information = 0, third = 0;
    double largest_slope = 0; // no |slope| is larger
};

/// Firth's penalised likelihood ratio test of one coefficient, all others being held in the offset.
///
/// l*(b) = sum y eta - log(1 + exp(eta)) + 0.5 log sum w slope^2, eta = offset + b slope. `exact`:
/// samples that are summed one by one; `rest`: all others by their moments. Converges to 1e-8
/// standard errors. Cost: 3 or 4 passes over `exact`. Mbatchou et al. 2021,
/// doi:10.1038/s41588-021-00870-7.
///
/// `converged` is false as well where the moments are not enough: where a bound of what the fourth
/// order changes in l* is above 1e-5.
FirthTest approximate_firth(const SlopeColumns& exact, const SlopeMoments& rest = {}) noexcept;

/// The same from the series of l* to the tenth order in b. `converged` is false as well where a
/// bound of the rest of the series, at the estimate, is above 1e-7.
FirthTest approximate_firth(const SlopePowers& series) noexcept;

} // namespace salus
