#pragma once

#include <Eigen/Core>

namespace salus {

/// Coordinates of a new sample as if it had been in the analysis, in which it would have drawn the
/// components a little towards itself: the singular value decomposition of the K leading components
/// and the sample, cut to K components, turned and stretched back onto the old coordinates
/// (Procrustes). Corrects the shrinkage of a plain projection. Zhang, Dey & Lee 2020,
/// doi:10.1093/bioinformatics/btaa152 (online augmentation, decomposition and Procrustes).
///
/// \param singular      [component] singular values of the standardised genotypes, positive.
/// \param along         [component] product of the sample's standardised genotypes with the unit
///                      vector of each component (the plain projection, in the same scale).
/// \param squared_norm  sum of squares of the sample's standardised genotypes.
/// \return [component] coordinates in the scale of `along`. O(K^3).
Eigen::VectorXd augmented_projection(const Eigen::VectorXd& singular, const Eigen::VectorXd& along,
                                     double squared_norm);

} // namespace salus
