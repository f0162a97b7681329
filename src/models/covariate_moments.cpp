#include "models/covariate_moments.hpp"

#include <algorithm>
#include <cmath>

namespace salus {

CovariateMoments covariate_moments(const DesignColumns& design, std::span<const double> outcome,
                                   std::span<const double> logit) {
    const std::size_t columns = design.count(), padded = design.padded();
    CovariateMoments moments{.columns = columns};
    std::vector<double> residual(padded), weight(padded), skew(padded), weighted(padded);
    logistic_terms(logit, outcome, design.samples, residual, weight);
    moments.score.resize(columns);
    column_products(design, residual, moments.score);
    moments.information.resize(columns * columns);
    weighted_gram(design, weight, moments.information);
    for (std::size_t i = 0; i < design.samples; ++i) {
        skew[i] = weight[i] * (1 - 2 * (outcome[i] - residual[i]));
        double square = 0;
        for (const double* column : design.columns)
            square += column[i] * column[i];
        moments.longest_row = std::max(moments.longest_row, std::sqrt(square));
    }
    moments.third.resize(columns * columns * columns);
    for (std::size_t a = 0; a < columns; ++a) {
        for (std::size_t i = 0; i < design.samples; ++i)
            weighted[i] = skew[i] * design.columns[a][i];
        weighted_gram(design, weighted,
                      std::span(moments.third).subspan(a * columns * columns, columns * columns));
    }
    return moments;
}

SlopeMoments CovariateMoments::at(std::span<const double> c) const noexcept {
    const auto quadratic = [&](const double* matrix) {
        double sum = 0;
        for (std::size_t a = 0; a < columns; ++a) {
            double row = 0;
            for (std::size_t b = 0; b < columns; ++b)
                row += matrix[a * columns + b] * c[b];
            sum += c[a] * row;
        }
        return sum;
    };
    SlopeMoments moments;
    double square = 0;
    for (std::size_t a = 0; a < columns; ++a) {
        moments.score -= c[a] * score[a];
        moments.third -= c[a] * quadratic(third.data() + a * columns * columns);
        square += c[a] * c[a];
    }
    moments.information = quadratic(information.data());
    moments.largest_slope = longest_row * std::sqrt(square);
    return moments;
}

} // namespace salus
