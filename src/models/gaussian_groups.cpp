#include "models/gaussian_groups.hpp"

#include "base/error.hpp"

#include <Eigen/Cholesky>

#include <cmath>
#include <numbers>

namespace salus {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

} // namespace

GaussianGroups fit_groups(const MatrixXd& points, std::span<const int> group, std::size_t groups,
                          double prior_points) {
    const Index d = points.cols();
    SALUS_ASSERT(group.size() == static_cast<std::size_t>(points.rows()) && groups > 0);
    GaussianGroups out{.means = std::vector<VectorXd>(groups, VectorXd::Zero(d)),
                       .covariances = std::vector<MatrixXd>(groups, MatrixXd::Zero(d, d)),
                       .weights = std::vector<double>(groups, 1 / static_cast<double>(groups)),
                       .sizes = std::vector<double>(groups, 0)};
    for (std::size_t i = 0; i < group.size(); ++i) {
        if (group[i] < 0) continue;
        const auto g = static_cast<std::size_t>(group[i]);
        out.means[g] += points.row(static_cast<Index>(i)).transpose();
        out.sizes[g] += 1;
    }
    double labelled = 0;
    for (std::size_t g = 0; g < groups; ++g) {
        SALUS_ASSERT(out.sizes[g] > 0);
        out.means[g] /= out.sizes[g];
        labelled += out.sizes[g];
    }
    for (std::size_t i = 0; i < group.size(); ++i) {
        if (group[i] < 0) continue;
        const auto g = static_cast<std::size_t>(group[i]);
        const VectorXd x = points.row(static_cast<Index>(i)).transpose() - out.means[g];
        out.covariances[g] += x * x.transpose();
    }
    MatrixXd pooled = MatrixXd::Zero(d, d);
    for (const MatrixXd& scatter : out.covariances)
        pooled += scatter;
    SALUS_ASSERT(labelled > static_cast<double>(groups));
    pooled /= labelled - static_cast<double>(groups);
    for (std::size_t g = 0; g < groups; ++g)
        out.covariances[g] =
            (out.covariances[g] + prior_points * pooled) / (out.sizes[g] + prior_points);
    return out;
}

GroupClassifier::GroupClassifier(const GaussianGroups& groups) : groups_(groups) {
    for (std::size_t g = 0; g < groups.size(); ++g) {
        const Eigen::LLT<MatrixXd> llt(groups.covariances[g]);
        SALUS_ASSERT(llt.info() == Eigen::Success);
        factors_.emplace_back(llt.matrixL());
        const auto d = static_cast<double>(groups.means[g].size());
        constants_.push_back(std::log(groups.weights[g]) -
                             factors_.back().diagonal().array().log().sum() -
                             d / 2 * std::log(2 * std::numbers::pi));
    }
}

double GroupClassifier::squared_distance(const VectorXd& point, std::size_t group) const {
    VectorXd x = point - groups_.means[group];
    factors_[group].triangularView<Eigen::Lower>().solveInPlace(x);
    return x.squaredNorm();
}

double GroupClassifier::log_densities(const VectorXd& point, VectorXd& out) const {
    out.resize(static_cast<Index>(groups_.size()));
    for (std::size_t g = 0; g < groups_.size(); ++g)
        out(static_cast<Index>(g)) = constants_[g] - squared_distance(point, g) / 2;
    const double most = out.maxCoeff();
    double sum = 0;
    for (Index g = 0; g < out.size(); ++g)
        sum += std::exp(out(g) - most);
    return most + std::log(sum);
}

GroupAssignment GroupClassifier::classify(const VectorXd& point) const {
    VectorXd logs;
    const double total = log_densities(point, logs);
    Index best = 0;
    for (Index g = 1; g < logs.size(); ++g)
        if (logs(g) > logs(best)) best = g;
    Index second = best == 0 && logs.size() > 1 ? 1 : 0;
    for (Index g = 0; g < logs.size(); ++g)
        if (g != best && logs(g) > logs(second)) second = g;
    GroupAssignment out{.best = static_cast<std::size_t>(best),
                        .second = static_cast<std::size_t>(second)};
    out.probability = std::exp(logs(best) - total);
    out.second_probability = second == best ? 0 : std::exp(logs(second) - total);
    const double squared = squared_distance(point, out.best);
    out.distance = std::sqrt(squared);
    out.outlier_p = chi_square_upper_tail(squared, static_cast<std::size_t>(point.size()));
    return out;
}

double chi_square_upper_tail(double x, std::size_t df) noexcept {
    // Abramowitz & Stegun 26.4.4 (odd) and 26.4.5 (even).
    const double half = x / 2;
    const bool odd = df % 2 == 1;
    double sum = odd ? std::erfc(std::sqrt(half)) : 0;
    double term = odd ? std::exp(-half) * std::sqrt(half) / std::tgamma(1.5) : std::exp(-half);
    for (std::size_t k = odd ? 1 : 0; 2 * k + (odd ? 1 : 2) <= df; ++k) {
        sum += term;
        term *= half / (static_cast<double>(k) + (odd ? 0.5 : 1.0));
    }
    return std::min(1.0, sum);
}

} // namespace salus
