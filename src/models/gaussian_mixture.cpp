#include "models/gaussian_mixture.hpp"

#include "base/error.hpp"
#include "base/random.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace salus {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

/// What all starts share.
struct Setting {
    const MatrixXd& points;
    std::size_t count;
    const MixtureOptions& options;
    MatrixXd scale; // of the prior of the covariances
    double prior;   // its degrees of freedom
};

MatrixXd covariance_of(const MatrixXd& points) {
    const Eigen::RowVectorXd mean = points.colwise().mean();
    const MatrixXd centred = points.rowwise() - mean;
    return centred.transpose() * centred / static_cast<double>(points.rows());
}

/// Arthur & Vassilvitskii 2007: each next centre with probability proportional to its squared
/// distance to the nearest one.
std::vector<Index> seed_centres(const Setting& s, std::size_t start) {
    Rng rng(s.options.seed, "gaussian_mixture", s.count * 1000 + start);
    const Index n = s.points.rows();
    std::vector<Index> centres{static_cast<Index>(rng.below(static_cast<std::uint64_t>(n)))};
    VectorXd nearest = VectorXd::Constant(n, std::numeric_limits<double>::infinity());
    while (centres.size() < s.count) {
        double total = 0;
        for (Index i = 0; i < n; ++i) {
            nearest(i) = std::min(nearest(i),
                                  (s.points.row(i) - s.points.row(centres.back())).squaredNorm());
            total += nearest(i);
        }
        double target = rng.uniform() * total;
        Index chosen = 0;
        while (chosen + 1 < n && target >= nearest(chosen))
            target -= nearest(chosen++);
        centres.push_back(chosen);
    }
    return centres;
}

/// Responsibilities of a few rounds of k-means from the seeds: one 1 per row.
MatrixXd start_responsibilities(const Setting& s, std::size_t start) {
    MatrixXd centres(static_cast<Index>(s.count), s.points.cols());
    Index row = 0;
    for (const Index i : seed_centres(s, start))
        centres.row(row++) = s.points.row(i);
    MatrixXd member;
    for (int round = 0; round < 10; ++round) {
        member = MatrixXd::Zero(s.points.rows(), centres.rows());
        for (Index i = 0; i < s.points.rows(); ++i) {
            Index nearest = 0;
            (centres.rowwise() - s.points.row(i)).rowwise().squaredNorm().minCoeff(&nearest);
            member(i, nearest) = 1;
        }
        const VectorXd sizes = member.colwise().sum().transpose();
        const MatrixXd sums = member.transpose() * s.points;
        for (Index k = 0; k < centres.rows(); ++k)
            if (sizes(k) > 0) centres.row(k) = sums.row(k) / sizes(k);
    }
    return member;
}

GaussianGroups maximise(const Setting& s, const MatrixXd& responsibility) {
    const Index d = s.points.cols();
    const auto n = static_cast<double>(s.points.rows());
    GaussianGroups groups;
    for (Index k = 0; k < responsibility.cols(); ++k) {
        const VectorXd r = responsibility.col(k);
        const double size = r.sum(), floor = 1e-9;
        const VectorXd mean = s.points.transpose() * r / std::max(size, floor);
        const MatrixXd centred = s.points.rowwise() - mean.transpose();
        const MatrixXd scatter =
            centred.transpose() * (centred.array().colwise() * r.array()).matrix();
        groups.means.push_back(mean);
        groups.covariances.push_back((scatter + s.scale) /
                                     (size + s.prior + static_cast<double>(d) + 2));
        groups.weights.push_back(std::max(size, floor) / n);
        groups.sizes.push_back(size);
    }
    return groups;
}

/// Fills the responsibilities; returns the log likelihood.
double expect(const Setting& s, const GaussianGroups& groups, MatrixXd& responsibility) {
    const GroupClassifier classifier(groups);
    double total = 0;
    VectorXd logs;
    for (Index i = 0; i < s.points.rows(); ++i) {
        const double log_sum = classifier.log_densities(s.points.row(i).transpose(), logs);
        total += log_sum;
        for (Index k = 0; k < logs.size(); ++k)
            responsibility(i, k) = std::exp(logs(k) - log_sum);
    }
    return total;
}

Mixture iterate(const Setting& s, std::size_t start) {
    MatrixXd responsibility = start_responsibilities(s, start);
    Mixture mixture;
    double before = -std::numeric_limits<double>::infinity();
    const double gain = s.options.tolerance * static_cast<double>(s.points.rows());
    for (std::size_t k = 0; k < s.options.iterations_max && !mixture.converged; ++k) {
        mixture.groups = maximise(s, responsibility);
        mixture.log_likelihood = expect(s, mixture.groups, responsibility);
        // With the prior the likelihood itself may fall a little: that is an end as well.
        mixture.converged = mixture.log_likelihood - before < gain;
        before = mixture.log_likelihood;
    }
    return mixture;
}

void sort_by_size(GaussianGroups& groups) {
    std::vector<std::size_t> order(groups.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return groups.sizes[a] > groups.sizes[b];
    });
    GaussianGroups sorted;
    for (const std::size_t k : order) {
        sorted.means.push_back(groups.means[k]);
        sorted.covariances.push_back(groups.covariances[k]);
        sorted.weights.push_back(groups.weights[k]);
        sorted.sizes.push_back(groups.sizes[k]);
    }
    groups = std::move(sorted);
}

} // namespace

Mixture fit_mixture(const MatrixXd& points, std::size_t count, const MixtureOptions& options) {
    SALUS_ASSERT(count >= 1 && static_cast<std::size_t>(points.rows()) >= count);
    const auto d = static_cast<double>(points.cols());
    const Setting setting{.points = points,
                          .count = count,
                          .options = options,
                          .scale =
                              covariance_of(points) / std::pow(static_cast<double>(count), 2 / d),
                          .prior = d + 2};
    Mixture best;
    for (std::size_t start = 0; start < (count == 1 ? 1 : options.restarts); ++start) {
        Mixture mixture = iterate(setting, start);
        if (start == 0 || mixture.log_likelihood > best.log_likelihood) best = std::move(mixture);
    }
    sort_by_size(best.groups);
    const auto groups = static_cast<double>(count);
    const double parameters = groups * (d + d * (d + 1) / 2) + groups - 1;
    best.bic = -2 * best.log_likelihood + parameters * std::log(static_cast<double>(points.rows()));
    return best;
}

MixtureChoice choose_mixture(const MatrixXd& points, const MixtureOptions& options) {
    MixtureChoice choice;
    const auto most = std::min(options.groups_max, static_cast<std::size_t>(points.rows()));
    for (std::size_t count = 1; count <= most; ++count) {
        choice.tried.push_back(fit_mixture(points, count, options));
        const Mixture& now = choice.tried.back();
        const bool large = now.groups.sizes.back() >= static_cast<double>(options.group_size_min);
        if (large && now.bic < choice.tried[choice.best].bic) choice.best = count - 1;
    }
    return choice;
}

} // namespace salus
