#pragma once

#include "stages/association/plan.hpp"
#include "stages/gene_tests/carriers.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace salus::gene_tests {

/// A variant or burden as a trait's null model sees it.
struct Score {
    double score = 0, variance = 0; // g'(y - mu) / s^2 and its variance; covariates out of g
    std::vector<double> projection; // of the weighted column on intercept and covariates
};

/// The null model of one trait at single samples, from the columns of the association plan.
class TraitScores {
public:
    TraitScores(const association::ScanPlan& plan, const association::TraitPlan& trait);

    const association::TraitPlan& trait() const noexcept { return trait_; }
    const association::SampleSet& set() const noexcept { return set_; }
    double residual_variance() const noexcept { return residual_variance_; } // 1 if binary

    /// O(carriers x covariates). `column`: samples of the trait only.
    Score score(const SparseColumn& column) const;
    /// Weights of its samples: 1 / s^2, or p (1 - p).
    std::vector<double> weights(const SparseColumn& column) const;
    /// Covariance of two scores, given the weighted product of their columns.
    static double covariance(double product, const Score& a, const Score& b) noexcept;

    /// -log10 p of the score by the saddle point (Dey 2017) where it is beyond two standard
    /// deviations, else by the normal distribution. Binary traits only.
    double saddlepoint(const SparseColumn& column, const Score& score) const;
    bool is_case(std::uint32_t sample) const noexcept {
        return trait_.logistic.cases.contains(sample);
    }

private:
    double at(std::size_t column, std::uint32_t sample) const noexcept {
        return plan_.columns.sample(sample)[column] * scale_[column];
    }
    const association::ScanPlan& plan_;
    const association::TraitPlan& trait_;
    const association::SampleSet& set_;
    std::size_t first_ = 0, count_ = 0; // columns that are projected out
    double residual_variance_ = 1;
    std::vector<double> scale_; // [column]
};

} // namespace salus::gene_tests
