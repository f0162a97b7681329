#include "models/stacked_maximum.hpp"

#include "kernels/logistic_sums.hpp"
#include "models/ridge_systems.hpp"
#include "models/weighted_products.hpp"

#include <cmath>
#include <limits>

namespace salus {
namespace {

constexpr int maximum_steps_max = 100;
constexpr double decrement_max = 1e-9; // squared step in units of standard errors

} // namespace

double StackedMaximum::Point::penalised(double penalty) const {
    double squares = 0;
    for (const double a : coefficients)
        squares += a * a;
    return log_likelihood - 0.5 * penalty * squares;
}

StackedMaximum::StackedMaximum(const PredictorRows& rows, std::span<const double> offset,
                               Likelihood likelihood)
    : rows_(rows), offset_(offset), likelihood_(std::move(likelihood)) {}

StackedMaximum::Point StackedMaximum::start() {
    Point point = evaluate(std::vector<double>(rows_.columns));
    information_ = information(point);
    return point;
}

StackedMaximum::Point StackedMaximum::evaluate(std::vector<double> coefficients) const {
    const std::size_t columns = rows_.columns, n = rows_.samples;
    Point point{.coefficients = std::move(coefficients),
                .gradient = std::vector<double>(columns),
                .eta = std::vector<double>(padded_samples(n)),
                .residual = std::vector<double>(padded_samples(n)),
                .weight = std::vector<double>(padded_samples(n))};
    rows_.for_each_tile([&](std::size_t first, std::span<const float> rows) {
        for (std::size_t i = 0; i < rows.size() / columns; ++i) {
            double sum = offset_[first + i];
            for (std::size_t c = 0; c < columns; ++c)
                sum += point.coefficients[c] * static_cast<double>(rows[i * columns + c]);
            point.eta[first + i] = sum;
        }
    });
    point.log_likelihood = likelihood_(point.eta, point.residual, point.weight);
    rows_.for_each_tile([&](std::size_t first, std::span<const float> rows) {
        for (std::size_t i = 0; i < rows.size() / columns; ++i)
            for (std::size_t c = 0; c < columns; ++c)
                point.gradient[c] +=
                    point.residual[first + i] * static_cast<double>(rows[i * columns + c]);
    });
    return point;
}

SquareMatrix StackedMaximum::information(const Point& point) const {
    const std::size_t columns = rows_.columns;
    WeightedProducts products(columns);
    rows_.for_each_tile([&](std::size_t first, std::span<const float> rows) {
        products.add(rows, std::span(point.weight).subspan(first, rows.size() / columns));
    });
    return products.take();
}

bool StackedMaximum::maximise(double penalty, Point& point) {
    const std::size_t columns = rows_.columns;
    double before = std::numeric_limits<double>::infinity();
    for (int iteration = 0; iteration < maximum_steps_max; ++iteration) {
        std::vector<double> slope = point.gradient;
        for (std::size_t c = 0; c < columns; ++c)
            slope[c] -= penalty * point.coefficients[c];
        const RidgeSolutions found = RidgeSystems(information_, std::span(&penalty, 1))
                                         .solve(information_, std::span(&slope, 1));
        const std::vector<double>& step = found.values[0];
        double decrement = 0;
        for (std::size_t c = 0; c < columns; ++c)
            decrement += step[c] * slope[c];
        if (!std::isfinite(decrement)) return false;
        if (decrement <= decrement_max) return true;
        if (!advance(penalty, step, point)) return false;
        if (decrement > 0.1 * before) information_ = information(point);
        before = decrement;
    }
    return false;
}

// Halves the step until the penalised likelihood grows.
bool StackedMaximum::advance(double penalty, const std::vector<double>& step, Point& point) const {
    const std::size_t columns = rows_.columns;
    const double start = point.penalised(penalty);
    for (double length = 1; length > 1e-6; length *= 0.5) {
        std::vector<double> next = point.coefficients;
        for (std::size_t c = 0; c < columns; ++c)
            next[c] += length * step[c];
        Point there = evaluate(std::move(next));
        if (!(there.penalised(penalty) >= start - 1e-9 * std::fabs(start))) continue;
        point = std::move(there);
        return true;
    }
    return false;
}

} // namespace salus
