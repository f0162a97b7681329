#include "models/meta_analysis.hpp"

#include "models/allele_matching.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace salus {
namespace {

TEST(MetaAnalysis, OneStudyIsItself) {
    const StudyEffect one[] = {{.beta = 0.3, .standard_error = 0.1}};
    const MetaAnalysis all = combine_effects(one);
    EXPECT_DOUBLE_EQ(all.fixed.beta, 0.3);
    EXPECT_DOUBLE_EQ(all.fixed.standard_error, 0.1);
    EXPECT_EQ(all.random.beta, all.fixed.beta);
    EXPECT_EQ(all.degrees_of_freedom, 0U);
    EXPECT_EQ(all.q, 0);
    EXPECT_TRUE(std::isnan(all.i_squared) && std::isnan(all.q_neg_log10_p));
}

TEST(MetaAnalysis, EqualStudiesDoNotDiffer) {
    const std::vector<StudyEffect> same(4, {.beta = -0.2, .standard_error = 0.1});
    const MetaAnalysis all = combine_effects(same);
    EXPECT_DOUBLE_EQ(all.fixed.beta, -0.2);
    EXPECT_DOUBLE_EQ(all.fixed.standard_error, 0.05);
    EXPECT_EQ(all.tau_squared, 0);
    EXPECT_EQ(all.i_squared, 0);
    EXPECT_NEAR(all.q_neg_log10_p, 0, 1e-12);
    EXPECT_EQ(all.random.standard_error, all.fixed.standard_error);
}

TEST(MetaAnalysis, EqualsMetafor) {
    // R 4.2, metafor 3.8-1: b <- c(0.5, 0.1, -0.2); s <- c(0.1, 0.2, 0.15)
    // rma(b, sei = s, method = "FE"); rma(b, sei = s, method = "DL")
    const StudyEffect studies[] = {{0.5, 0.1}, {0.1, 0.2}, {-0.2, 0.15}};
    const MetaAnalysis all = combine_effects(studies);
    EXPECT_NEAR(all.fixed.beta, 0.25737704918032772, 1e-14);
    EXPECT_NEAR(all.fixed.standard_error, 0.076822127959737571, 1e-14);
    EXPECT_NEAR(all.q, 15.803278688524593, 1e-12);
    EXPECT_NEAR(std::pow(10, -all.q_neg_log10_p), 0.0003701362620684285, 1e-12);
    EXPECT_NEAR(all.i_squared, 0.87344398340248974, 1e-12);
    EXPECT_NEAR(all.tau_squared, 0.14517241379310344, 1e-13);
    EXPECT_NEAR(all.random.beta, 0.14427999022975657, 1e-13);
    EXPECT_NEAR(all.random.standard_error, 0.2369639826566298, 1e-13);
}

TEST(MetaAnalysis, ScoresAndTinyP) {
    const StudyScore scores[] = {{.z = 30, .n = 100}, {.z = 60, .n = 400}};
    const MetaScore all = combine_scores(scores);
    EXPECT_DOUBLE_EQ(all.z, (10 * 30 + 20 * 60) / std::sqrt(500));
    EXPECT_GT(all.neg_log10_p, 900); // p itself is far below the least double
    EXPECT_TRUE(std::isnan(combine_scores({}).z));
}

TEST(MetaAnalysis, NullCorrelationOfIndependentScores) {
    EXPECT_TRUE(std::isnan(null_correlation(0, 0).value));
    const NullCorrelation null = null_correlation(0.0847538 * 0.3 * 1e4, 1e4);
    EXPECT_NEAR(null.value, 0.3, 1e-5);
    EXPECT_NEAR(null.standard_error, 0.0343, 1e-4);
}

TEST(AlleleMatching, KindsAndKeys) {
    EXPECT_EQ(allele_kind("A", "C"), AlleleKind::snv);
    EXPECT_EQ(allele_kind("G", "C"), AlleleKind::palindromic);
    EXPECT_EQ(allele_kind("G", "GA"), AlleleKind::longer);
    for (const auto& [a, b] :
         {std::pair("", "A"), {"A", "A"}, {"A", "N"}, {"<DEL>", "A"}, {"I", "D"}})
        EXPECT_EQ(allele_kind(a, b), AlleleKind::invalid) << a << ' ' << b;
    EXPECT_EQ(allele_key("A", "C", false), allele_key("G", "T", false));
    EXPECT_EQ(allele_key("T", "C", false), allele_key("A", "G", false));
    EXPECT_NE(allele_key("A", "C", false), allele_key("A", "G", false));
    EXPECT_NE(allele_key("A", "C", true), allele_key("T", "G", true));
    EXPECT_NE(allele_key("A", "AT", false), allele_key("AT", "A", false));
    EXPECT_NE(allele_key("A", "AT", false), allele_key("T", "TA", false)); // no strand of indels
    EXPECT_NE(allele_key("AC", "TG", false), allele_key("TG", "AC", false));
}

TEST(AlleleMatching, StrandsOfSnvs) {
    EXPECT_EQ(match_alleles("A", "A"), AlleleMatch::same);
    EXPECT_EQ(match_alleles("T", "A"), AlleleMatch::same);
    EXPECT_EQ(match_alleles("C", "A"), AlleleMatch::swapped);
    EXPECT_EQ(match_alleles("G", "A"), AlleleMatch::swapped);
    EXPECT_TRUE(on_other_strand("T", "A", "C"));
    EXPECT_FALSE(on_other_strand("C", "A", "C"));
}

TEST(AlleleMatching, FrequenciesOutsideTheBandTellAlleles) {
    const FrequencyLimits limits;
    EXPECT_EQ(match_frequency(0.1, 0.15, limits), AlleleMatch::same);
    EXPECT_EQ(match_frequency(0.9, 0.15, limits), AlleleMatch::swapped);
    EXPECT_EQ(match_frequency(0.45, 0.4, limits), AlleleMatch::unknown);
    EXPECT_EQ(match_frequency(0.4, 0.1, limits), AlleleMatch::unknown);
    EXPECT_EQ(match_frequency(std::nan(""), 0.1, limits), AlleleMatch::unknown);
    EXPECT_EQ(match_frequency(0.41, 0.59, limits), AlleleMatch::swapped);
}

} // namespace
} // namespace salus
