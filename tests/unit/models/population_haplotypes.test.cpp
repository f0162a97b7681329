#include "models/population_haplotypes.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace salus {
namespace {

struct HaplotypeWorld {
    GenomeMap map{{{.chromosome = "chr1", .begin = 1, .end = 200'000'001},
                   {.chromosome = "chrX",
                    .transmission = Transmission::x_linked,
                    .begin = 1,
                    .end = 1'000'001},
                   {.chromosome = "chrM",
                    .transmission = Transmission::mitochondrial,
                    .begin = 1,
                    .end = 16'570}},
                  1,
                  8};
    FounderPanel panel{{{"A", 0.6, 0.05}, {"B", 0.4, 0.1}}, 100, 0.02, 8};
    Pedigree pedigree{{.samples = 1200,
                       .family_share = 0.5,
                       .proportions = {0.6, 0.4},
                       .duplicates = 2,
                       .seed = 8}};
    HaplotypeModel haplotypes{map, panel, pedigree, 0.5, 8};
};
const HaplotypeWorld& haplotype_world() {
    static const HaplotypeWorld made;
    return made;
}

TEST(Haplotypes, WalkerAgreesWithRandomAccess) {
    HaplotypeWalker walker(haplotype_world().haplotypes);
    std::vector<std::uint8_t> panel_allele(haplotype_world().panel.size());
    for (std::size_t j = 0; j < panel_allele.size(); ++j)
        panel_allele[j] = j % 3 == 0 ? 1 : 0;
    walker.start(0);
    for (float at = 30; at < 33; at += 0.21F) {
        walker.common(at, panel_allele);
        for (std::uint64_t slot = 0; slot < haplotype_world().pedigree.samples(); ++slot)
            for (const unsigned side : {0U, 1U})
                ASSERT_EQ(
                    walker.alleles()[2 * slot + side],
                    panel_allele[haplotype_world().haplotypes.lineage(slot, side, 0, at).from]);
    }
}

TEST(Haplotypes, FoundersCopyTheirGroup) {
    for (std::uint64_t slot = haplotype_world().pedigree.family_slots(); slot < 1200; ++slot) {
        const auto from = haplotype_world().haplotypes.lineage(slot, 0, 0, 7.5F).from;
        const auto first = haplotype_world().panel.first(haplotype_world().pedigree.group(slot));
        ASSERT_GE(from, first);
        ASSERT_LT(from, first + haplotype_world().panel.per_group());
    }
}

TEST(Haplotypes, CrossoversArePoissonOnePerMorgan) {
    double crossovers = 0, meioses = 0;
    const float length = static_cast<float>(haplotype_world().map.region_length_cm(0));
    for (std::uint64_t slot = 0; slot < haplotype_world().pedigree.family_slots(); ++slot) {
        if (haplotype_world().pedigree.relation(slot) != Relation::child) continue;
        for (const unsigned side : {0U, 1U}) {
            ++meioses;
            for (float at = 0;
                 (at = haplotype_world().haplotypes.from_parent(slot, side, 0, at).end) < length;)
                ++crossovers;
        }
    }
    EXPECT_NEAR(crossovers / meioses, static_cast<double>(length) / 100,
                0.2); // 500 meioses, s.e. 0.07
}

TEST(Haplotypes, ChromosomeXAndMitochondriaPassAsTheyShould) {
    for (std::uint64_t slot = 0; slot < haplotype_world().pedigree.family_slots(); ++slot) {
        if (haplotype_world().pedigree.relation(slot) != Relation::child) continue;
        const auto father = haplotype_world().pedigree.father(slot),
                   mother = haplotype_world().pedigree.mother(slot);
        EXPECT_EQ(haplotype_world().haplotypes.lineage(slot, 0, 1, 0.5F).from,
                  haplotype_world().haplotypes.lineage(father, 1, 1, 0.5F).from);
        EXPECT_EQ(haplotype_world().haplotypes.lineage(slot, 1, 2, 0.0F).from,
                  haplotype_world().haplotypes.lineage(mother, 1, 2, 0.0F).from);
    }
}

TEST(Carries, FollowsSexAndChromosome) {
    EXPECT_TRUE(carries(Transmission::autosomal, true, 0));
    EXPECT_FALSE(carries(Transmission::x_linked, true, 0));
    EXPECT_TRUE(carries(Transmission::x_linked, true, 1));
    EXPECT_TRUE(carries(Transmission::x_linked, false, 0));
    EXPECT_TRUE(carries(Transmission::y_linked, true, 0));
    EXPECT_FALSE(carries(Transmission::y_linked, false, 0));
    EXPECT_FALSE(carries(Transmission::mitochondrial, true, 0));
}

TEST(RareCarriers, MostSitesHaveOneOrTwoInOneGroup) {
    const RareCarriers rare(haplotype_world().haplotypes);
    std::map<std::size_t, int> counts;
    for (std::uint64_t i = 0; i < 4000; ++i) {
        const auto carriers =
            rare.draw({.id = i, .position = 1, .common = false}, Transmission::autosomal, 8);
        ++counts[carriers.size()];
        std::set<std::uint8_t> groups;
        for (const std::uint64_t hap : carriers) {
            ASSERT_TRUE(haplotype_world().pedigree.founder(hap / 2));
            groups.insert(haplotype_world().pedigree.group(hap / 2));
        }
        ASSERT_EQ(groups.size(), 1U);
    }
    // P(count >= c) = c^-1.5, cut at 0.5 % of the founders of the group, here 2 or 3.
    EXPECT_GT(counts[1], 2600);
    EXPECT_GT(counts[2], 500);
    EXPECT_LT(counts.rbegin()->first, 6U);
}

TEST(RareCarriers, OnlyMenCarryRareVariantsOfY) {
    const RareCarriers rare(haplotype_world().haplotypes);
    for (std::uint64_t i = 0; i < 200; ++i)
        for (const std::uint64_t hap :
             rare.draw({.id = i, .position = 1, .common = false}, Transmission::y_linked, 8)) {
            EXPECT_TRUE(haplotype_world().pedigree.male(hap / 2));
            EXPECT_EQ(hap % 2, 0U);
        }
}

} // namespace
} // namespace salus
