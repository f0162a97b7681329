#pragma once

#include "models/mosaic.hpp"
#include "models/population_map.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace salus {

/// An ancestry group of the simulated population.
struct AncestryGroup {
    std::string label;
    double proportion = 1; // of the cohort; the proportions sum to 1
    double f_st = 0.1;     // drift from the common ancestral pool, in (0, 1)
};

/// Founder haplotypes from which everybody's genome is copied.
///
/// Lineages are ordered; each copies an earlier one, in mosaic segments along the genome (Li &
/// Stephens 2003, doi:10.1093/genetics/165.4.2213). Ancestral lineage j copies one of the j-1
/// before it. Lineage k of a group copies the ancestral pool with probability a/(a+k-1), else an
/// earlier lineage of its group: Hoppe's urn, so that allele frequencies of the group are Beta
/// distributed about the ancestral one with F_ST = 1/(1+a) (Balding & Nichols 1995,
/// doi:10.1007/BF01441146). A mutation on lineage j, chosen with weight 1/rank, is carried by all
/// that descend from j at the site: an allele frequency spectrum proportional to 1/f.
class FounderPanel {
public:
    /// \param per_group  lineages of each group; (groups + 1) * per_group must not exceed 65535.
    /// \param scale_cm   mean segment length of the first lineage; grows as the root of the rank,
    /// and with the drift
    ///                   of the group: less drift, larger population, shorter segments.
    FounderPanel(std::vector<AncestryGroup> groups, std::uint32_t per_group, double scale_cm,
                 std::uint64_t seed);

    const std::vector<AncestryGroup>& groups() const noexcept { return groups_; }
    std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(rank_.size()); }
    std::uint32_t per_group() const noexcept { return per_group_; }
    /// First lineage of a group; lineages [0, first(0)) are the ancestral pool.
    std::uint32_t first(std::size_t group) const noexcept {
        return per_group_ * static_cast<std::uint32_t>(group + 1);
    }

    /// Which earlier lineage each lineage copies at a place, kept while walking along one region.
    struct Sources {
        std::uint32_t region = GenomeMap::nowhere;
        std::vector<std::uint16_t> parent; // [lineage]
        std::vector<float> end;            // [lineage], cM
    };
    /// Brings `sources` to genetic position `at` (cM) of `region`; `at` must not go back within a
    /// region.
    void move_to(std::uint32_t region, float at, Sources& sources) const;

    /// Alleles of all lineages at a site: 0 REF, 1 first ALT, 2 second ALT.
    struct SiteDraw {
        std::vector<std::uint8_t> allele; // [lineage]
        std::vector<double> frequency;    // [group], first ALT
        double alt_frequency = 0;         // expected in the cohort, first ALT
    };
    /// A site whose expected minor allele frequency is at least `minor_min`; `alts` is 1 or 2.
    void draw_site(const SimulatedSite& site, const Sources& sources, double minor_min,
                   std::size_t alts, SiteDraw& out) const;

private:
    std::uint32_t source(std::uint32_t lineage, std::uint32_t draw) const noexcept;
    void spread(std::uint32_t origin, std::uint8_t value, const Sources& sources,
                std::span<std::uint8_t> allele) const;
    void count(SiteDraw& draw) const;

    std::vector<AncestryGroup> groups_;
    std::uint32_t per_group_;
    std::uint64_t seed_;
    CounterDraws draws_;
    std::vector<double> rank_, length_; // [lineage]; mean segment length in cM
    std::vector<double> cumulative_;    // [lineage], of mutation weights, last is 1
};

} // namespace salus
