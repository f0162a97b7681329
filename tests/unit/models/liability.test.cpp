#include "models/liability.hpp"

#include <gtest/gtest.h>

#include <map>

namespace salus {
namespace {

struct LiabilityWorld {
    GenomeMap map{{{.chromosome = "chr1", .begin = 1, .end = 30'000'001},
                   {.chromosome = "chr2", .begin = 1, .end = 30'000'001}},
                  1,
                  4};
    FounderPanel panel{{{"A", 1, 0.1}}, 200, 0.02, 4};
    Pedigree pedigree{{.samples = 4000, .family_share = 0.3, .seed = 4}};
    HaplotypeModel haplotypes{map, panel, pedigree, 0.5, 4};
    std::vector<TraitArchitecture> traits{{"x", 0.5, {0.1, 0.05}, 40}, {"y", 0.3, {}, 40}};
    std::vector<CausalVariant> causal;
    LiabilityWorld() {
        SiteChooser chooser(haplotypes, {}, 0.01, 4);
        causal = choose_causal_variants(haplotypes, traits, chooser, 4);
    }
};
const LiabilityWorld& liability_world() {
    static const LiabilityWorld made;
    return made;
}

TEST(Liability, ThresholdLeavesThePrevalenceAbove) {
    EXPECT_NEAR(liability_threshold(0.05), 1.6448536269514722, 1e-12); // R 4.2: qnorm(0.95)
    EXPECT_NEAR(liability_threshold(0.5), 0, 1e-12);
}

TEST(CausalVariants, AreSortedDistinctAndExplainTheHeritability) {
    std::map<std::uint32_t, double> explained;
    std::uint64_t last = 0;
    for (const CausalVariant& variant : liability_world().causal) {
        EXPECT_GT(variant.site.id, last);
        last = variant.site.id;
        explained[variant.trait] += variant.variance_explained;
    }
    EXPECT_EQ(liability_world().causal.size(), 82U);
    EXPECT_NEAR(explained[0], 0.5, 1e-9);
    EXPECT_NEAR(explained[1], 0.3, 1e-9);
}

TEST(CausalVariants, NamedLociHaveTheirVariance) {
    int named = 0;
    for (const CausalVariant& variant : liability_world().causal) {
        if (!variant.named_locus) continue;
        ++named;
        const double p = variant.frequency;
        EXPECT_NEAR(variant.beta * variant.beta * 2 * p * (1 - p), variant.variance_explained,
                    1e-9); // one group
    }
    EXPECT_EQ(named, 2);
}

TEST(GeneticValues, HaveTheVarianceOfTheHeritability) {
    double sum[2] = {}, square[2] = {};
    const std::uint64_t first = liability_world().pedigree.family_slots();
    const auto count = static_cast<double>(liability_world().pedigree.samples() - first);
    for (std::uint64_t slot = first; slot < liability_world().pedigree.samples(); ++slot) {
        const auto values =
            genetic_values(liability_world().haplotypes, liability_world().causal, 2, slot);
        for (std::size_t t = 0; t < 2; ++t)
            sum[t] += values[t], square[t] += values[t] * values[t];
    }
    for (std::size_t t = 0; t < 2; ++t) {
        const double variance = square[t] / count - sum[t] / count * sum[t] / count;
        // Linkage disequilibrium between 42 causal variants on 60 Mb: about 15 % of the variance.
        EXPECT_NEAR(variance, liability_world().traits[t].heritability,
                    0.25 * liability_world().traits[t].heritability);
    }
}

TEST(GeneticValues, TwinsAreAlikeAndChildrenRegressToTheirParents) {
    double child_parent = 0, parent_variance = 0;
    for (std::uint64_t slot = 0; slot < liability_world().pedigree.family_slots(); ++slot) {
        const auto own =
            genetic_values(liability_world().haplotypes, liability_world().causal, 2, slot);
        if (liability_world().pedigree.relation(slot) == Relation::twin) {
            EXPECT_EQ(own, genetic_values(liability_world().haplotypes, liability_world().causal, 2,
                                          slot - 1));
        }
        if (liability_world().pedigree.relation(slot) != Relation::child) continue;
        const auto father = genetic_values(liability_world().haplotypes, liability_world().causal,
                                           2, liability_world().pedigree.father(slot));
        const auto mother = genetic_values(liability_world().haplotypes, liability_world().causal,
                                           2, liability_world().pedigree.mother(slot));
        const double middle = (father[0] + mother[0]) / 2;
        child_parent += own[0] * middle;
        parent_variance += middle * middle;
    }
    EXPECT_NEAR(child_parent / parent_variance, 1,
                0.2); // 500 children: slope 1 on the mid-parent value, s.e. 0.05
}

} // namespace
} // namespace salus
