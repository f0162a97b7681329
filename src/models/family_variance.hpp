#pragma once

#include "models/family_blocks.hpp"

#include <span>
#include <vector>

namespace salus {

/// The share h of a trait's residual variance that runs along relationships: V = h A + (1 - h) I.
struct FamilyVariance {
    double share = 0;    // in [0, largest_family_share]
    double variance = 0; // of a sample without relatives: the residual of the trait / V
};
/// V stays regular where A is not (one genome twice).
inline constexpr double largest_family_share = 0.999;

/// Restricted maximum likelihood (Patterson & Thompson 1971, doi:10.1093/biomet/58.3.545) of a
/// linear mixed model in coordinates where V is diagonal (Lippert et al. 2011,
/// doi:10.1038/nmeth.1681). The likelihood is searched on a grid of 21 and then by Brent's method
/// to 1e-7, since it may have several maxima.
///
/// \param eigenvalues  [coordinate] of A.
/// \param design       [column][coordinate], independent columns, with the intercept.
/// \param values       [coordinate]: the trait; best without its least squares fit.
/// O(N C^2) once, and for each of about 40 shares over coordinates whose eigenvalue is not 1.
FamilyVariance fit_family_variance(std::span<const double> eigenvalues,
                                   std::span<const std::vector<double>> design,
                                   std::span<const double> values);

/// The same share from the products of relatives' residuals, without a likelihood: the least
/// squares slope of r_i r_j on A_ij s_i s_j, within [0, largest_family_share] (Haseman & Elston
/// 1972, doi:10.1007/BF01066731). O(pairs).
///
/// \param residuals  [sample] r, of mean 0; `deviations`: s, their standard deviations, for a
/// binary trait the roots of mu (1 - mu).
double family_share_of_products(std::span<const Relationship> pairs,
                                std::span<const double> residuals,
                                std::span<const double> deviations) noexcept;

/// The same share of the liability of a binary outcome, a normal variable beyond a threshold: with
/// it pairs of correlation h A_ij have the sum of products r_i r_j, weighed as above, that is seen.
/// Covariances by the tetrachoric series to the tenth order (Pearson 1900,
/// doi:10.1098/rsta.1900.0022), which is short of them for pairs of a correlation above 0.8.
///
/// \param residuals  y - mu; `fitted`: mu, within (0, 1). O(pairs).
double liability_share_of_products(std::span<const Relationship> pairs,
                                   std::span<const double> residuals,
                                   std::span<const double> fitted) noexcept;

} // namespace salus
