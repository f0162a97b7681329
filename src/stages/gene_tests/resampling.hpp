#pragma once

#include "models/carrier_resampling.hpp"
#include "models/skat.hpp"
#include "stages/gene_tests/carriers.hpp"
#include "stages/gene_tests/trait_scores.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace salus::gene_tests {

/// A variant of a mask, or the variants that are collapsed, in tests of several scores.
struct Element {
    const SparseColumn* column;
    const Score* score;
    double weight, frequency, allele_count;
    double variance;             // of the score, by the saddle point where that matters
    std::size_t kept = SIZE_MAX; // row of the tester's covariance, if it is a variant
};

/// The tests that ACAT-V combines: single elements, and one burden of the very rare ones.
struct CauchyTerms {
    struct Single {
        std::size_t element;
        double weight;
    };
    std::vector<Single> singles;
    std::vector<std::size_t> rare;
    double rare_weight = 0, rare_variance = 0; // no burden if the variance is 0
};

/// What is known of a set, mask and bin when its null distribution is to be resampled.
struct ObservedSet {
    const TraitScores& trait;
    std::span<const Element> elements;
    std::span<const double> covariance;    // of the weighted scores
    std::span<const std::uint32_t> people; // carriers, ascending
    const SetTests& tests;                 // from the asymptotic distributions
    const CauchyTerms& terms;              // none: no ACAT-V
    double least_p = 1;                    // of the asymptotic tests
};

/// The same tests with their null distributions from redistributing cases among carriers.
struct ResampledSet {
    ResampledTails::Method method = ResampledTails::Method::none;
    double skat, skat_o, acat_v; // -log10 p; NaN if not asked for
};

/// Expected number of carriers among the rarer of cases and controls, or with the event.
double expected_cases(const TraitScores& trait, std::span<const std::uint32_t> people);

/// Resamples SKAT, SKAT-O if `tests` has its mixtures, and ACAT-V if it has terms. Missing
/// genotypes keep what they add to the scores.
ResampledSet resample(const ObservedSet& set, const Rng& random, std::uint64_t draws_max);

} // namespace salus::gene_tests
