#pragma once

#include "models/gaussian_groups.hpp"

#include <cstdint>

namespace salus {

struct MixtureOptions {
    std::size_t groups_max = 10;
    std::size_t group_size_min = 10; // mixtures with a smaller group are not considered
    std::size_t restarts = 4;        // starting points per number of groups
    std::size_t iterations_max = 300;
    double tolerance = 1e-7; // least gain of the log likelihood per point and iteration
    std::uint64_t seed = 1;
};

struct Mixture {
    GaussianGroups groups; // largest first
    double log_likelihood = 0;
    double bic = 0; // -2 log likelihood + parameters x log(points); smaller is better
    bool converged = false;
};

/// A mixture of `count` Gaussians by expectation-maximisation from k-means++ starts keyed by
/// (seed, count, start). Covariances carry the conjugate prior of Fraley & Raftery 2007,
/// doi:10.1007/s00357-007-0004-5 (scale: covariance of all points / count^(2/d), d + 2 degrees of
/// freedom), so that no group can shrink to a point. Deterministic.
/// Cost O(points x count x d^2) per iteration.
Mixture fit_mixture(const Eigen::MatrixXd& points, std::size_t count,
                    const MixtureOptions& options);

struct MixtureChoice {
    std::size_t best = 0;       // index into `tried`
    std::vector<Mixture> tried; // 1, 2, ... groups
};
/// All numbers of groups up to groups_max; the best has the least BIC among those whose groups are
/// all large enough.
MixtureChoice choose_mixture(const Eigen::MatrixXd& points, const MixtureOptions& options);

} // namespace salus
