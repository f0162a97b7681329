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
    double squared_means = 0;       // time-to-event: of the risk sets, summed over events
};

/// A carrier as the null model sees the outcome of one sample.
struct CarrierOutcome {
    double mean = 0;     // probability of being a case, or expected events
    double observed = 0; // 1 of cases and people with the event, else 0
    /// Intercept and covariates, scaled so that their information over all samples is 1.
    std::vector<double> standardised;
};

/// The null model of one trait at single samples, from the columns of the association plan.
class TraitScores {
public:
    TraitScores(const association::ScanPlan& plan, const association::TraitPlan& trait);

    const association::TraitPlan& trait() const noexcept { return trait_; }
    const association::SampleSet& set() const noexcept { return set_; }
    double residual_variance() const noexcept { return residual_variance_; } // else 1

    /// O(carriers x covariates), and of time-to-event traits carriers x log carriers. `column`:
    /// samples of the trait only.
    Score score(const SparseColumn& column) const;
    /// Weights of its samples: 1 / s^2, p (1 - p), or expected events.
    std::vector<double> weights(const SparseColumn& column) const;
    /// Covariance of two scores, given the weighted product of their columns and the product of
    /// their means over the risk sets.
    static double covariance(double product, double means, const Score& a, const Score& b) noexcept;
    /// Product of the means of two columns over the risk sets; 0 but for time-to-event traits.
    double products_of_means(const SparseColumn& a, const Score& of_a, const SparseColumn& b,
                             const Score& of_b) const;

    /// -log10 p of the score by the saddle point (Dey 2017; of time-to-event traits Dey 2022) where
    /// it is beyond two standard deviations, else by the normal distribution. Not of quantitative
    /// traits.
    double saddlepoint(const SparseColumn& column, const Score& score) const;
    /// Not of quantitative traits.
    CarrierOutcome outcome(std::uint32_t sample) const;
    /// Probability of being a case, or expected events. Not of quantitative traits.
    double expected(std::uint32_t sample) const;
    bool is_case(std::uint32_t sample) const noexcept { return trait_.cases().contains(sample); }

private:
    double at(std::size_t column, std::uint32_t sample) const noexcept {
        return plan_.columns.sample(sample)[column] * scale_[column];
    }
    double weight(std::uint32_t sample) const noexcept {
        return weight_column_ == SIZE_MAX ? 1 / residual_variance_
                                          : at(weight_column_, sample) * root_weight_;
    }
    double bernoulli_saddlepoint(const SparseColumn& column, const Score& score) const;
    double poisson_saddlepoint(const SparseColumn& column, const Score& score) const;
    std::vector<CoxScore::RowValue> rows_of(const SparseColumn& column) const;

    const association::ScanPlan& plan_;
    const association::TraitPlan& trait_;
    const association::SampleSet& set_;
    std::size_t first_ = 0, count_ = 0;    // columns that are projected out
    std::size_t weight_column_ = SIZE_MAX; // times root_weight_; none of quantitative traits
    double root_weight_ = 1, residual_variance_ = 1;
    std::vector<double> scale_; // [column]
};

} // namespace salus::gene_tests
