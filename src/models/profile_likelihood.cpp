#include "models/profile_likelihood.hpp"

#include "base/error.hpp"
#include "models/cox.hpp"
#include "models/logistic.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

SurvivalTimes times_of(const RegressedOutcome& outcome) {
    return {.exit = outcome.time, .event = outcome.value, .entry = outcome.entry};
}

double cox_log_likelihood(const RiskSets& sets, std::span<const double> sorted) {
    double shift = 0;
    for (const double eta : sorted)
        shift = std::max(shift, eta);
    double total = 0, at_risk = 0;
    sets.sweep([&] { at_risk = 0; },
               [&](std::uint32_t row) { at_risk += std::exp(sorted[row] - shift); },
               [&](std::uint32_t row) { at_risk -= std::exp(sorted[row] - shift); },
               [&](std::uint32_t k) {
                   const auto& event = sets.events()[k];
                   for (std::uint32_t row = event.deaths_begin; row < event.end; ++row)
                       total += sorted[row] - shift;
                   total -= event.deaths * std::log(at_risk);
               });
    return total;
}

/// Intercept and covariates, padded with zeros.
class PaddedDesign {
public:
    PaddedDesign(std::size_t rows, std::span<const std::vector<double>> covariates) : rows_(rows) {
        values_.emplace_back(rows, 1.0);
        values_.insert(values_.end(), covariates.begin(), covariates.end());
        for (auto& column : values_) {
            SALUS_ASSERT(column.size() == rows);
            column.resize(padded_samples(rows), 0.0);
            pointers_.push_back(column.data());
        }
    }
    DesignColumns all() const noexcept { return {.columns = pointers_, .samples = rows_}; }
    std::size_t padded() const noexcept { return padded_samples(rows_); }

private:
    std::size_t rows_;
    std::vector<std::vector<double>> values_;
    std::vector<const double*> pointers_;
};

class LinearProfile final : public ProfileLikelihood {
public:
    LinearProfile(const RegressedOutcome& outcome, std::span<const std::vector<double>> covariates)
        : design_(outcome.rows(), covariates), outcome_(outcome.value) {
        const auto c = static_cast<Eigen::Index>(design_.all().count());
        const std::vector<double> ones(design_.padded(), 1.0);
        Eigen::MatrixXd gram(c, c);
        weighted_gram(design_.all(), ones,
                      std::span(gram.data(), static_cast<std::size_t>(gram.size())));
        factor_.compute(gram);
    }
    Point at(std::span<const double> offset) override {
        const std::size_t n = outcome_.size();
        Point point;
        point.residual.assign(design_.padded(), 0.0);
        for (std::size_t i = 0; i < n; ++i)
            point.residual[i] = outcome_[i] - offset[i];
        point.coefficients.assign(design_.all().count(), 0.0);
        std::vector<double> fitted(design_.padded());
        for (int pass = 0; pass < 2; ++pass) { // the second takes away what rounding left
            Eigen::VectorXd along(static_cast<Eigen::Index>(point.coefficients.size()));
            column_products(design_.all(), point.residual,
                            std::span(along.data(), point.coefficients.size()));
            const Eigen::VectorXd step = factor_.solve(along);
            linear_predictor(design_.all(), std::span(step.data(), point.coefficients.size()),
                             fitted);
            for (std::size_t i = 0; i < n; ++i)
                point.residual[i] -= fitted[i];
            for (std::size_t c = 0; c < point.coefficients.size(); ++c)
                point.coefficients[c] += step(static_cast<Eigen::Index>(c));
        }
        point.residual.resize(n);
        for (const double r : point.residual)
            point.log_likelihood -= r * r / 2;
        point.weight.assign(n, 1.0);
        point.converged = std::isfinite(point.log_likelihood);
        return point;
    }
    bool constant_weights() const noexcept override { return true; }
    DesignColumns design() const noexcept override { return design_.all(); }

private:
    PaddedDesign design_;
    std::vector<double> outcome_;
    Eigen::LDLT<Eigen::MatrixXd> factor_;
};

class LogisticProfile final : public ProfileLikelihood {
public:
    LogisticProfile(const RegressedOutcome& outcome,
                    std::span<const std::vector<double>> covariates)
        : design_(outcome.rows(), covariates), outcome_(outcome.value), rows_(outcome.rows()),
          start_(covariates.size() + 1, 0.0) {
        outcome_.resize(design_.padded(), 0.0);
    }
    Point at(std::span<const double> offset) override {
        std::vector<double> padded(offset.begin(), offset.end());
        padded.resize(design_.padded(), 0.0);
        const auto fit = solver_.fit({.design = design_.all(),
                                      .outcome = outcome_,
                                      .start = start_,
                                      .free = start_.size(),
                                      .offset = padded});
        Point point{.residual = std::vector<double>(design_.padded()),
                    .weight = std::vector<double>(design_.padded()),
                    .coefficients = fit.coefficients,
                    .converged = fit.converged};
        // Separated classes: a variance beyond 10^6 times that at 0, with columns of unit scale.
        for (const double variance : fit.variances)
            point.converged = point.converged && variance * static_cast<double>(rows_) < 4e6;
        if (point.converged) start_ = fit.coefficients;
        std::vector<double> eta(design_.padded());
        linear_predictor(design_.all(), fit.coefficients, eta);
        for (std::size_t i = 0; i < eta.size(); ++i)
            eta[i] += padded[i];
        point.log_likelihood = logistic_terms(eta, outcome_, rows_, point.residual, point.weight);
        point.residual.resize(rows_);
        point.weight.resize(rows_);
        return point;
    }
    DesignColumns design() const noexcept override { return design_.all(); }

private:
    PaddedDesign design_;
    std::vector<double> outcome_;
    std::size_t rows_;
    std::vector<double> start_;
    LogisticSolver solver_;
};

class CoxProfile final : public ProfileLikelihood {
public:
    CoxProfile(const RegressedOutcome& outcome, std::span<const std::vector<double>> covariates)
        : design_(outcome.rows(), covariates), sets_(times_of(outcome)),
          start_(covariates.size(), 0.0) {
        for (const auto& covariate : covariates) {
            sorted_.push_back(sets_.sorted(covariate));
            sorted_.back().resize(design_.padded(), 0.0);
        }
        for (const auto& column : sorted_)
            pointers_.push_back(column.data());
    }
    Point at(std::span<const double> offset) override {
        const auto sorted = sets_.sorted(offset);
        const auto fit = solver_.fit({.risk = sets_,
                                      .design = {.columns = pointers_, .samples = sets_.rows()},
                                      .start = start_,
                                      .offset = sorted,
                                      .ties = Ties::breslow});
        if (fit.converged) start_ = fit.coefficients;
        Point point{.log_likelihood = fit.log_likelihood,
                    .residual = sets_.unsorted(solver_.martingale_residuals(sets_)),
                    .weight =
                        sets_.unsorted(std::span(solver_.state().expected).first(sets_.rows())),
                    .coefficients = {0.0},
                    .converged = fit.converged};
        point.coefficients.insert(point.coefficients.end(), fit.coefficients.begin(),
                                  fit.coefficients.end());
        return point;
    }
    DesignColumns design() const noexcept override { return design_.all(); }

private:
    PaddedDesign design_;
    RiskSets sets_;
    std::vector<double> start_;
    std::vector<std::vector<double>> sorted_;
    std::vector<const double*> pointers_;
    CoxSolver solver_;
};

} // namespace

std::string_view to_string(RegressedKind kind) noexcept {
    switch (kind) {
    case RegressedKind::quantitative:
        return "quantitative";
    case RegressedKind::binary:
        return "binary";
    case RegressedKind::time_to_event:
        break;
    }
    return "time_to_event";
}

double regressed_log_likelihood(const RegressedOutcome& outcome,
                                std::span<const double> predictor) {
    double total = 0;
    switch (outcome.kind) {
    case RegressedKind::quantitative:
        for (std::size_t i = 0; i < outcome.rows(); ++i)
            total -= (outcome.value[i] - predictor[i]) * (outcome.value[i] - predictor[i]) / 2;
        return total;
    case RegressedKind::binary:
        for (std::size_t i = 0; i < outcome.rows(); ++i) {
            const double eta = predictor[i];
            total +=
                outcome.value[i] * eta - std::max(eta, 0.0) - std::log1p(std::exp(-std::fabs(eta)));
        }
        return total;
    case RegressedKind::time_to_event:
        break;
    }
    const RiskSets sets(times_of(outcome));
    return cox_log_likelihood(sets, sets.sorted(predictor));
}

double saturated_log_likelihood(const RegressedOutcome& outcome) {
    if (outcome.kind != RegressedKind::time_to_event) return 0;
    double total = 0;
    const RiskSets sets(times_of(outcome));
    for (const auto& event : sets.events())
        total -= event.deaths * std::log(event.deaths);
    return total;
}

std::unique_ptr<ProfileLikelihood>
profile_likelihood(const RegressedOutcome& outcome,
                   std::span<const std::vector<double>> covariates) {
    switch (outcome.kind) {
    case RegressedKind::quantitative:
        return std::make_unique<LinearProfile>(outcome, covariates);
    case RegressedKind::binary:
        return std::make_unique<LogisticProfile>(outcome, covariates);
    case RegressedKind::time_to_event:
        break;
    }
    return std::make_unique<CoxProfile>(outcome, covariates);
}

} // namespace salus
