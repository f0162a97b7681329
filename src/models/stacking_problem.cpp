#include "models/stacking_problem.hpp"

#include "models/outcome_likelihood.hpp"

#include <Eigen/Core>

#include <cmath>

namespace salus {
namespace {

using Matrix = Eigen::MatrixXd;

/// Least squares from cross-products: log-likelihood -RSS / 2.
class MomentLikelihood final : public Likelihood {
public:
    MomentLikelihood(Matrix xx, Eigen::VectorXd xy, double yy)
        : xx_(std::move(xx)), xy_(std::move(xy)), yy_(yy), b_(0 * xy_) {}
    std::size_t columns() const override { return static_cast<std::size_t>(xy_.size()); }
    double log_likelihood(std::span<const double> coefficients) override {
        b_ = Eigen::Map<const Eigen::VectorXd>(coefficients.data(), xy_.size());
        return -0.5 * (yy_ - 2 * b_.dot(xy_) + b_.dot(xx_ * b_));
    }
    void derivatives(std::span<double> score, std::span<double> information) override {
        Eigen::Map<Eigen::VectorXd>(score.data(), xy_.size()) = xy_ - xx_ * b_;
        Eigen::Map<Matrix>(information.data(), xy_.size(), xy_.size()) = xx_;
    }

private:
    Matrix xx_;
    Eigen::VectorXd xy_;
    double yy_;
    Eigen::VectorXd b_;
};

/// The logistic likelihood with the rows that it looks at.
class OwnedLogistic final : public Likelihood {
public:
    OwnedLogistic(std::vector<DesignBlock> design, std::vector<double> outcome)
        : design_(std::move(design)), outcome_{std::move(outcome)},
          likelihood_({.design = design_, .outcome = outcome_}) {}
    std::size_t columns() const override { return likelihood_.columns(); }
    double log_likelihood(std::span<const double> coefficients) override {
        return likelihood_.log_likelihood(coefficients);
    }
    void derivatives(std::span<double> score, std::span<double> information) override {
        likelihood_.derivatives(score, information);
    }

private:
    std::vector<DesignBlock> design_;
    std::vector<std::vector<double>> outcome_;
    LogisticLikelihood likelihood_;
};

std::size_t cell_of(const StackingData& data, std::size_t person) noexcept {
    return data.outer[person] * data.inner_folds + data.inner[person];
}

} // namespace

/// Cross-products of all columns and the outcome (last), shifted and scaled once so that no sum
/// loses digits; [cell].
struct StackingSource::Moments {
    std::vector<double> shift, scale; // [column and outcome]
    std::vector<Matrix> cell;
};

StackingSource::~StackingSource() = default;

double StackingSource::value(std::size_t column, std::size_t person) const noexcept {
    if (column == 0) return 1;
    return column <= data_.covariates.size()
               ? data_.covariates[column - 1][person]
               : data_.scores[column - 1 - data_.covariates.size()][person];
}

StackingSource::StackingSource(const StackingData& data) : data_(data) {
    if (data.kind != OutcomeKind::quantitative) return;
    moments_ = std::make_unique<Moments>();
    const std::size_t columns = 1 + data.covariates.size() + data.scores.size(), n = data.people();
    const auto entry = [&](std::size_t c, std::size_t i) {
        return c == columns ? data.outcome[i] : value(c, i);
    };
    for (std::size_t c = 0; c <= columns; ++c) {
        double mean = 0, square = 0;
        for (std::size_t i = 0; i < n; ++i)
            mean += entry(c, i) / static_cast<double>(n);
        for (std::size_t i = 0; i < n; ++i)
            square += (entry(c, i) - mean) * (entry(c, i) - mean) / static_cast<double>(n);
        moments_->shift.push_back(c == 0 ? 0 : mean);
        moments_->scale.push_back(c == 0 || !(square > 0) ? 1 : std::sqrt(square));
    }
    const auto size = static_cast<Eigen::Index>(columns + 1);
    moments_->cell.assign(data.outer_folds * data.inner_folds, Matrix::Zero(size, size));
    Eigen::VectorXd row(size);
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t c = 0; c <= columns; ++c)
            row(static_cast<Eigen::Index>(c)) =
                (entry(c, i) - moments_->shift[c]) / moments_->scale[c];
        moments_->cell[cell_of(data, i)].selfadjointView<Eigen::Lower>().rankUpdate(row);
    }
    for (Matrix& m : moments_->cell)
        m = Matrix(m.selfadjointView<Eigen::Lower>());
}

double StackingSource::people(const StackCells& cells) const {
    double count = 0;
    for (std::size_t i = 0; i < data_.people(); ++i)
        count += cells[cell_of(data_, i)];
    return count;
}

StackingProblem StackingSource::problem(const StackCells& cells,
                                        std::span<const std::size_t> columns) const {
    StackingProblem out;
    const std::size_t width = columns.size();
    out.mean.assign(width, 0.0);
    out.deviation.assign(width, 1.0);
    out.people = people(cells);
    if (data_.kind == OutcomeKind::binary) {
        std::vector<DesignBlock> design;
        design.emplace_back(width, static_cast<std::size_t>(out.people));
        std::vector<double> outcome;
        std::size_t row = 0;
        for (std::size_t i = 0; i < data_.people(); ++i) {
            if (cells[cell_of(data_, i)] == 0) continue;
            for (std::size_t c = 0; c < width; ++c)
                design[0].column(c)[row] = value(columns[c], i);
            outcome.push_back(data_.outcome[i]);
            ++row;
        }
        ColumnScales scales = column_scales(design, width, outcome.size(), join_alone);
        scales.mean[0] = 0;
        scales.deviation[0] = 1;
        standardise(design, scales);
        out.mean = scales.mean;
        out.deviation = scales.deviation;
        out.likelihood = std::make_unique<OwnedLogistic>(std::move(design), std::move(outcome));
        return out;
    }
    Matrix sum = 0 * moments_->cell[0];
    for (std::size_t c = 0; c < cells.size(); ++c)
        if (cells[c] != 0) sum += moments_->cell[c];
    const Eigen::Index y = sum.rows() - 1;
    const Eigen::VectorXd mean = sum.col(0) / out.people;
    sum -= out.people * mean * mean.transpose();
    const auto size = static_cast<Eigen::Index>(width);
    Matrix xx = Matrix::Zero(size, size);
    Eigen::VectorXd xy = Eigen::VectorXd::Zero(size), deviation(size);
    xx(0, 0) = out.people;
    const auto at = [&](Eigen::Index c) {
        return static_cast<Eigen::Index>(columns[static_cast<std::size_t>(c)]);
    };
    for (Eigen::Index c = 1; c < size; ++c) {
        const double variance = sum(at(c), at(c)) / out.people;
        deviation(c) = variance > 1e-20 ? std::sqrt(variance) : 0;
    }
    for (Eigen::Index c = 1; c < size; ++c) {
        const auto k = static_cast<std::size_t>(c);
        const double scale = moments_->scale[columns[k]];
        out.mean[k] = moments_->shift[columns[k]] + scale * mean(at(c));
        out.deviation[k] = scale * deviation(c);
        if (deviation(c) == 0) continue;
        xy(c) = sum(at(c), y) / deviation(c) * moments_->scale.back();
        for (Eigen::Index d = 1; d < size; ++d)
            if (deviation(d) > 0) xx(c, d) = sum(at(c), at(d)) / (deviation(c) * deviation(d));
    }
    out.shift = moments_->shift.back() + moments_->scale.back() * mean(y);
    out.likelihood = std::make_unique<MomentLikelihood>(
        std::move(xx), std::move(xy), sum(y, y) * moments_->scale.back() * moments_->scale.back());
    return out;
}

std::vector<double> StackingProblem::restore(std::span<const double> standardised) const {
    std::vector<double> out(standardised.size(), 0.0);
    out[0] = standardised[0] + shift;
    for (std::size_t c = 1; c < out.size(); ++c) {
        if (!(deviation[c] > 0)) continue;
        out[c] = standardised[c] / deviation[c];
        out[0] -= out[c] * mean[c];
    }
    return out;
}

double StackingSource::deviance(const StackCells& cells,
                                std::span<const double> coefficients) const {
    if (data_.kind == OutcomeKind::quantitative) {
        // Squared length of outcome - prediction in shifted and scaled columns.
        const auto size = static_cast<Eigen::Index>(coefficients.size()) + 1;
        Eigen::VectorXd v(size);
        double constant = moments_->shift.back() - coefficients[0];
        for (std::size_t c = 1; c < coefficients.size(); ++c) {
            constant -= coefficients[c] * moments_->shift[c];
            v(static_cast<Eigen::Index>(c)) = -coefficients[c] * moments_->scale[c];
        }
        v(0) = constant;
        v(size - 1) = moments_->scale.back();
        double sum = 0;
        for (std::size_t c = 0; c < cells.size(); ++c)
            if (cells[c] != 0) sum += v.dot(moments_->cell[c] * v);
        return sum;
    }
    double sum = 0;
    for (std::size_t i = 0; i < data_.people(); ++i) {
        if (cells[cell_of(data_, i)] == 0) continue;
        double eta = coefficients[0];
        for (std::size_t c = 1; c < coefficients.size(); ++c)
            if (coefficients[c] != 0) eta += coefficients[c] * value(c, i);
        const double sign = data_.outcome[i] == 1 ? 1 : -1;
        // log(1 + exp(-x)) without overflow.
        const double x = sign * eta;
        sum += 2 * (x > 0 ? std::log1p(std::exp(-x)) : -x + std::log1p(std::exp(x)));
    }
    return sum;
}

} // namespace salus
