#include "models/population_map.hpp"

#include <gtest/gtest.h>

#include <set>

namespace salus {
namespace {

GenomeMap two_regions() {
    return GenomeMap({{.chromosome = "chr1", .begin = 1'000'001, .end = 11'050'001},
                      {.chromosome = "chrY",
                       .transmission = Transmission::y_linked,
                       .begin = 1,
                       .end = 250'001,
                       .site_density = 0.2}},
                     1.2, 5);
}

TEST(GenomeMap, CellsCoverTheRegionsWithoutGap) {
    const GenomeMap map = two_regions();
    ASSERT_EQ(map.cells().size(), 101U + 3U);
    EXPECT_EQ(map.cells().front().begin, 1'000'001U);
    EXPECT_EQ(map.cells()[100].end, 11'050'001U);
    for (std::size_t c = 1; c < 101; ++c) {
        EXPECT_EQ(map.cells()[c].begin, map.cells()[c - 1].end);
        EXPECT_NEAR(map.cells()[c].genetic_begin,
                    map.cells()[c - 1].genetic_begin + map.cells()[c - 1].genetic_length, 1e-4);
    }
}

TEST(GenomeMap, MeanRateIsAsAskedAndYDoesNotRecombine) {
    const GenomeMap map = two_regions();
    EXPECT_NEAR(map.region_length_cm(0) / 10.05, 1.2,
                0.5); // 101 cells, coefficient of variation of a rate 1.6
    EXPECT_EQ(map.region_length_cm(1), 0);
}

TEST(Sites, AreSortedUniqueAndAsDenseAsAsked) {
    const GenomeMap map = two_regions();
    std::size_t common = 0, rare = 0;
    for (std::uint64_t cell = 0; cell < 101; ++cell) {
        std::uint32_t last = 0;
        for (const SimulatedSite& site :
             sites_of_cell(map, cell, {.common_per_mb = 100, .rare_per_mb = 400}, 9)) {
            EXPECT_GT(site.position, last);
            EXPECT_GE(site.position, map.cells()[cell].begin);
            EXPECT_LT(site.position, map.cells()[cell].end);
            last = site.position;
            ++(site.common ? common : rare);
        }
    }
    EXPECT_NEAR(static_cast<double>(common), 1005, 130); // Poisson, 4 standard deviations
    EXPECT_NEAR(static_cast<double>(rare), 4020, 260);
}

TEST(Sites, ACellIsTheSameHoweverOftenItIsMade) {
    const GenomeMap map = two_regions();
    const auto once = sites_of_cell(map, 17, {}, 9), again = sites_of_cell(map, 17, {}, 9);
    ASSERT_EQ(once.size(), again.size());
    for (std::size_t i = 0; i < once.size(); ++i)
        EXPECT_EQ(once[i].id, again[i].id);
}

TEST(SiteAlleles, AreValidAndMostlySingleBases) {
    int snv = 0, indel = 0, two = 0, transition = 0;
    const std::set<std::string> transitions{"AG", "GA", "CT", "TC"};
    for (std::uint64_t i = 0; i < 20'000; ++i) {
        const SiteAlleles alleles = alleles_of_site({.id = i, .position = 1, .common = true}, 3);
        ASSERT_FALSE(alleles.alt.empty());
        for (const std::string& alt : alleles.alt)
            ASSERT_NE(alt, alleles.ref);
        if (alleles.alt.size() == 2) {
            ASSERT_NE(alleles.alt[0], alleles.alt[1]);
        }
        const bool single = alleles.ref.size() == 1 && alleles.alt[0].size() == 1;
        ++(single ? snv : indel);
        two += alleles.alt.size() == 2 ? 1 : 0;
        transition += transitions.contains(alleles.ref + alleles.alt[0]) ? 1 : 0;
    }
    EXPECT_NEAR(indel, 1600, 160);
    EXPECT_NEAR(two, 368, 80);
    EXPECT_NEAR(static_cast<double>(transition) / (snv - transition), 2.1, 0.15);
}

} // namespace
} // namespace salus
