#include "stages/simulate/genomes.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

namespace salus {
namespace {

SimulateParams small_params() {
    SimulateParams params;
    params.samples = 600;
    params.chromosomes = {"chr2", "chr7", "chrX", "chrY", "chrM"};
    params.region_mb = 1.5;
    params.family_share = 0.4;
    params.background_variants = 5;
    return params;
}

const SimulatedCohort& genome_cohort() {
    static const SimulatedCohort made(small_params(), 21);
    return made;
}

/// Copies of the first ALT: -1 missing.
int copies(CallCode code) {
    if (first_allele(code) >= missing_code) return -1;
    return (first_allele(code) == 1 ? 1 : 0) + (second_allele(code) == 1 ? 1 : 0);
}

struct Made {
    Transmission transmission;
    SimulatedSite site;
    std::vector<CallCode> calls;
    std::vector<std::uint8_t> truth;
};

const std::vector<Made>& sites() {
    static const std::vector<Made> made = [] {
        std::vector<Made> all;
        GenomeMaker maker(genome_cohort());
        maker.for_each_site({0, genome_cohort().map().cells().size()},
                            [&](const GenomeMaker::Site& site) {
                                all.push_back({site.transmission,
                                               *site.site,
                                               {site.calls.begin(), site.calls.end()},
                                               {site.truth.begin(), site.truth.end()}});
                            });
        return all;
    }();
    return made;
}

CallCode call_of(const Made& site, std::uint64_t slot) {
    return site.calls[genome_cohort().pedigree().sample_of_slot(slot)];
}

TEST(Genomes, MostSitesAreSeenOnceOrTwice) {
    std::size_t seldom = 0;
    for (const Made& site : sites()) {
        const AlleleCounts counts = count_alleles(site.calls);
        if (counts.alt[0] + counts.alt[1] <= 2) ++seldom;
    }
    EXPECT_GT(sites().size(), 1000U);
    EXPECT_GT(static_cast<double>(seldom) / static_cast<double>(sites().size()), 0.5);
}

TEST(Genomes, ChildrenHoldAnAlleleOfEachParent) {
    const Pedigree& pedigree = genome_cohort().pedigree();
    std::size_t checked = 0;
    for (const Made& site : sites()) {
        if (site.transmission != Transmission::autosomal) continue;
        for (std::uint64_t slot = 0; slot < pedigree.family_slots(); ++slot) {
            if (pedigree.relation(slot) < Relation::child) continue;
            const std::uint64_t father = pedigree.father(slot), mother = pedigree.mother(slot);
            const unsigned a = site.truth[2 * slot], b = site.truth[2 * slot + 1];
            ASSERT_TRUE(a == site.truth[2 * father] || a == site.truth[2 * father + 1]);
            ASSERT_TRUE(b == site.truth[2 * mother] || b == site.truth[2 * mother + 1]);
            ++checked;
        }
    }
    EXPECT_GT(checked, 10'000U);
}

TEST(Genomes, CallsBreakMendelOnlyAtFaultySites) {
    const Pedigree& pedigree = genome_cohort().pedigree();
    for (const Made& site : sites()) {
        if (site.transmission != Transmission::autosomal ||
            genome_cohort().faulty_sites().contains(site.site.id))
            continue;
        for (std::uint64_t slot = 0; slot < pedigree.family_slots(); ++slot) {
            if (pedigree.relation(slot) < Relation::child) continue;
            const int child = copies(call_of(site, slot)),
                      father = copies(call_of(site, pedigree.father(slot))),
                      mother = copies(call_of(site, pedigree.mother(slot)));
            if (child < 0 || father < 0 || mother < 0) continue;
            ASSERT_GE(child, (father == 2 ? 1 : 0) + (mother == 2 ? 1 : 0));
            ASSERT_LE(child, (father > 0 ? 1 : 0) + (mother > 0 ? 1 : 0));
        }
    }
}

TEST(Genomes, TwinsAndDuplicatesAreIdenticalButForMissingCalls) {
    const Pedigree& pedigree = genome_cohort().pedigree();
    for (std::uint64_t slot = 0; slot < pedigree.samples(); ++slot) {
        const std::uint64_t other = pedigree.genome(slot);
        if (other == slot) continue;
        for (const Made& site : sites()) {
            const CallCode a = call_of(site, slot), b = call_of(site, other);
            if (genome_cohort().faulty_sites().contains(site.site.id) || copies(a) < 0 ||
                copies(b) < 0)
                continue;
            ASSERT_EQ(a, b);
        }
    }
}

TEST(Genomes, PloidyFollowsSex) {
    const Pedigree& pedigree = genome_cohort().pedigree();
    for (const Made& site : sites())
        for (std::uint64_t slot = 0; slot < pedigree.samples(); ++slot) {
            const CallCode code = call_of(site, slot);
            const bool haploid = second_allele(code) == absent_code;
            const bool male = pedigree.male(slot);
            switch (site.transmission) {
            case Transmission::autosomal:
                ASSERT_FALSE(haploid);
                break;
            case Transmission::x_linked:
                ASSERT_EQ(haploid, male);
                break;
            case Transmission::y_linked:
                ASSERT_TRUE(haploid && (male || copies(code) < 0));
                break;
            case Transmission::mitochondrial:
                ASSERT_TRUE(haploid);
                break;
            }
        }
}

double share_missing(std::uint64_t slot) {
    double missing = 0, all = 0;
    for (const Made& site : sites())
        if (site.transmission == Transmission::autosomal)
            ++all, missing += copies(call_of(site, slot)) < 0 ? 1 : 0;
    return missing / all;
}

double heterozygosity(std::uint64_t slot) {
    double het = 0, all = 0;
    for (const Made& site : sites())
        if (site.transmission == Transmission::autosomal && site.site.common)
            ++all, het +=
                   first_allele(call_of(site, slot)) != second_allele(call_of(site, slot)) ? 1 : 0;
    return het / all;
}

TEST(Genomes, PlantedSampleFaultsShow) {
    const Pedigree& pedigree = genome_cohort().pedigree();
    double usual = 0, usual_square = 0;
    const std::uint64_t first = pedigree.family_slots(), count = 100;
    for (std::uint64_t slot = first; slot < first + count; ++slot) {
        const double het = heterozygosity(slot);
        usual += het / static_cast<double>(count);
        usual_square += het * het / static_cast<double>(count);
        EXPECT_LT(share_missing(slot), 0.01);
    }
    const double spread = std::sqrt(usual_square - usual * usual);
    for (std::uint64_t i = 0; i < pedigree.plan().contaminated; ++i)
        EXPECT_GT(heterozygosity(pedigree.contaminated(i)), usual + 3 * spread);
    for (std::uint64_t i = 0; i < pedigree.plan().low_call; ++i)
        EXPECT_NEAR(share_missing(pedigree.low_call(i)), 0.15, 0.04);
}

TEST(Genomes, PlantedVariantFaultsShow) {
    std::map<VariantFault, int> seen;
    for (const Made& site : sites()) {
        const auto faulty = genome_cohort().faulty_sites().find(site.site.id);
        if (faulty == genome_cohort().faulty_sites().end()) continue;
        ++seen[faulty->second.fault];
        double het = 0, alt = 0, called = 0;
        for (const CallCode code : site.calls)
            if (copies(code) >= 0) ++called, alt += copies(code), het += copies(code) == 1 ? 1 : 0;
        const double p = alt / (2 * called);
        if (faulty->second.fault == VariantFault::hardy_weinberg) {
            EXPECT_LT(het / called, 0.75 * 2 * p * (1 - p));
        } else {
            EXPECT_LT(called, 0.95 * static_cast<double>(site.calls.size()));
        }
    }
    EXPECT_EQ(seen[VariantFault::hardy_weinberg], 10);
    EXPECT_EQ(seen[VariantFault::low_call_rate], 10);
}

TEST(Genomes, CausalSitesAreInTheFilesWithTheirFrequency) {
    std::map<std::uint64_t, const Made*> by_id;
    for (const Made& site : sites())
        by_id[site.site.id] = &site;
    ASSERT_FALSE(genome_cohort().causal().empty());
    for (const CausalVariant& variant : genome_cohort().causal()) {
        ASSERT_TRUE(by_id.contains(variant.site.id));
        const AlleleCounts counts = count_alleles(by_id[variant.site.id]->calls);
        const double frequency =
            static_cast<double>(counts.alt[0]) / static_cast<double>(counts.called);
        EXPECT_NEAR(frequency, variant.frequency,
                    0.1); // 1,200 haplotypes of four groups of random size
    }
}

TEST(Genomes, GeneticValuesAreSumsOverTheTrueAlleles) {
    std::map<std::uint64_t, const Made*> by_id;
    for (const Made& site : sites())
        by_id[site.site.id] = &site;
    for (std::uint64_t slot = 0; slot < genome_cohort().pedigree().samples(); slot += 7) {
        std::vector<double> sums(simulated_traits, 0);
        for (const CausalVariant& variant : genome_cohort().causal()) {
            const auto& truth = by_id[variant.site.id]->truth;
            sums[variant.trait] +=
                variant.beta * (truth[2 * slot] + truth[2 * slot + 1] - 2 * variant.frequency);
        }
        const auto values = genetic_values(genome_cohort().haplotypes(), genome_cohort().causal(),
                                           simulated_traits, slot);
        for (std::size_t t = 0; t < simulated_traits; ++t)
            ASSERT_NEAR(values[t], sums[t], 1e-9);
    }
}

TEST(GenomeUnits, CoverAllCellsAndDoNotChangeTheRows) {
    const auto units = genome_units(genome_cohort());
    ASSERT_FALSE(units.empty());
    EXPECT_EQ(units.front().begin, 0U);
    EXPECT_EQ(units.back().end, genome_cohort().map().cells().size());
    for (std::size_t u = 1; u < units.size(); ++u)
        EXPECT_EQ(units[u].begin, units[u - 1].end);
    GenomeMaker maker(genome_cohort());
    const GenomePart whole = maker.make({3, 6});
    std::string bed, bim;
    for (const std::uint64_t cell : {5U, 3U, 4U}) { // in any order
        const GenomePart part = maker.make({cell, cell + 1});
        if (cell == 5) bed = part.bed, bim = part.bim;
    }
    ASSERT_GE(whole.bed.size(), bed.size());
    EXPECT_EQ(whole.bed.substr(whole.bed.size() - bed.size()), bed);
    EXPECT_EQ(whole.bim.substr(whole.bim.size() - bim.size()), bim);
}

TEST(SimulateParams, MistakesAreAllTold) {
    SimulateParams params;
    EXPECT_TRUE(check_simulation(params).empty());
    params.chromosomes = {"chr2", "chr1", "chr99"};
    params.drift = {0.1, 0.9, 0.1, 0.1};
    EXPECT_GE(check_simulation(params).size(), 3U);
    SimulateParams few;
    few.samples = 20;
    EXPECT_EQ(check_simulation(few).size(), 1U);
}

} // namespace
} // namespace salus
