#include "stages/quality/variant_quality.hpp"

#include "support/genotype_store.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace salus {
namespace {

/// Males, females and one sample without a sex: as in `plink2 --freq --geno-counts --missing`.
class Ploidy : public testing::Test {
protected:
    // calls:              m m m f f u
    const std::string calls = "021122";
    SexMasks masks{
        {.id = {"a", "b", "c", "d", "e", "f"},
         .sex = {Sex::male, Sex::male, Sex::male, Sex::female, Sex::female, Sex::unknown}}};

    VariantQuality of(VariantClass c, const std::string& text) {
        VariantBlock block;
        block.reset(0, text.size());
        block.add_row(test::packed_row(text));
        return variant_quality(count_by_ploidy(block, 0, c, masks), {});
    }
};

// plink2 2.00a3.5 --freq on these calls: X 0.722222 of 9, Y 0.5 of 3, MT 0.666667 of 6.
TEST_F(Ploidy, FrequenciesOfPlink) {
    EXPECT_NEAR(of(VariantClass::x_linked, calls).alt_frequency, 6.5 / 9, 1e-12);
    EXPECT_NEAR(of(VariantClass::y_linked, calls).alt_frequency, 0.5, 1e-12);
    EXPECT_NEAR(of(VariantClass::mitochondrial, calls).alt_frequency, 4.0 / 6, 1e-12);
    EXPECT_NEAR(of(VariantClass::other, calls).alt_frequency, 8.0 / 12, 1e-12);
}

TEST_F(Ploidy, MinorAlleleCountIsInWholeAlleles) {
    EXPECT_EQ(of(VariantClass::x_linked, calls).minor_allele_count, 2u);
    EXPECT_EQ(of(VariantClass::x_linked, "020100").minor_allele_count, 2u);
    EXPECT_EQ(of(VariantClass::other, "021122").minor_allele_count, 4u);
}

TEST_F(Ploidy, OnlyMalesCountOnY) {
    const auto q = of(VariantClass::y_linked, "02....");
    EXPECT_EQ(q.people.missing, 1u);
    EXPECT_NEAR(q.call_rate, 2.0 / 3, 1e-12);
    EXPECT_TRUE(std::isnan(q.hwe_neg_log10_p));
}

TEST_F(Ploidy, HardyWeinbergOnXTakesFemales) {
    EXPECT_EQ(of(VariantClass::x_linked, "222111").hwe_neg_log10_p, 0.0);
    EXPECT_EQ(of(VariantClass::x_linked, "000222").people.hom_alt, 3u);
    EXPECT_TRUE(std::isnan(of(VariantClass::x_linked, "000..0").hwe_neg_log10_p));
}

TEST_F(Ploidy, AllMissing) {
    const auto q = of(VariantClass::other, "......");
    EXPECT_EQ(q.call_rate, 0.0);
    EXPECT_TRUE(std::isnan(q.alt_frequency));
    EXPECT_TRUE(std::isnan(q.hwe_neg_log10_p));
    EXPECT_EQ(q.fail_reason, "low_call_rate;low_minor_allele_count");
}

TEST(VariantQuality, ReasonsNameTheThresholds) {
    const QualityParams params{.hwe_p_min = 1e-6};
    const auto quality = [&](GenotypeCounts c) {
        return variant_quality({.people = c, .haploid = {}, .hardy = c}, params);
    };
    EXPECT_EQ(quality({.hom_ref = 90, .het = 9, .hom_alt = 1, .missing = 0}).fail_reason, "");
    EXPECT_EQ(quality({.hom_ref = 0, .het = 100, .hom_alt = 0, .missing = 0}).fail_reason,
              "hardy_weinberg");
    EXPECT_EQ(quality({.hom_ref = 100, .het = 0, .hom_alt = 0, .missing = 0}).fail_reason,
              "low_minor_allele_count");
    EXPECT_EQ(quality({.hom_ref = 80, .het = 10, .hom_alt = 0, .missing = 10}).fail_reason,
              "low_call_rate");
}

} // namespace
} // namespace salus
