#pragma once

#include "run/context.hpp"
#include "schema/stage.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

struct GeneTestsParams {
    std::vector<std::string> traits;     // empty = all that can be tested
    std::vector<std::string> covariates; // empty = all
    std::vector<std::string> masks;      // "name: consequence, ..."; empty: file or all
    std::int64_t window_size = 0, window_step = 0;
    std::string window_unit = "bp";
    std::vector<double> frequency_max{0.01, 0.001};
    bool singletons = true;
    std::string frequency_allele = "minor";
    std::vector<std::string> tests{"burden", "skat", "skat_o", "acat_v", "acat_o"};
    std::string burden_coding = "max";
    double weight_beta_1 = 1, weight_beta_2 = 25;
    std::int64_t collapse_count_max = 10;
    std::string skat_o_quantiles = "exact";
    std::int64_t minor_allele_count_min = 1;
    std::int64_t variants_max = 2000;
    double resample_cases_max = 50;
    std::int64_t resample_draws_max = 262144;
    bool leave_one_out = false;
    bool write_variants = true, write_covariance = false;
    bool rank_inverse_normal = false;
    std::int64_t components_count = 10;
    std::int64_t traits_per_pass = 64;
};

/// Why tests of a row are missing: column `status`.
enum class GeneStatus : std::uint8_t {
    tested = 0,
    no_variants = 1,       // no variant of the set is in mask and frequency bin
    no_carriers = 2,       // nobody of the trait's samples carries one
    rare = 3,              // minor_allele_count_min
    collinear = 4,         // the covariates determine who carries them
    too_many_variants = 5, // variants_max: only the burden test was done
    no_null_model = 6,     // without the prediction of its chromosome the trait has no null model
};

/// Where p of skat, skat_o and acat_v come from: column `method`.
enum class GeneMethod : std::uint8_t {
    none = 0,
    asymptotic = 1,         // normal scores
    saddlepoint = 2,        // variances that agree with saddle-point tests
    exact = 3,              // all ways to distribute cases among carriers
    resampled = 4,          // drawn from them
    resampled_coarsely = 5, // the same, but resample_draws_max left more standard error than wanted
    not_resampled = 6, // asked for, but the covariates leave nothing to distribute: saddlepoint
};

Stage gene_tests_stage();
void run_gene_tests(const GeneTestsParams& params, RunContext& context);

/// `sets`: one row per set.
TableSpec gene_sets_table();
/// `tests`: which row is which set, mask and frequency bin; the same rows in every `traits/NAME`.
TableSpec gene_test_rows_table();
/// \param kind  quantitative, binary or time_to_event.
TableSpec gene_trait_table(const std::string& trait, std::string_view kind);
/// `set_variants`: which variants are in which set and mask.
TableSpec gene_set_variants_table();
TableSpec gene_summary_table();
TableSpec gene_skipped_table();
/// Tests without one variant each.
TableSpec gene_leave_one_out_table(const std::string& trait);
/// Tables of the score covariance file.
TableSpec score_variants_table();
TableSpec score_trait_table(const std::string& trait);
TableSpec score_covariance_table(const std::string& trait);

} // namespace salus
