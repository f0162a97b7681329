#include "models/linear.hpp"

#include "base/random.hpp"
#include "models/tails.hpp"
#include "models/vectors.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace salus {
namespace {

double length(std::span<const double> a) noexcept { return std::sqrt(dot(a, a)); }

void centre(std::span<double> values) noexcept {
    if (values.empty()) return;
    const double mean =
        std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
    for (double& value : values)
        value -= mean;
}

// Removes the part along a unit vector; returns how much that was.
// An input in terms of the basis: its parts along the earlier basis columns, then along its own.
struct KeptInput {
    std::size_t input;
    std::vector<double> along;
};

// The inputs that combine to a column with these parts along the basis (back substitution).
std::vector<std::size_t> combination(std::vector<double> along, std::span<const KeptInput> kept,
                                     double whole) {
    std::vector<std::size_t> found;
    for (std::size_t k = kept.size(); k-- > 0;) {
        const double coefficient = along[k] / kept[k].along[k];
        for (std::size_t q = 0; q < k; ++q)
            along[q] -= coefficient * kept[k].along[q];
        if (std::fabs(coefficient) * length(kept[k].along) > 1e-6 * whole) {
            found.insert(found.begin(), kept[k].input);
        }
    }
    return found;
}

} // namespace

CovariateBasis orthonormal_basis(std::span<const std::vector<double>> covariates) {
    CovariateBasis basis;
    std::vector<KeptInput> kept;
    for (std::size_t c = 0; c < covariates.size(); ++c) {
        std::vector<double> column = covariates[c];
        const double raw = length(column);
        centre(column);
        centre(column);
        const double whole = length(column);
        if (whole <= 1e-10 * raw) {
            basis.constant.push_back(c);
            continue;
        }
        std::vector<double> along(basis.columns.size());
        for (int pass = 0; pass < 2; ++pass) {
            for (std::size_t q = 0; q < along.size(); ++q)
                along[q] += remove_along(basis.columns[q], column);
        }
        const double rest = length(column);
        if (rest <= 1e-7 * whole) {
            basis.dependence = {.column = c, .on = combination(along, kept, whole)};
            return basis;
        }
        for (double& value : column)
            value /= rest;
        basis.columns.push_back(std::move(column));
        along.push_back(rest);
        kept.push_back({.input = c, .along = std::move(along)});
    }
    return basis;
}

std::vector<double> residuals(const CovariateBasis& basis, std::span<const double> values) {
    std::vector<double> rest(values.begin(), values.end());
    for (int pass = 0; pass < 2; ++pass) {
        centre(rest);
        for (const auto& column : basis.columns)
            remove_along(column, rest);
    }
    return rest;
}

std::vector<double> rank_inverse_normal(std::span<const double> values) {
    const std::size_t n = values.size();
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return values[a] != values[b] ? values[a] < values[b] : a < b;
    });
    std::vector<double> normal(n);
    for (std::size_t first = 0; first < n;) {
        std::size_t last = first + 1;
        while (last < n && values[order[last]] == values[order[first]])
            ++last;
        const double rank = 0.5 * static_cast<double>(first + last + 1);
        const double quantile = normal_quantile((rank - 0.375) / (static_cast<double>(n) + 0.25));
        for (; first < last; ++first)
            normal[order[first]] = quantile;
    }
    return normal;
}

LinearFit fit_linear(const LinearSums& sums) noexcept {
    LinearFit fit;
    fit.beta = sums.gy / sums.gg;
    const double rest = std::max(0.0, sums.yy - fit.beta * sums.gy);
    fit.standard_error = std::sqrt(rest / sums.residual_df / sums.gg);
    fit.t = fit.standard_error > 0
                ? fit.beta / fit.standard_error
                : std::copysign(std::numeric_limits<double>::infinity(), fit.beta);
    fit.neg_log10_p = std::isinf(fit.t) ? std::numeric_limits<double>::infinity()
                                        : student_t_neg_log10_p(fit.t, sums.residual_df);
    return fit;
}

} // namespace salus
