#pragma once

#include "kernels/logistic_sums.hpp"
#include "models/logistic.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace salus {

/// Sandwich errors: how squared residuals are enlarged. With leverage h of a sample, n samples and
/// k parameters: hc0 not at all, hc1 by n / (n - k), hc2 by 1 / (1 - h), hc3 by 1 / (1 - h)^2.
/// MacKinnon & White 1985, doi:10.1016/0304-4076(85)90158-7.
enum class RobustError { hc0, hc1, hc2, hc3 };

/// Symmetric covariance of the main effect of a variant and of its interaction.
struct EffectCovariance {
    double main = 0, interaction = 0, both = 0;
};

/// Effects of genotype g and of g x e on one trait, beside covariates and e, where g is centred and
/// e has mean 0: `main` is the effect of g at the mean of e.
struct InteractionFit {
    enum class State { fitted, collinear, no_variance, not_converged };
    State state = State::collinear; // the rest holds only if fitted
    double main = 0, interaction = 0;
    EffectCovariance model, robust; // information, sandwich
    /// Number of samples that carry the interaction: (sum q)^2 / sum q^2, where q is the share of a
    /// sample in its model variance.
    double effective_samples = 0;
    /// The largest leverage of a sample; near 1 the robust covariance has no meaning.
    double largest_leverage = 0;
};

/// What all variants and traits of a sample set share.
struct InteractionDesign {
    /// The intercept first, then covariates and the environment, each of mean 0, orthogonal and of
    /// length sqrt(n); all padded as kernels/logistic_sums.hpp wants it.
    DesignColumns basis;
    std::span<const double> environment; // [padded] mean 0, variance 1; 0 beyond the samples
    std::span<const double> leverage;    // [padded] of the basis alone
    RobustError robust = RobustError::hc3;
};

/// Leverages of the basis of a design: row sums of squares over n.
std::vector<double> basis_leverage(const DesignColumns& basis);

/// Least squares of many variants and traits in one sample set. Samples are taken in tiles that fit
/// the cache, twice: for the sums that give estimates, then for residuals and leverages. The order
/// of all sums is fixed. O(N (C + traits)) per variant. One object per thread.
class LinearInteraction {
public:
    explicit LinearInteraction(const InteractionDesign& design) : design_(design) {}

    /// fits[v * traits + t]. `genotypes`: [variant] padded columns, centred over the samples and 0
    /// beyond; `residuals`: [trait] padded columns, what the basis leaves of the traits, 0 beyond.
    /// `usable`: [variant] whether g and g x e are not determined by the basis and each other: less
    /// than 1e-6 of their squares would be left.
    void fit(std::span<const double* const> genotypes, std::span<const double* const> residuals,
             std::span<InteractionFit> fits, std::span<unsigned char> usable);

private:
    struct Variant { // products of g and of g x e with basis columns, residuals, g and g x e
        std::vector<double> sums[2];
        std::vector<double> along[2]; // coefficients on the basis
        EffectCovariance inverse;     // of the squares that the basis leaves
        bool usable = false;
        void solve(std::size_t basis, std::size_t residuals, double samples);
    };
    void add_products(std::span<const double* const> genotypes,
                      std::span<const double* const> residuals);
    void add_meat(std::span<const double* const> genotypes,
                  std::span<const double* const> residuals, std::span<InteractionFit> fits);
    void add_meat_of_tile(const Variant& variant, const double* genotype, std::size_t begin,
                          std::size_t length, std::span<const double* const> residuals,
                          std::span<InteractionFit> fits);

    InteractionDesign design_;
    std::vector<Variant> variants_;
    std::vector<double> product_;
    std::vector<double> main_, tile_product_, leverage_, influence_, rest_, weight_; // of a tile
    std::vector<const double*> columns_;
};

/// Maximum likelihood of a logistic model with g and g x e as last columns. O(iterations N C^2).
class LogisticInteraction {
public:
    explicit LogisticInteraction(const InteractionDesign& design) : design_(design) {}

    /// `genotype` as above; `outcome` 0 or 1, padded with 0; `null_coefficients` of the basis.
    InteractionFit fit(const double* genotype, std::span<const double> outcome,
                       std::span<const double> null_coefficients);

private:
    bool invert_information(const DesignColumns& design, std::span<const double> coefficients,
                            std::span<const double> outcome);
    void add_robust(const DesignColumns& design, InteractionFit& fit);

    InteractionDesign design_;
    LogisticSolver solver_;
    std::vector<double> product_, eta_, residual_, weight_, leverage_; // [sample]
    std::vector<double> influence_[2];                                 // [sample]
    std::vector<double> gram_, inverse_, factor_;                      // [column][column]
    std::vector<double> start_;
    std::vector<const double*> columns_;
};

/// -log10 p of Wald's test that both effects are 0. `residual_df` > 0: F with 2 and so many degrees
/// of freedom; 0: chi-square with 2. Both have closed forms, so nothing underflows. NaN where the
/// covariance is not positive definite.
double joint_neg_log10_p(double main, double interaction, const EffectCovariance& covariance,
                         double residual_df) noexcept;

} // namespace salus
