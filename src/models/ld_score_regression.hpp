#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace salus {

/// LD scores of the variants in a regression, in order of the genome.
struct LdScoreDesign {
    std::size_t annotations = 1;
    std::vector<double> ld;        // [variant x annotation]
    std::vector<double> weight_ld; // [variant]: LD with the variants of the regression
    std::vector<double> counts;    // [annotation]: variants that the LD scores were summed over
    std::size_t variants() const noexcept { return weight_ld.size(); }
};

/// z-scores of a study at the variants of a design, with its sample sizes.
struct LdScoreStudy {
    std::span<const double> z, n; // [variant], finite; n > 0
};

/// How the weights of a regression are found.
enum class LdScoreWeights : std::uint8_t {
    ldsc,  // as LDSC 1.0.1: see fit_heritability and fit_genetic_correlation
    total, // from the total of all annotations and the intercept, updated twice, always
};

struct LdScoreOptions {
    std::size_t blocks = 200;        // of the jackknife; at most one per variant
    std::optional<double> two_step;  // the intercept from variants with chi-square below this
    std::optional<double> intercept; // fixed, not estimated
    LdScoreWeights weights = LdScoreWeights::ldsc;
};

/// Slopes and intercept with standard errors of the block jackknife.
struct LdScoreFit {
    double total = 0, total_error = 0;                  // heritability or genetic covariance
    double intercept = 0, intercept_error = 0;          // error NaN if fixed
    std::vector<double> coefficient, coefficient_error; // [annotation], per variant
    std::vector<double> category;                       // [annotation]: its share of total
    std::vector<double> proportion, enrichment;         // [annotation]
    std::vector<double> deleted;                        // [block]: total without this block
    std::size_t variants = 0;
    bool solved = false; // false if the design is singular or has fewer rows than unknowns: all NaN
};

struct Heritability {
    LdScoreFit fit;
    double mean_chi_square = 0, lambda = 0; // lambda: median over 0.4549
    double ratio = 0, ratio_error = 0; // (intercept - 1) / (mean - 1); NaN if mean <= 1 or fixed
};

/// LD-score regression of chi-square. Bulik-Sullivan et al. 2015, doi:10.1038/ng.3211; with several
/// annotations Finucane et al. 2015, doi:10.1038/ng.3404. With weights as LDSC: one annotation is
/// reweighted twice, several keep the weights of the aggregate estimate. two_step needs one
/// annotation and a free intercept. O(variants x annotations^2 + blocks x annotations^3).
Heritability fit_heritability(const LdScoreDesign& design, const LdScoreStudy& study,
                              const LdScoreOptions& options);

struct GeneticCorrelation {
    Heritability first, second;
    LdScoreFit covariance;
    double correlation = 0, standard_error = 0, z = 0, neg_log10_p = 0; // NaN if h2 is not positive
};

/// Cross-trait regression of products of z-scores. Bulik-Sullivan et al. 2015,
/// doi:10.1038/ng.3406. `options` hold for both heritabilities, which are reweighted twice here,
/// `covariance_intercept` fixes that of the covariance (0 without shared samples). With weights as
/// LDSC and several annotations the update takes the coefficient of the first for the total and
/// that of the second for the intercept, as LDSC does; this changes efficiency, not consistency.
GeneticCorrelation fit_genetic_correlation(const LdScoreDesign& design, const LdScoreStudy& first,
                                           const LdScoreStudy& second,
                                           const LdScoreOptions& options,
                                           std::optional<double> covariance_intercept);

/// Factor from the observed to the liability scale for a binary trait. Both prevalences in (0, 1).
/// Lee et al. 2011, doi:10.1016/j.ajhg.2011.02.002.
double liability_factor(double sample_prevalence, double population_prevalence) noexcept;

} // namespace salus
