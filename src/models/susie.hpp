#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace salus {

/// What regression on standardised columns needs to know of m variants and a trait, covariates
/// taken out of both: columns of mean 0 with sum of squares `samples` - 1.
struct SusieData {
    std::span<const double> correlation; // [m][m] of the columns, symmetric, diagonal 1
    std::span<const double> products;    // [m] column' trait
    double yy = 0;                       // trait' trait
    double samples = 0;
    std::span<const double> prior; // [m] > 0, relative chance to be causal; empty: all the same
};
/// The form for test statistics z: as the trait is of variance 1, what z says of the share of
/// variance is `samples` - 1 times correlations of (z / sqrt(z^2 + samples - 2)).
/// \return products for SusieData with yy = samples - 1
std::vector<double> products_of_z(std::span<const double> z, double samples);

enum class ResidualVariance { estimated, fixed }; // fixed: the variance of the trait

struct SusieRule {
    std::size_t effects = 10;           // most single effects
    double scaled_prior_variance = 0.2; // of an effect over the variance of the trait, at first
    ResidualVariance residual_variance = ResidualVariance::estimated;
    double tolerance = 1e-3; // of the evidence bound
    int max_iterations = 100;
    double coverage = 0.95;  // of credible sets
    double purity_min = 0.5; // least absolute correlation within one
};

struct CredibleSet {
    std::size_t effect = 0;            // which single effect
    std::vector<std::size_t> variants; // ascending
    std::size_t lead = 0;              // of the largest probability
    double coverage = 0;               // probability in it
    double purity = 1, mean_correlation = 1;
    double log_bayes_factor = 0; // of the effect against none
};

struct SusieFit {
    std::vector<double> pip;            // [m] posterior inclusion probability
    std::vector<double> effect;         // [m] posterior mean of the standardised effects
    std::vector<CredibleSet> sets;      // purest first
    std::vector<double> prior_variance; // [effect], 0: no such effect
    double residual_variance = 0;
    double elbo = 0; // evidence lower bound
    int iterations = 0;
    bool converged = false;
};

/// Sum of single effects, fitted by iterative Bayesian stepwise selection with the prior variance
/// of every effect estimated; credible sets as susieR 0.12 gives them, but purity over all pairs of
/// a set, however large. Pure, one thread, the same bits on every processor.
/// O(iterations x effects x m^2) time, 3 x effects x m doubles of memory besides the correlations.
/// Wang et al. 2020, doi:10.1111/rssb.12388; Zou et al. 2022, doi:10.1371/journal.pgen.1010299.
SusieFit fit_susie(const SusieData& data, const SusieRule& rule);

} // namespace salus
