#pragma once

#include "kernels/logistic_sums.hpp"
#include "models/linear.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace salus {

/// Genotypes of one variant: mean of the called ones subtracted, 0 where missing. Padded with zeros
/// as kernels/logistic_sums.hpp wants it.
using CentredGenotypes = std::vector<double>;

/// A trait in its samples, with the covariates of its model.
struct ConditionalTrait {
    bool binary = false;
    std::size_t samples = 0;
    std::vector<double> outcome; // padded; 0 or 1 if binary
    CovariateBasis basis;
};

/// One variant in the model of covariates and signals.
struct ConditionalTest {
    double beta = 0, standard_error = 0, neg_log10_p = 0;
    double score = 0, variance = 0; // covariates and signals taken out of the genotype
    double r2 = 0;                  // of the genotype with the signals, given the covariates
    bool tested = false;            // false: covariates and signals determine the genotype
};

/// The model of covariates and variants found so far (signals), in which others are tested: least
/// squares with Student's t, or logistic regression with the score test.
/// Memory: (covariates + signals + 3) x samples doubles.
class ConditionalModel {
public:
    ConditionalModel(const ConditionalTrait& trait, std::span<const CentredGenotypes> signals);

    /// False if the logistic model does not converge, or a signal is determined by the others.
    bool usable() const noexcept { return usable_; }
    /// Columns whose products with the genotypes the test needs: the residual of the trait first.
    const std::vector<std::vector<double>>& columns() const noexcept { return columns_; }
    /// [sample] weights of the squares of genotypes; empty: all 1.
    const std::vector<double>& weights() const noexcept { return weights_; }
    /// Products that belong to intercept and covariates: columns 1 to this.
    std::size_t covariate_columns() const noexcept { return covariate_columns_; }
    double residual_squares() const noexcept { return residual_squares_; }
    /// \param products  [column] with the genotypes, \param squares  weighted, of the genotypes
    ConditionalTest test(std::span<const double> products, double squares) const noexcept;

private:
    void fit_linear_model(const ConditionalTrait& trait, std::span<const CentredGenotypes> signals);
    void fit_logistic_model(const ConditionalTrait& trait,
                            std::span<const CentredGenotypes> signals);
    void add_weighted_columns(const DesignColumns& design, std::span<const double> gram);

    bool binary_, usable_ = false;
    std::vector<std::vector<double>> columns_;
    std::vector<double> weights_;
    std::size_t covariate_columns_ = 0;
    double residual_squares_ = 0, residual_df_ = 0;
};

/// Effects of signals in one model with the covariates: least squares with Student's t, or logistic
/// regression by maximum likelihood with Wald's test.
struct JointEffect {
    double beta = 0, standard_error = 0, neg_log10_p = 0;
};
struct JointFit {
    std::vector<JointEffect> effects; // [signal]
    bool converged = false;
};
JointFit fit_joint(const ConditionalTrait& trait, std::span<const CentredGenotypes> signals);

} // namespace salus
