#pragma once

#include "kernels/logistic_sums.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace salus {

/// What is regressed: by least squares, logistic regression, or the Cox model with Breslow's ties.
enum class RegressedKind : std::uint8_t { quantitative, binary, time_to_event };
std::string_view to_string(RegressedKind kind) noexcept;

/// Outcomes of people.
struct RegressedOutcome {
    RegressedKind kind = RegressedKind::quantitative;
    std::vector<double> value = {}; // [row] finite; 0 or 1 unless quantitative (1: event)
    std::vector<double> time = {};  // [row] of events or censoring
    std::vector<double> entry = {}; // [row] empty: everybody is at risk from 0 on
    std::size_t rows() const noexcept { return value.size(); }
};

/// Log-likelihood of linear predictors, [row]: - half the squared residuals, Bernoulli, or partial
/// with Breslow's ties. O(n), Cox O(n log n).
double regressed_log_likelihood(const RegressedOutcome& outcome, std::span<const double> predictor);
/// What it is at most: 0, or for Cox - sum of d log d over event times with d events.
double saturated_log_likelihood(const RegressedOutcome& outcome);

/// Likelihood of an offset when the coefficients of covariates are fitted anew for each: what is
/// left of a model after its unpenalised part. By the envelope theorem x'residual is the
/// derivative along x, and the Schur complement of the covariates in x'diag(weight)x is (for Cox
/// a bound of) the second derivative.
class ProfileLikelihood {
public:
    struct Point {
        double log_likelihood = 0;
        std::vector<double> residual, weight; // [row] observed - expected; - second derivative
        std::vector<double> coefficients;     // [covariate], intercept first (Cox: 0)
        bool converged = false;
    };
    virtual ~ProfileLikelihood() = default;
    virtual Point at(std::span<const double> offset) = 0; // [row]
    /// Weights are the same at every offset.
    virtual bool constant_weights() const noexcept { return false; }
    /// Intercept and covariates, padded.
    virtual DesignColumns design() const noexcept = 0;
    std::size_t rows() const noexcept { return design().samples; }
};

/// \param covariates  [covariate][row], linearly independent with the intercept, of about unit
/// scale. Newton's method for logistic and Cox models: O(n C^2) a step.
std::unique_ptr<ProfileLikelihood>
profile_likelihood(const RegressedOutcome& outcome,
                   std::span<const std::vector<double>> covariates);

} // namespace salus
