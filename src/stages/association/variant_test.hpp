#pragma once

#include "base/numbers.hpp"
#include "stages/association/association.hpp"
#include "stages/association/variant_genotypes.hpp"

#include <cstdint>
#include <limits>

namespace salus::association {

/// Share of a genotype's information that must be left when the covariates are taken out.
inline constexpr double collinear_below = 1e-6;
/// Samples with copies of the allele are summed one by one and the others together where they are
/// at most members / 16: gathering costs several times what streaming does.
inline constexpr std::size_t listed_share = 16;
/// Of a dosage that is followed in an exact test.
inline constexpr double least_copies = 1.0 / 32;

/// Result of one variant for one trait.
struct VariantTest {
    double frequency, frequency_cases, frequency_controls; // of ALT; NaN without called alleles
    double n_effective;                                    // NaN if nobody is called
    double beta, standard_error, neg_log10_p;              // NaN if not tested
    // Genotypic coding: those above are of two copies against none, and the p of both together.
    double beta_heterozygous = std::numeric_limits<double>::quiet_NaN();
    double standard_error_heterozygous = std::numeric_limits<double>::quiet_NaN();
    std::uint32_t n = 0, n_cases = 0;
    bool converged = true;
    AssociationTest test = AssociationTest::none;
    AssociationStatus status = AssociationStatus::tested;
};

/// What was estimated of the allele that the test counted.
struct Effect {
    double beta = 0, standard_error = 0, neg_log10_p = 0;
};

inline void set_effect(VariantTest& result, AssociationTest test, const Effect& effect,
                       bool flipped) noexcept {
    result.test = test;
    result.beta = flipped ? -effect.beta : effect.beta;
    result.standard_error = effect.standard_error;
    result.neg_log10_p = effect.neg_log10_p;
}

inline void set_untested(VariantTest& result, AssociationStatus status) noexcept {
    result.status = status;
    result.converged =
        status != AssociationStatus::not_converged && status != AssociationStatus::no_null_model;
    set_effect(result, AssociationTest::none, {nan, nan, nan}, false);
    result.beta_heterozygous = result.standard_error_heterozygous = nan;
}

/// Limits and choices of the tests.
struct TestRules {
    enum class Binary { score_firth, score_saddlepoint, score, wald, firth };
    enum class Survival { score_saddlepoint, score, wald };
    Survival survival = Survival::score_saddlepoint;
    double hazard_ratio_neg_log10_p = 0; // score tests so significant get the whole model's beta
    enum class Ordinal { score, wald };
    Ordinal ordinal = Ordinal::score;
    double odds_ratio_neg_log10_p = 0; // score tests so significant get the whole model's beta
    Binary binary = Binary::score_firth;
    double refit_neg_log10_p = 0; // score tests at least so significant are tested again
    double exact_neg_log10_p = 0; // approximate Firth tests so significant are fitted exactly
    bool error_of_information = false;
    double exact_copies_max = 0; // p of variants with at most so many copies is exact
    bool mid_p = false;          // exact p counts half of the probability of equality
    bool genotypic = false;      // variants come in pairs of codings: any copy, two copies
    double minor_allele_count_min = 0;
};
TestRules rules_of(const AssociationParams& params);

/// One variant as a trait's sample set sees it; genotypes count the minor allele.
struct SetView {
    AlleleMoments moments;
    bool flipped = false;       // REF is the minor allele
    double mean = 0;            // minor copies of called samples, which missing ones get
    double centred_squares = 0; // sum of (genotype - mean)^2
    double alleles = 0, alt_alleles = 0;
    AssociationStatus status = AssociationStatus::tested;
};

} // namespace salus::association
