#include "models/population_panel.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace salus {
namespace {

const GenomeMap& map() {
    static const GenomeMap made({{.chromosome = "chr1", .begin = 1, .end = 20'000'001}}, 1, 3);
    return made;
}
const FounderPanel& panel() {
    static const FounderPanel made({{"A", 0.5, 0.05}, {"B", 0.5, 0.15}}, 200, 0.02, 3);
    return made;
}

struct Drawn {
    float at;
    std::uint32_t position;
    FounderPanel::SiteDraw draw;
};

const std::vector<Drawn>& drawn_sites() {
    static const std::vector<Drawn> sites = [] {
        std::vector<Drawn> made;
        FounderPanel::Sources sources;
        for (std::uint64_t cell = 0; cell < map().cells().size(); ++cell)
            for (const SimulatedSite& site :
                 sites_of_cell(map(), cell, {.common_per_mb = 100, .rare_per_mb = 0}, 3)) {
                Drawn one{.at = GenomeMap::genetic_position(map().cells()[cell], site.position),
                          .position = site.position,
                          .draw = {}};
                panel().move_to(0, one.at, sources);
                panel().draw_site(site, sources, 0.01, 1, one.draw);
                made.push_back(std::move(one));
            }
        return made;
    }();
    return sites;
}

double r2(const Drawn& x, const Drawn& y, std::size_t group) {
    double both = 0;
    for (std::uint32_t j = panel().first(group); j < panel().first(group) + panel().per_group();
         ++j)
        both += x.draw.allele[j] * y.draw.allele[j];
    const double p = x.draw.frequency[group], q = y.draw.frequency[group];
    const double d = both / panel().per_group() - p * q;
    return d * d / (p * (1 - p) * q * (1 - q));
}

TEST(FounderPanel, RandomAccessFindsWhatAWalkFinds) {
    FounderPanel::Sources walked;
    for (float at = 0; at < 5; at += 0.13F) {
        FounderPanel::Sources jumped;
        panel().move_to(0, at, walked);
        panel().move_to(0, at, jumped);
        ASSERT_EQ(walked.parent, jumped.parent);
    }
}

TEST(FounderPanel, LineagesCopyEarlierOnesOfTheirGroupOrThePool) {
    FounderPanel::Sources sources;
    panel().move_to(0, 1.0F, sources);
    for (std::uint32_t j = 1; j < panel().size(); ++j) {
        ASSERT_LT(sources.parent[j], j);
        const bool pool = sources.parent[j] < panel().first(0);
        const std::uint32_t begin = j < panel().first(0)   ? 0
                                    : j < panel().first(1) ? panel().first(0)
                                                           : panel().first(1);
        ASSERT_TRUE(pool || sources.parent[j] >= begin);
    }
}

TEST(FounderPanel, CommonSitesReachTheLeastFrequency) {
    for (const Drawn& site : drawn_sites()) {
        EXPECT_GE(site.draw.alt_frequency, 0.01);
        EXPECT_LE(site.draw.alt_frequency, 0.99);
    }
}

TEST(FounderPanel, RareAllelesAreMoreThanFrequentOnes) {
    std::size_t low = 0, middle = 0, high = 0;
    for (const Drawn& site : drawn_sites()) {
        if (site.draw.alt_frequency < 0.1)
            ++low;
        else if (site.draw.alt_frequency < 0.5)
            ++middle;
        else
            ++high;
    }
    // Of a 1/f spectrum between 0.01 and 0.99, 50 % lie below 0.1, 35 % in the middle, 15 % above
    // 0.5. Private alleles of a group add to the low ones.
    const auto total = static_cast<double>(drawn_sites().size());
    EXPECT_GT(static_cast<double>(low) / total, 0.45);
    EXPECT_GT(static_cast<double>(middle) / total, 0.2);
    EXPECT_GT(static_cast<double>(high) / total, 0.02);
}

TEST(FounderPanel, LinkageDisequilibriumDecaysWithDistance) {
    double near = 0, far = 0;
    std::size_t near_pairs = 0, far_pairs = 0;
    const auto& sites = drawn_sites();
    const auto frequent = [](const Drawn& site) {
        return site.draw.frequency[1] > 0.05 && site.draw.frequency[1] < 0.95;
    };
    for (std::size_t i = 0; i < sites.size(); ++i)
        for (std::size_t j = i + 1; frequent(sites[i]) && j < sites.size() && j < i + 120; ++j) {
            if (!frequent(sites[j])) continue;
            const std::uint32_t distance = sites[j].position - sites[i].position;
            if (distance < 10'000) near += r2(sites[i], sites[j], 1), ++near_pairs;
            if (distance > 400'000 && distance < 800'000)
                far += r2(sites[i], sites[j], 1), ++far_pairs;
        }
    ASSERT_GT(near_pairs, 100U);
    ASSERT_GT(far_pairs, 100U);
    EXPECT_GT(near / static_cast<double>(near_pairs), 0.12);
    EXPECT_LT(far / static_cast<double>(far_pairs), 0.03);
}

TEST(FounderPanel, GroupsDriftApartByTheirFst) {
    double between = 0, within = 0; // Hudson's estimator as a ratio of averages; Bhatia et al.
                                    // 2013, doi:10.1101/gr.154831.113
    const double n = panel().per_group();
    for (const Drawn& site : drawn_sites()) {
        const double p = site.draw.frequency[0], q = site.draw.frequency[1];
        between += (p - q) * (p - q) - p * (1 - p) / (n - 1) - q * (1 - q) / (n - 1);
        within += p * (1 - q) + q * (1 - p);
    }
    EXPECT_NEAR(between / within, (0.05 + 0.15) / 2, 0.03);
}

} // namespace
} // namespace salus
