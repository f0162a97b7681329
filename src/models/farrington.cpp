#include "models/farrington.hpp"

#include "models/tails.hpp"

#include <Eigen/Dense>

#include <algorithm>
#include <cmath>
#include <vector>

namespace salus {
namespace {

/// Values that the model is fitted to.
struct History {
    std::vector<double> count, time; // time: before the value in question, in values, negative
    std::vector<std::size_t> block;  // 0 = the windows
};

/// Season of every value from the first window on; none where windows alone count.
std::vector<std::optional<std::size_t>>
blocks_of(std::size_t at, std::span<const std::size_t> references, const FarringtonRule& rule) {
    std::vector<std::optional<std::size_t>> block(at + 1);
    const std::size_t w = rule.half_window;
    const auto window = [&](std::size_t middle) {
        for (std::size_t i = middle - w; i <= std::min(middle + w, at); ++i)
            block[i] = 0;
    };
    window(at);
    std::size_t later = at;
    for (const std::size_t reference : references) {
        window(reference);
        const std::size_t begin = reference + w + 1, end = later - w;
        if (rule.blocks > 1 && begin < end) {
            const std::size_t pieces = rule.blocks - 1, length = (end - begin) / pieces,
                              rest = (end - begin) % pieces;
            std::size_t next = begin;
            for (std::size_t piece = 0; piece < pieces; ++piece)
                for (std::size_t i = length + (piece < rest ? 1 : 0); i > 0; --i)
                    block[next++] = piece + 1;
        }
        later = reference;
    }
    return block;
}

History history_of(std::span<const std::uint64_t> counts, std::size_t at,
                   std::span<const std::size_t> references, const FarringtonRule& rule) {
    const auto block = blocks_of(at, references, rule);
    History history;
    for (std::size_t i = 0; i + rule.left_out < at; ++i) {
        if (!block[i]) continue;
        history.count.push_back(static_cast<double>(counts[i]));
        history.time.push_back(static_cast<double>(i) - static_cast<double>(at));
        history.block.push_back(*block[i]);
    }
    return history;
}

/// Columns: intercept, seasons that occur, trend.
Eigen::MatrixXd design_of(const History& history, std::size_t blocks, bool trend) {
    std::vector<Eigen::Index> column(blocks, 0);
    Eigen::Index columns = 1;
    for (std::size_t b = 1; b < blocks; ++b)
        if (std::find(history.block.begin(), history.block.end(), b) != history.block.end())
            column[b] = columns++;
    const auto rows = static_cast<Eigen::Index>(history.count.size());
    Eigen::MatrixXd x = Eigen::MatrixXd::Zero(rows, columns + (trend ? 1 : 0));
    for (Eigen::Index i = 0; i < rows; ++i) {
        const auto row = static_cast<std::size_t>(i);
        x(i, 0) = 1;
        if (history.block[row] != 0) x(i, column[history.block[row]]) = 1;
        if (trend) x(i, columns) = history.time[row];
    }
    return x;
}

struct Fit {
    Eigen::VectorXd coefficients, mean, leverage;
    Eigen::MatrixXd covariance; // of the coefficients, for a dispersion of 1
    double dispersion = 0, degrees = 0;
};

double deviance_of(const Eigen::VectorXd& y, const Eigen::VectorXd& mean,
                   const Eigen::VectorXd& weight) {
    double sum = 0;
    for (Eigen::Index i = 0; i < y.size(); ++i)
        sum +=
            2 * weight[i] * ((y[i] > 0 ? y[i] * std::log(y[i] / mean[i]) : 0) - (y[i] - mean[i]));
    return sum;
}

/// What is known once the coefficients are, by the weights `root`^2 that the last step used.
void complete(Fit& fit, const Eigen::MatrixXd& x, const Eigen::VectorXd& y,
              const Eigen::VectorXd& root) {
    const Eigen::MatrixXd scaled = root.asDiagonal() * x;
    const Eigen::MatrixXd r = Eigen::HouseholderQR<Eigen::MatrixXd>(scaled)
                                  .matrixQR()
                                  .topRows(x.cols())
                                  .triangularView<Eigen::Upper>();
    const Eigen::MatrixXd inverse =
        r.triangularView<Eigen::Upper>().solve(Eigen::MatrixXd::Identity(x.cols(), x.cols()));
    fit.covariance = inverse * inverse.transpose();
    fit.leverage = (scaled * inverse).rowwise().squaredNorm();
    fit.degrees = static_cast<double>(x.rows() - x.cols());
    fit.dispersion =
        (root.array() * (y - fit.mean).array() / fit.mean.array()).square().sum() / fit.degrees;
}

std::optional<Fit> fit_counts(const Eigen::MatrixXd& x, const Eigen::VectorXd& y,
                              const Eigen::VectorXd& weight) {
    constexpr int most_steps = 25;
    constexpr double settled = 1e-8;
    if (x.rows() <= x.cols()) return std::nullopt;
    Fit fit;
    fit.mean = y.array() + 0.1;
    double deviance = deviance_of(y, fit.mean, weight);
    for (int step = 0; step < most_steps; ++step) {
        const Eigen::VectorXd root = (weight.array() * fit.mean.array()).sqrt();
        const Eigen::VectorXd working =
            fit.mean.array().log() + (y - fit.mean).array() / fit.mean.array();
        fit.coefficients = Eigen::HouseholderQR<Eigen::MatrixXd>(root.asDiagonal() * x)
                               .solve(root.cwiseProduct(working));
        fit.mean = (x * fit.coefficients).array().exp();
        const double before = deviance;
        deviance = deviance_of(y, fit.mean, weight);
        if (!std::isfinite(deviance) || !fit.coefficients.allFinite()) return std::nullopt;
        if (std::fabs(deviance - before) >= settled * (std::fabs(deviance) + 0.1)) continue;
        complete(fit, x, y, root);
        if (!fit.covariance.allFinite()) return std::nullopt;
        return fit;
    }
    return std::nullopt;
}

/// Weights for the second fit, with the sum of the number of values.
Eigen::VectorXd weights_of(const Fit& fit, const Eigen::VectorXd& y, const FarringtonRule& rule) {
    const double phi = std::max(1.0, fit.dispersion);
    Eigen::VectorXd weight(y.size());
    for (Eigen::Index i = 0; i < y.size(); ++i) {
        const double mean = fit.mean[i];
        const double residual =
            1.5 * (std::cbrt(y[i] * y[i]) / std::pow(mean, 1.0 / 6) - std::sqrt(mean)) /
            std::sqrt(phi * (1 - fit.leverage[i]));
        const double size = rule.both_sides ? std::fabs(residual) : residual;
        weight[i] = size > rule.weight_threshold ? 1 / (residual * residual) : 1;
    }
    return weight * (static_cast<double>(y.size()) / weight.sum());
}

std::optional<Fit> fit_twice(const Eigen::MatrixXd& x, const Eigen::VectorXd& y,
                             const FarringtonRule& rule) {
    const auto first = fit_counts(x, y, Eigen::VectorXd::Ones(y.size()));
    if (!first) return std::nullopt;
    return fit_counts(x, y, weights_of(*first, y, rule));
}

/// The value in question has the season of the windows and time 0: its mean is the intercept.
ExpectedCount forecast(const Fit& fit, bool trend) {
    ExpectedCount out;
    out.mean = std::exp(fit.coefficients[0]);
    out.dispersion = std::max(1.0, fit.dispersion);
    out.variance = out.mean * out.mean * fit.covariance(0, 0) * fit.dispersion;
    out.trend = trend;
    return out;
}

bool trend_holds(const Fit& fit, const Eigen::VectorXd& y, const FarringtonRule& rule) {
    const Eigen::Index last = fit.coefficients.size() - 1;
    const double mean = std::exp(fit.coefficients[0]);
    if (mean > y.maxCoeff() || (rule.both_sides && mean < y.minCoeff())) return false;
    const double error = std::sqrt(fit.covariance(last, last) * fit.dispersion);
    return student_t_neg_log10_p(fit.coefficients[last] / error, fit.degrees) >
           -std::log10(rule.trend_p_max);
}

} // namespace

std::optional<ExpectedCount> expected_count(std::span<const std::uint64_t> counts, std::size_t at,
                                            std::span<const std::size_t> references,
                                            const FarringtonRule& rule) {
    const History history = history_of(counts, at, references, rule);
    const Eigen::VectorXd y = Eigen::Map<const Eigen::VectorXd>(
        history.count.data(), static_cast<Eigen::Index>(history.count.size()));
    if (references.empty() || y.sum() == 0) return std::nullopt;
    if (references.size() >= rule.trend_years)
        if (const auto fit = fit_twice(design_of(history, rule.blocks, true), y, rule);
            fit && trend_holds(*fit, y, rule))
            return forecast(*fit, true);
    const auto fit = fit_twice(design_of(history, rule.blocks, false), y, rule);
    if (!fit) return std::nullopt;
    return forecast(*fit, false);
}

ExpectedCount with_dispersion(ExpectedCount expected, double least) noexcept {
    if (!(least > expected.dispersion)) return expected;
    expected.variance *= least / expected.dispersion;
    expected.dispersion = least;
    return expected;
}

namespace {

double error_of(const ExpectedCount& e) noexcept {
    return std::sqrt(4.0 / 9 * std::cbrt(e.mean) * (e.dispersion + e.variance / e.mean));
}

} // namespace

double excess_z(const ExpectedCount& expected, double count) noexcept {
    return (std::cbrt(count * count) - std::cbrt(expected.mean * expected.mean)) /
           error_of(expected);
}

double count_at_z(const ExpectedCount& expected, double z) noexcept {
    const double power = std::cbrt(expected.mean * expected.mean) + z * error_of(expected);
    return power > 0 ? std::pow(power, 1.5) : 0;
}

} // namespace salus
