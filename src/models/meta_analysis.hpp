#pragma once

#include <span>

namespace salus {

/// Effect of one study, of the same allele and unit in all.
struct StudyEffect {
    double beta = 0, standard_error = 1; // finite, standard_error > 0
};

struct MetaEffect {
    double beta = 0, standard_error = 0, neg_log10_p = 0;
};

/// Effects of several studies taken together.
struct MetaAnalysis {
    MetaEffect fixed, random; // random equals fixed where tau_squared is 0
    double q = 0;             // Cochran's Q
    unsigned degrees_of_freedom = 0;
    double q_neg_log10_p = 0;              // NaN for one study
    double i_squared = 0, tau_squared = 0; // i_squared in [0, 1]; NaN for one study
};

/// Fixed effects weighted by inverse variance; random effects of DerSimonian & Laird 1986,
/// doi:10.1016/0197-2456(86)90046-2; I2 of Higgins & Thompson 2002, doi:10.1002/sim.1186. Normal
/// p-values. At least one study. O(studies), sums in their order.
MetaAnalysis combine_effects(std::span<const StudyEffect> studies) noexcept;

/// Signed z-score of one study, of the same allele in all, with its sample size.
struct StudyScore {
    double z = 0, n = 1; // finite, n > 0
};
struct MetaScore {
    double z = 0, neg_log10_p = 0;
};
/// Stouffer's test with weights of the root of the sample size. Willer et al. 2010,
/// doi:10.1093/bioinformatics/btq340. NaN without studies.
MetaScore combine_scores(std::span<const StudyScore> studies) noexcept;

/// Correlation of the z-scores of two studies without signal, from sums over variants at which both
/// are within -1 and 1: shared samples make it differ from 0. First order in the correlation, whose
/// true size it understates when large.
struct NullCorrelation {
    double value = 0, standard_error = 0; // NaN without variants
};
NullCorrelation null_correlation(double sum_of_products, double variants) noexcept;

} // namespace salus
