#include "models/stacked_ridge.hpp"

#include "kernels/logistic_sums.hpp"
#include "models/ridge_systems.hpp"
#include "models/weighted_products.hpp"

#include <Eigen/Cholesky>

#include <algorithm>
#include <cmath>
#include <limits>

namespace salus {
namespace {

constexpr int iterations_max = 100;
constexpr double decrement_max = 1e-9; // squared step in units of standard errors

/// State of the maximisation at some coefficients.
struct Point {
    std::vector<double> coefficients, gradient; // of the likelihood without penalty
    std::vector<double> eta, residual, weight;  // [sample], padded
    double log_likelihood = 0;
    double penalised(double penalty) const {
        double squares = 0;
        for (const double a : coefficients)
            squares += a * a;
        return log_likelihood - 0.5 * penalty * squares;
    }
};

class LogisticStack {
public:
    explicit LogisticStack(const StackedProblem& problem)
        : problem_(problem), n_(problem.rows.samples), columns_(problem.rows.columns),
          outcome_(problem.values.begin(), problem.values.end()) {
        outcome_.resize(padded_samples(n_));
    }

    StackedFit fit() {
        const std::size_t penalties = problem_.penalties.size();
        StackedFit result{
            .score = std::vector<double>(penalties, std::numeric_limits<double>::quiet_NaN()),
            .contributions = {}};
        Point point = evaluate(std::vector<double>(columns_));
        information_ = information(point);
        Point best;
        for (std::size_t l = 0; l < penalties; ++l) {
            if (!maximise(problem_.penalties[l], point)) {
                point = evaluate(std::vector<double>(columns_));
                information_ = information(point);
                continue;
            }
            information_ = information(point);
            result.score[l] = left_out_likelihood(point, inverse(problem_.penalties[l]));
            if (result.converged && !(result.score[l] > result.score[result.best])) continue;
            result.best = l;
            result.converged = true;
            best = point;
        }
        if (!result.converged) return result;
        information_ = information(best);
        contribute(best, inverse(problem_.penalties[result.best]), result);
        return result;
    }

private:
    Point evaluate(std::vector<double> coefficients) const {
        Point point{.coefficients = std::move(coefficients),
                    .gradient = std::vector<double>(columns_),
                    .eta = std::vector<double>(padded_samples(n_)),
                    .residual = std::vector<double>(padded_samples(n_)),
                    .weight = std::vector<double>(padded_samples(n_))};
        problem_.rows.for_each_tile([&](std::size_t first, std::span<const float> rows) {
            for (std::size_t i = 0; i < rows.size() / columns_; ++i) {
                double sum = problem_.offset[first + i];
                for (std::size_t c = 0; c < columns_; ++c)
                    sum += point.coefficients[c] * static_cast<double>(rows[i * columns_ + c]);
                point.eta[first + i] = sum;
            }
        });
        point.log_likelihood =
            logistic_terms(point.eta, outcome_, n_, point.residual, point.weight);
        problem_.rows.for_each_tile([&](std::size_t first, std::span<const float> rows) {
            for (std::size_t i = 0; i < rows.size() / columns_; ++i)
                for (std::size_t c = 0; c < columns_; ++c)
                    point.gradient[c] +=
                        point.residual[first + i] * static_cast<double>(rows[i * columns_ + c]);
        });
        return point;
    }
    SquareMatrix information(const Point& point) const {
        WeightedProducts products(columns_);
        problem_.rows.for_each_tile([&](std::size_t first, std::span<const float> rows) {
            products.add(rows, std::span(point.weight).subspan(first, rows.size() / columns_));
        });
        return products.take();
    }

    /// Newton's method with an information matrix that is renewed only where steps do not shrink.
    bool maximise(double penalty, Point& point) {
        double before = std::numeric_limits<double>::infinity();
        for (int iteration = 0; iteration < iterations_max; ++iteration) {
            std::vector<double> slope = point.gradient;
            for (std::size_t c = 0; c < columns_; ++c)
                slope[c] -= penalty * point.coefficients[c];
            const RidgeSolutions found = RidgeSystems(information_, std::span(&penalty, 1))
                                             .solve(information_, std::span(&slope, 1));
            const std::vector<double>& step = found.values[0];
            double decrement = 0;
            for (std::size_t c = 0; c < columns_; ++c)
                decrement += step[c] * slope[c];
            if (!std::isfinite(decrement)) return false;
            if (decrement <= decrement_max) return true;
            if (!advance(penalty, step, point)) return false;
            if (decrement > 0.1 * before) information_ = information(point);
            before = decrement;
        }
        return false;
    }
    /// Halves the step until the penalised likelihood grows.
    bool advance(double penalty, const std::vector<double>& step, Point& point) const {
        const double start = point.penalised(penalty);
        for (double length = 1; length > 1e-6; length *= 0.5) {
            std::vector<double> next = point.coefficients;
            for (std::size_t c = 0; c < columns_; ++c)
                next[c] += length * step[c];
            Point there = evaluate(std::move(next));
            if (!(there.penalised(penalty) >= start - 1e-9 * std::fabs(start))) continue;
            point = std::move(there);
            return true;
        }
        return false;
    }

    /// (information + penalty I)^-1.
    SquareMatrix inverse(double penalty) const {
        const auto n = static_cast<Eigen::Index>(columns_);
        Eigen::MatrixXd matrix = Eigen::Map<const Eigen::MatrixXd, 0, Eigen::OuterStride<>>(
            information_.data.data(), n, n,
            Eigen::OuterStride<>(static_cast<Eigen::Index>(information_.stride)));
        matrix.diagonal().array() += penalty;
        const Eigen::MatrixXd inverse = matrix.llt().solve(Eigen::MatrixXd::Identity(n, n));
        SquareMatrix result(columns_);
        for (std::size_t j = 0; j < columns_; ++j)
            for (std::size_t i = 0; i < columns_; ++i)
                result(i, j) = inverse(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j));
        return result;
    }

    /// visit(sample, row, H^-1 w, how much of it is taken from the coefficients without the
    /// sample).
    template <class F>
    void for_each_left_out(const Point& point, const SquareMatrix& inverse, const F& visit) const {
        constexpr std::size_t at_once = 240;
        std::vector<double> packed(round_up(columns_, left_rows<double>) * columns_);
        pack_left<double>({.data = inverse.data.data(),
                           .stride = inverse.stride,
                           .rows = columns_,
                           .depth = columns_},
                          packed.data());
        std::vector<double> turned, right, out;
        problem_.rows.for_each_tile([&](std::size_t first, std::span<const float> rows) {
            for (std::size_t begin = 0; begin * columns_ < rows.size(); begin += at_once) {
                const std::size_t count = std::min(at_once, rows.size() / columns_ - begin);
                const auto part = rows.subspan(begin * columns_, count * columns_);
                turned.resize(part.size());
                for (std::size_t i = 0; i < count; ++i)
                    for (std::size_t c = 0; c < columns_; ++c)
                        turned[c * count + i] = -static_cast<double>(part[i * columns_ + c]);
                right.resize(round_up(count, right_rows) * columns_);
                pack_right<double>(
                    {.data = turned.data(), .stride = count, .rows = count, .depth = columns_},
                    right.data());
                out.assign(count * columns_, 0.0);
                subtract_product<double>({.left = packed.data(),
                                          .right = right.data(),
                                          .rows = columns_,
                                          .columns = count,
                                          .depth = columns_,
                                          .out = out.data(),
                                          .stride = columns_});
                for (std::size_t i = 0; i < count; ++i)
                    leave_out(point, first + begin + i, part.subspan(i * columns_, columns_),
                              std::span(out).subspan(i * columns_, columns_), visit);
            }
        });
    }
    template <class F>
    void leave_out(const Point& point, std::size_t sample, std::span<const float> row,
                   std::span<const double> step, const F& visit) const {
        double leverage = 0;
        for (std::size_t c = 0; c < columns_; ++c)
            leverage += step[c] * static_cast<double>(row[c]);
        const double taken = point.residual[sample] / (1 - point.weight[sample] * leverage);
        visit(sample, row, step, taken, leverage);
    }

    double left_out_likelihood(const Point& point, const SquareMatrix& inverse) const {
        std::vector<double> eta(point.eta), unused(eta), unused_too(eta);
        for_each_left_out(point, inverse,
                          [&](std::size_t sample, std::span<const float>, std::span<const double>,
                              double taken, double leverage) { eta[sample] -= taken * leverage; });
        return logistic_terms(eta, outcome_, n_, unused, unused_too);
    }
    void contribute(const Point& point, const SquareMatrix& inverse, StackedFit& result) const {
        result.contributions.assign(problem_.groups, std::vector<double>(n_));
        for_each_left_out(point, inverse,
                          [&](std::size_t sample, std::span<const float> row,
                              std::span<const double> step, double taken, double) {
                              for (std::size_t c = 0; c < columns_; ++c)
                                  result.contributions[problem_.group[c]][sample] +=
                                      static_cast<double>(row[c]) *
                                      (point.coefficients[c] - taken * step[c]);
                          });
    }

    const StackedProblem& problem_;
    std::size_t n_, columns_;
    std::vector<double> outcome_;
    SquareMatrix information_;
};

} // namespace

StackedFit fit_stacked_logistic(const StackedProblem& problem) {
    return LogisticStack(problem).fit();
}

} // namespace salus
