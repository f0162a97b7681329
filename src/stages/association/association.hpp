#pragma once

#include "run/context.hpp"
#include "schema/stage.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

struct AssociationParams {
    std::vector<std::string> traits;     // empty = all that can be tested
    std::vector<std::string> covariates; // empty = all
    std::string time_to_event_test = "score_saddlepoint";
    double hazard_ratio_p_max = 1e-5;
    std::string ordinal_test = "score";
    double odds_ratio_p_max = 1e-5;
    std::string binary_test = "score_firth";
    double refit_p_max = 0.05;
    double exact_firth_p_max = 5e-8;
    std::string firth_standard_error = "likelihood_ratio";
    std::int64_t exact_copies_max = 20;
    std::string exact_p = "full";
    std::int64_t minor_allele_count_min = 20;
    bool rank_inverse_normal = false;
    std::int64_t traits_per_pass = 64;
    std::int64_t components_count = 10;
    std::string coding = "additive";
    std::string strata;                    // a covariate; empty = none
    std::vector<std::string> condition_on; // IDs or chromosome:position:REF:ALT
    double relatives_kinship_min = 0.0442;
};

/// What was done with a variant for a trait: column `test` of the result.
enum class AssociationTest : std::uint8_t {
    none = 0,
    linear = 1,
    score = 2,
    wald = 3,
    firth = 4,
    saddlepoint = 5,
    approximate_firth = 6,
    mixed_linear = 7,       // generalised least squares: relatives are known
    exact = 8,              // p of the outcomes of the carriers
    family_saddlepoint = 9, // p of the families of the carriers
    cox_score = 10,
    cox_saddlepoint = 11,
    cox_wald = 12,
    cox_score_fitted = 13,       // p of cox_score, beta of the whole Cox model
    cox_saddlepoint_fitted = 14, // p of cox_saddlepoint, beta of the whole Cox model
    cox_exact = 15,              // p of the events of the carriers
    cox_exact_fitted = 16,       // the same, beta of the whole Cox model
    ordinal_score = 20,
    ordinal_wald = 21,
    ordinal_score_fitted = 22, // p of ordinal_score, beta of the whole proportional odds model
};

/// Why a variant was not tested for a trait: column `status` of the result.
enum class AssociationStatus : std::uint8_t {
    tested = 0,
    failed_quality = 1,    // pass = 0 in the quality result
    not_called = 2,        // no called genotype among the samples of the trait
    monomorphic = 3,       // all called genotypes are the same
    rare = 4,              // minor_allele_count_min
    collinear = 5,         // the covariates determine the genotype
    separated = 6,         // Wald: no carrier, or only carriers, among cases or controls
    not_converged = 7,     // the iterations of Wald or Firth did not settle
    no_samples_of_sex = 8, // chromosome Y: the trait cannot be analysed in males alone
    no_variance = 9,       // the genotype explains the trait completely
    not_at_risk = 20,      // all that are at risk when an event happens have the same genotype
    two_genotypes = 12,    // genotypic coding: one of the three genotypes does not occur
    no_null_model = 10,    // without this chromosome's prediction the trait has no null model
};

Stage association_stage();
void run_association(const AssociationParams& params, RunContext& context);

/// `variants`: which row is which variant; the same rows in every `traits/NAME`.
TableSpec association_variants_table();
/// `traits/NAME`; binary and time_to_event traits have three columns more. `kind` as in
/// trait_summary.
TableSpec association_trait_table(const std::string& trait, std::string_view kind,
                                  const std::string& coding = "additive");
TableSpec association_summary_table();
/// Traits that were left out although none was named, with the reason.
TableSpec association_skipped_table();

} // namespace salus
