#pragma once

#include <Eigen/Core>

#include <cstddef>
#include <span>
#include <vector>

namespace salus {

/// Groups of points, each a Gaussian.
struct GaussianGroups {
    std::vector<Eigen::VectorXd> means;
    std::vector<Eigen::MatrixXd> covariances; // positive definite
    std::vector<double> weights;              // prior probabilities, sum 1
    std::vector<double> sizes;                // points (or their expected number) per group
    std::size_t size() const noexcept { return means.size(); }
};

/// Gaussians of labelled points with equal priors. The covariance of a group of n points is
/// (n S + prior_points P) / (n + prior_points), with S about its own mean and P pooled over all
/// groups, so that a small group leans on the others (the posterior mean under an inverse Wishart
/// prior; Friedman 1989, doi:10.1080/01621459.1989.10478752 shrinks likewise).
///
/// \param points  [point][dimension]. \param group  [point], below `groups`, or -1 for unlabelled.
/// Every group needs a point, and all together more than groups + dimensions.
GaussianGroups fit_groups(const Eigen::MatrixXd& points, std::span<const int> group,
                          std::size_t groups, double prior_points);

/// Where a point belongs.
struct GroupAssignment {
    std::size_t best = 0, second = 0; // equal if there is one group only
    double probability = 1;           // posterior of the best
    double second_probability = 0;
    double distance = 0;  // Mahalanobis distance to the best
    double outlier_p = 1; // share of the points of the best group that lie farther away
};

/// Posterior probabilities by Bayes' rule. Cost O(groups x dimensions^2) per point.
class GroupClassifier {
public:
    /// InternalError if a covariance is not positive definite.
    explicit GroupClassifier(const GaussianGroups& groups);

    GroupAssignment classify(const Eigen::VectorXd& point) const;
    /// Log of weight x density for every group; returns the log of their sum.
    double log_densities(const Eigen::VectorXd& point, Eigen::VectorXd& out) const;
    double squared_distance(const Eigen::VectorXd& point, std::size_t group) const;

private:
    const GaussianGroups& groups_;
    std::vector<Eigen::MatrixXd> factors_; // lower Cholesky
    std::vector<double> constants_;        // log weight - log determinant / 2 - d/2 log(2 pi)
};

/// P(chi-square with `df` degrees of freedom > x): the finite sum for whole df. df >= 1, x >= 0.
double chi_square_upper_tail(double x, std::size_t df) noexcept;

} // namespace salus
