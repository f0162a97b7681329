#include "models/outcome_likelihood.hpp"

#include <algorithm>
#include <cmath>

namespace salus {

LogisticLikelihood::LogisticLikelihood(OutcomeProblem problem)
    : problem_(std::move(problem)), columns_(problem_.columns > 0 ? problem_.columns : problem_.design.front().columns()),
      residual_(problem_.design.size()), variance_(problem_.design.size()) {}

double LogisticLikelihood::log_likelihood(std::span<const double> coefficients) {
    std::vector<double> mine, eta, outcome;
    for (std::size_t b = 0; b < problem_.design.size(); ++b) {
        const DesignBlock& block = problem_.design[b];
        eta.assign(block.padded(), 0.0);
        linear_predictor(block.design(), coefficients, eta);
        outcome = problem_.outcome[b];
        outcome.resize(block.padded(), 0.0);
        residual_[b].assign(block.padded(), 0.0);
        variance_[b].assign(block.padded(), 0.0);
        double value = logistic_terms(eta, outcome, block.rows(), residual_[b], variance_[b]);
        if (!problem_.weight.empty()) {
            value = 0;
            for (std::size_t i = 0; i < block.rows(); ++i) {
                const double w = problem_.weight[b][i];
                const double size = std::fabs(eta[i]);
                value +=
                    w * (outcome[i] * eta[i] - std::max(eta[i], 0.0) - std::log1p(std::exp(-size)));
                residual_[b][i] *= w;
                variance_[b][i] *= w;
            }
        }
        for (std::size_t i = block.rows(); i < block.padded(); ++i)
            residual_[b][i] = variance_[b][i] = 0;
        mine.push_back(value);
    }
    plain_ = ordered_total(problem_.join, mine, 1)[0];
    if (!problem_.firth) return plain_;
    information();
    return plain_ + prior();
}

void LogisticLikelihood::information() {
    std::vector<double> mine(problem_.design.size() * columns_ * columns_);
    for (std::size_t b = 0; b < problem_.design.size(); ++b)
        weighted_gram(problem_.design[b].design(), variance_[b],
                      std::span(mine).subspan(b * columns_ * columns_, columns_ * columns_));
    information_ = ordered_total(problem_.join, mine, columns_ * columns_);
}

// Half the log determinant of the information; keeps the inverse of its factor for leverages.
// Aliased columns take no part.
double LogisticLikelihood::prior() {
    std::vector<double> factor(columns_ * columns_);
    const auto out = aliased_cholesky(information_, columns_, 1e-14, factor);
    lower_.assign(columns_ * columns_, 0.0);
    double half_log = 0;
    for (std::size_t a = 0; a < columns_; ++a) {
        if (out[a] != 0) continue;
        half_log += std::log(factor[a * columns_ + a]);
        for (std::size_t b = 0; b <= a; ++b) {
            if (out[b] != 0) continue;
            double sum = a == b ? 1 : 0;
            for (std::size_t c = b; c < a; ++c)
                sum -= factor[a * columns_ + c] * lower_[c * columns_ + b];
            lower_[a * columns_ + b] = sum / factor[a * columns_ + a];
        }
    }
    return half_log;
}

void LogisticLikelihood::derivatives(std::span<double> score, std::span<double> out) {
    if (!problem_.firth) information();
    std::vector<double> mine(problem_.design.size() * columns_), values, leverage;
    for (std::size_t b = 0; b < problem_.design.size(); ++b) {
        const DesignBlock& block = problem_.design[b];
        values = residual_[b];
        if (problem_.firth) {
            leverage.assign(block.padded(), 0.0);
            leverages(block.design(), variance_[b], lower_, leverage);
            for (std::size_t i = 0; i < block.rows(); ++i)
                values[i] += leverage[i] * (0.5 - (problem_.outcome[b][i] - residual_[b][i]));
        }
        column_products(block.design(), values, std::span(mine).subspan(b * columns_, columns_));
    }
    const auto total = ordered_total(problem_.join, mine, columns_);
    std::copy(total.begin(), total.end(), score.begin());
    std::copy(information_.begin(), information_.end(), out.begin());
}

namespace {

std::vector<double> column_times(std::span<const DesignBlock> design,
                                 std::span<const std::vector<double>> residual,
                                 std::size_t column) {
    std::vector<double> out;
    for (std::size_t b = 0; b < design.size(); ++b) {
        const auto x = design[b].column(column);
        for (std::size_t i = 0; i < x.size(); ++i)
            out.push_back(x[i] * residual[b][i]);
    }
    return out;
}

} // namespace

std::vector<double> LogisticLikelihood::score_residuals(std::size_t column) const {
    return column_times(problem_.design, residual_, column);
}

LinearLikelihood::LinearLikelihood(OutcomeProblem problem)
    : problem_(std::move(problem)), columns_(problem_.columns > 0 ? problem_.columns : problem_.design.front().columns()),
      residual_(problem_.design.size()) {}

double LinearLikelihood::log_likelihood(std::span<const double> coefficients) {
    std::vector<double> mine;
    for (std::size_t b = 0; b < problem_.design.size(); ++b) {
        const DesignBlock& block = problem_.design[b];
        residual_[b].assign(block.padded(), 0.0);
        linear_predictor(block.design(), coefficients, residual_[b]);
        double squares = 0;
        for (std::size_t i = 0; i < block.rows(); ++i) {
            const double w = problem_.weight.empty() ? 1 : problem_.weight[b][i];
            const double r = problem_.outcome[b][i] - residual_[b][i];
            squares += w * r * r;
            residual_[b][i] = w * r;
        }
        mine.push_back(-squares / 2);
    }
    return ordered_total(problem_.join, mine, 1)[0];
}

void LinearLikelihood::derivatives(std::span<double> score, std::span<double> information) {
    const std::size_t width = columns_ + columns_ * columns_;
    std::vector<double> mine(problem_.design.size() * width), ones;
    for (std::size_t b = 0; b < problem_.design.size(); ++b) {
        const DesignBlock& block = problem_.design[b];
        const auto out = std::span(mine).subspan(b * width, width);
        column_products(block.design(), residual_[b], out.first(columns_));
        ones.assign(block.padded(), 1.0);
        if (!problem_.weight.empty())
            std::copy(problem_.weight[b].begin(), problem_.weight[b].end(), ones.begin());
        weighted_gram(block.design(), ones, out.subspan(columns_));
    }
    const auto total = ordered_total(problem_.join, mine, width);
    const auto split = total.begin() + static_cast<std::ptrdiff_t>(columns_);
    std::copy(total.begin(), split, score.begin());
    std::copy(split, total.end(), information.begin());
}

std::vector<double> LinearLikelihood::score_residuals(std::size_t column) const {
    return column_times(problem_.design, residual_, column);
}

std::vector<double> sandwich(std::span<const std::vector<double>> residuals,
                             std::span<const double> covariance, const JoinBlocks& join,
                             std::span<const std::size_t> block_rows) {
    const std::size_t columns = residuals.size();
    std::vector<double> mine;
    std::size_t at = 0;
    for (const std::size_t rows : block_rows) {
        DesignBlock own(columns, rows);
        for (std::size_t c = 0; c < columns; ++c)
            std::copy_n(residuals[c].begin() + static_cast<std::ptrdiff_t>(at), rows,
                        own.column(c).begin());
        at += rows;
        std::vector<double> gram(columns * columns), ones(own.padded(), 1.0);
        weighted_gram(own.design(), ones, gram);
        mine.insert(mine.end(), gram.begin(), gram.end());
    }
    const auto middle = ordered_total(join, mine, columns * columns);
    const auto product = [columns](std::span<const double> a, std::span<const double> b) {
        std::vector<double> out(columns * columns, 0.0);
        for (std::size_t i = 0; i < columns; ++i)
            for (std::size_t k = 0; k < columns; ++k)
                for (std::size_t j = 0; j < columns; ++j)
                    out[i * columns + j] += a[i * columns + k] * b[k * columns + j];
        return out;
    };
    return product(product(covariance, middle), covariance);
}

void restore_units_with_intercept(const ColumnScales& scales, std::span<double> coefficients,
                                  std::span<double> covariance) {
    // b = T s: slopes divided by their deviation, the intercept less what the means are worth.
    const std::size_t columns = coefficients.size();
    std::vector<double> t(columns * columns, 0.0), out(columns, 0.0), half(columns * columns, 0.0),
        whole(columns * columns, 0.0);
    t[0] = 1;
    for (std::size_t c = 1; c < columns; ++c) {
        if (!(scales.deviation[c] > 0)) continue;
        t[c * columns + c] = 1 / scales.deviation[c];
        t[c] = -scales.mean[c] / scales.deviation[c];
    }
    for (std::size_t a = 0; a < columns; ++a)
        for (std::size_t b = 0; b < columns; ++b)
            out[a] += t[a * columns + b] * coefficients[b];
    std::copy(out.begin(), out.end(), coefficients.begin());
    if (covariance.empty()) return;
    for (std::size_t a = 0; a < columns; ++a)
        for (std::size_t b = 0; b < columns; ++b)
            for (std::size_t c = 0; c < columns; ++c)
                half[a * columns + b] += t[a * columns + c] * covariance[c * columns + b];
    for (std::size_t a = 0; a < columns; ++a)
        for (std::size_t b = 0; b < columns; ++b)
            for (std::size_t c = 0; c < columns; ++c)
                whole[a * columns + b] += half[a * columns + c] * t[b * columns + c];
    std::copy(whole.begin(), whole.end(), covariance.begin());
}

} // namespace salus
