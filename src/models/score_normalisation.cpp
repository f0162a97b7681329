#include "models/score_normalisation.hpp"

#include "base/numbers.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

constexpr int normalisation_steps_max = 200;

double predicted(std::span<const double> coefficients,
                 std::span<const double> components) noexcept {
    double sum = coefficients[0];
    for (std::size_t k = 0; k < components.size(); ++k)
        sum += coefficients[k + 1] * components[k];
    return sum;
}

/// Rows of the design: 1 and the centred, scaled components of the reference people.
struct PredictorDesign {
    Eigen::MatrixXd x;
    Eigen::VectorXd centre, scale;
    Eigen::LDLT<Eigen::MatrixXd> gram;
    bool regular = false;

    /// Coefficients of the components as they were given.
    std::vector<double> solve(const Eigen::VectorXd& y) const {
        const Eigen::VectorXd b = gram.solve(x.transpose() * y);
        std::vector<double> out(static_cast<std::size_t>(b.size()));
        out[0] = b[0];
        for (Eigen::Index k = 1; k < b.size(); ++k) {
            out[static_cast<std::size_t>(k)] = b[k] / scale[k];
            out[0] -= b[k] * centre[k] / scale[k];
        }
        return out;
    }
};

PredictorDesign make_design(std::span<const std::vector<double>> components,
                            std::span<const std::uint32_t> who) {
    const auto n = static_cast<Eigen::Index>(who.size());
    const auto p = static_cast<Eigen::Index>(components.size()) + 1;
    PredictorDesign d{.x = Eigen::MatrixXd::Ones(n, p),
                      .centre = Eigen::VectorXd::Zero(p),
                      .scale = Eigen::VectorXd::Ones(p)};
    for (Eigen::Index k = 1; k < p; ++k) {
        const auto& column = components[static_cast<std::size_t>(k - 1)];
        for (Eigen::Index i = 0; i < n; ++i)
            d.x(i, k) = column[who[static_cast<std::size_t>(i)]];
        d.centre[k] = d.x.col(k).mean();
        d.x.col(k).array() -= d.centre[k];
        d.scale[k] = std::sqrt(d.x.col(k).squaredNorm() / static_cast<double>(n));
        if (!(d.scale[k] > 0)) return d;
        d.x.col(k) /= d.scale[k];
    }
    const Eigen::MatrixXd gram = d.x.transpose() * d.x;
    d.gram.compute(gram);
    const Eigen::VectorXd pivots = d.gram.vectorD();
    d.regular = d.gram.info() == Eigen::Success &&
                pivots.minCoeff() > 1e-10 * std::max(1.0, pivots.maxCoeff());
    return d;
}

/// Gamma regression with logarithmic link; empty if it does not converge.
std::vector<double> fit_gamma(const PredictorDesign& design, const Eigen::VectorXd& y) {
    if (!(y.mean() > 0)) return {};
    Eigen::VectorXd eta = Eigen::VectorXd::Constant(y.size(), std::log(y.mean()));
    for (int iteration = 0; iteration < normalisation_steps_max; ++iteration) {
        const Eigen::VectorXd working =
            eta.array() + (y.array() - eta.array().exp()) / eta.array().exp();
        const Eigen::VectorXd b = design.gram.solve(design.x.transpose() * working);
        const Eigen::VectorXd next = design.x * b;
        if (!next.allFinite() || next.cwiseAbs().maxCoeff() > 700) return {};
        const double change = (next - eta).cwiseAbs().maxCoeff();
        eta = next;
        if (change < 1e-12) return design.solve(working);
    }
    return {};
}

} // namespace

double ScoreNormalisation::z_mean(double score, std::span<const double> components) const noexcept {
    return fitted ? (score - predicted(mean, components)) / sd : nan;
}

double ScoreNormalisation::z_variance(double score,
                                      std::span<const double> components) const noexcept {
    if (!variance_fitted) return nan;
    return (score - predicted(mean, components)) /
           std::exp(0.5 * predicted(log_variance, components));
}

ScoreNormalisation fit_normalisation(std::span<const double> score,
                                     std::span<const std::vector<double>> components,
                                     std::span<const std::uint8_t> reference) {
    ScoreNormalisation fit;
    std::vector<std::uint32_t> who;
    for (std::size_t i = 0; i < score.size(); ++i)
        if (reference[i] != 0 && std::isfinite(score[i]) &&
            std::all_of(components.begin(), components.end(),
                        [&](const auto& column) { return std::isfinite(column[i]); }))
            who.push_back(static_cast<std::uint32_t>(i));
    if (who.size() < components.size() + 3) return fit;
    const PredictorDesign design = make_design(components, who);
    if (!design.regular) return fit;
    Eigen::VectorXd y(static_cast<Eigen::Index>(who.size()));
    for (std::size_t i = 0; i < who.size(); ++i)
        y[static_cast<Eigen::Index>(i)] = score[who[i]];
    fit.mean = design.solve(y);
    const Eigen::VectorXd residual = y - design.x * design.gram.solve(design.x.transpose() * y);
    fit.sd = std::sqrt(residual.squaredNorm() / static_cast<double>(who.size() - 1));
    fit.fitted = fit.sd > 1e-12 * y.cwiseAbs().maxCoeff();
    if (!fit.fitted) return fit;
    fit.log_variance = fit_gamma(design, residual.array().square().matrix());
    fit.variance_fitted = !fit.log_variance.empty();
    return fit;
}

} // namespace salus
