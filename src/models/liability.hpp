#pragma once

#include "base/random.hpp"
#include "models/population_haplotypes.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace salus {

/// Genetic make-up of a trait in units of its standard deviation (liability scale for diseases).
struct TraitArchitecture {
    std::string name;
    double heritability = 0.4; // of the variance within groups
    std::vector<double> loci;  // variance explained by each named locus; their sum <= heritability
    std::uint32_t background = 100; // further variants of small effect that share the rest
};

/// A variant with an effect on one trait.
struct CausalVariant {
    SimulatedSite site;
    std::uint64_t cell = 0;
    std::uint32_t region = 0;
    float at = 0;            // cM in the region
    std::uint32_t trait = 0; // index
    bool named_locus = false;
    double beta = 0;                        // per ALT copy, in SD of the trait or liability
    double frequency = 0;                   // of the ALT allele, expected in the cohort
    double variance_explained = 0;          // beta^2 * mean over groups of 2 p (1 - p)
    std::vector<std::uint8_t> panel_allele; // [lineage], 0 or 1
};

/// A site chosen at random among the common, two-allele autosomal ones, and the panel's alleles
/// there.
struct ChosenSite {
    std::uint64_t cell = 0;
    SimulatedSite site;
    FounderPanel::SiteDraw draw;
};

/// Chooses sites that nobody chose before.
class SiteChooser {
public:
    /// \param minor_min  the same as when genotypes are made.
    SiteChooser(const HaplotypeModel& model, const SiteDensity& density, double minor_min,
                std::uint64_t seed);
    /// A site whose expected ALT frequency in every group lies in [low, 1 - low]; nothing after
    /// 2,000 attempts.
    std::optional<ChosenSite> choose(Rng& rng, double low);

private:
    const HaplotypeModel* model_;
    SiteDensity density_;
    double minor_min_;
    std::uint64_t seed_;
    std::vector<std::uint64_t> autosomal_cells_;
    std::set<std::uint64_t> taken_;
};

/// Causal variants of all traits, sorted by place. Effects of named loci give exactly their
/// variance; effects of the background vary threefold on the standardised scale, scaled so that
/// linkage equilibrium gives the heritability. Cost O(variants * panel).
std::vector<CausalVariant> choose_causal_variants(const HaplotypeModel& model,
                                                  const std::vector<TraitArchitecture>& traits,
                                                  SiteChooser& chooser, std::uint64_t seed);

/// Genetic values of one person, one per trait: sum of beta * (copies - 2 * frequency).
/// O(variants).
std::vector<double> genetic_values(const HaplotypeModel& model,
                                   const std::vector<CausalVariant>& variants, std::size_t traits,
                                   std::uint64_t slot);

/// Liability above which a share `prevalence` of a standard normal population lies.
double liability_threshold(double prevalence) noexcept;

} // namespace salus
