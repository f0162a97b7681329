#include "models/stacked_ridge.hpp"

#include "kernels/logistic_sums.hpp"
#include "models/stacked_maximum.hpp"

#include <Eigen/Cholesky>

#include <algorithm>
#include <cmath>
#include <limits>

namespace salus {
namespace {

using StackedPoint = StackedMaximum::Point;

class LogisticStack {
public:
    explicit LogisticStack(const StackedProblem& problem)
        : problem_(problem), n_(problem.rows.samples), columns_(problem.rows.columns),
          outcome_(problem.values.begin(), problem.values.end()),
          maximum_(problem.rows, problem.offset,
                   [this](std::span<const double> eta, std::span<double> residual,
                          std::span<double> weight) {
                       return logistic_terms(eta, outcome_, n_, residual, weight);
                   }) {
        outcome_.resize(padded_samples(n_));
    }

    StackedFit fit() {
        const std::size_t penalties = problem_.penalties.size();
        StackedFit result{
            .score = std::vector<double>(penalties, std::numeric_limits<double>::quiet_NaN()),
            .contributions = {}};
        StackedPoint point = maximum_.start(), best;
        for (std::size_t l = 0; l < penalties; ++l) {
            if (!maximum_.maximise(problem_.penalties[l], point)) {
                point = maximum_.start();
                continue;
            }
            maximum_.set_information(maximum_.information(point));
            result.score[l] = left_out_likelihood(point, inverse(problem_.penalties[l]));
            if (result.converged && !(result.score[l] > result.score[result.best])) continue;
            result.best = l;
            result.converged = true;
            best = point;
        }
        if (!result.converged) return result;
        maximum_.set_information(maximum_.information(best));
        contribute(best, inverse(problem_.penalties[result.best]), result);
        return result;
    }

private:
    /// (information + penalty I)^-1.
    SquareMatrix inverse(double penalty) const {
        const SquareMatrix& information = maximum_.last_information();
        const auto n = static_cast<Eigen::Index>(columns_);
        Eigen::MatrixXd matrix = Eigen::Map<const Eigen::MatrixXd, 0, Eigen::OuterStride<>>(
            information.data.data(), n, n,
            Eigen::OuterStride<>(static_cast<Eigen::Index>(information.stride)));
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
    void for_each_left_out(const StackedPoint& point, const SquareMatrix& inverse,
                           const F& visit) const {
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
    void leave_out(const StackedPoint& point, std::size_t sample, std::span<const float> row,
                   std::span<const double> step, const F& visit) const {
        double leverage = 0;
        for (std::size_t c = 0; c < columns_; ++c)
            leverage += step[c] * static_cast<double>(row[c]);
        const double taken = point.residual[sample] / (1 - point.weight[sample] * leverage);
        visit(sample, row, step, taken, leverage);
    }

    double left_out_likelihood(const StackedPoint& point, const SquareMatrix& inverse) const {
        std::vector<double> eta(point.eta), unused(eta), unused_too(eta);
        for_each_left_out(point, inverse,
                          [&](std::size_t sample, std::span<const float>, std::span<const double>,
                              double taken, double leverage) { eta[sample] -= taken * leverage; });
        return logistic_terms(eta, outcome_, n_, unused, unused_too);
    }
    void contribute(const StackedPoint& point, const SquareMatrix& inverse,
                    StackedFit& result) const {
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
    StackedMaximum maximum_;
};

} // namespace

StackedFit fit_stacked_logistic(const StackedProblem& problem) {
    return LogisticStack(problem).fit();
}

} // namespace salus
