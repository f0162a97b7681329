#pragma once

#include "models/float_cholesky.hpp"

#include <span>
#include <vector>

namespace salus {

/// An effect is normal with variance `large` with probability `fraction`, else with `small`; in
/// units of the residual variance.
struct MixturePrior {
    double fraction = 0, large = 0, small = 0;
};

/// Posterior means of effects, by variational coordinate ascent from zero in the order of the
/// variants (the mean-field approximation of Carbonetto and Stephens 2012, doi:10.1214/12-BA703,
/// with the two normals of BOLT-LMM, Loh et al. 2015, doi:10.1038/ng.3190). A column stops when a
/// sweep moves its effects by less than 0.01 standard errors in all, or after 100 sweeps. n^2
/// products per sweep.
///
/// \param matrix  G'G, both triangles; `right`: G'y of several y.
/// \return [right-hand side x priors + prior][n]; each as if it were computed alone.
std::vector<std::vector<double>> mixture_effects(const SquareMatrix& matrix,
                                                 std::span<const std::vector<double>> right,
                                                 std::span<const MixturePrior> priors);

} // namespace salus
