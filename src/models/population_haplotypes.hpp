#pragma once

#include "models/mosaic.hpp"
#include "models/population_panel.hpp"
#include "models/population_pedigree.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace salus {

/// Side 0 of a person is the paternal haplotype, side 1 the maternal one. Men carry X on side 1 and
/// Y on side 0; mitochondria are on side 1.
constexpr bool carries(Transmission transmission, bool male, unsigned side) noexcept {
    switch (transmission) {
    case Transmission::autosomal:
        return true;
    case Transmission::x_linked:
        return side == 1 || !male;
    case Transmission::y_linked:
        return side == 0 && male;
    case Transmission::mitochondrial:
        return side == 1;
    }
    return false;
}

/// Haplotypes of all people at any place, found without walking along the genome: haplotypes of
/// founders are mosaics of the panel lineages of their group, those of children are recombined from
/// their parents'.
class HaplotypeModel {
public:
    HaplotypeModel(const GenomeMap& map, const FounderPanel& panel, const Pedigree& pedigree,
                   double segment_cm, std::uint64_t seed);

    const GenomeMap& map() const noexcept { return *map_; }
    const FounderPanel& panel() const noexcept { return *panel_; }
    const Pedigree& pedigree() const noexcept { return *pedigree_; }

    /// What is copied at `at` (cM), and up to where.
    struct Copied {
        std::uint32_t from; // a panel lineage (founders) or a side of the parent (children)
        float end;
    };
    /// \param slot a founder. O(1), about 30 ns.
    Copied from_panel(std::uint64_t slot, unsigned side, std::uint32_t region,
                      float at) const noexcept;
    /// \param slot a child (not a twin: take its genome slot). Poisson crossovers, one per Morgan.
    /// O(crossovers).
    Copied from_parent(std::uint64_t slot, unsigned side, std::uint32_t region, float at) const;
    /// The parent who gives `side`.
    std::uint64_t parent(std::uint64_t slot, unsigned side) const noexcept {
        return side == 0 ? pedigree_->father(slot) : pedigree_->mother(slot);
    }
    /// The panel lineage of anybody's haplotype, and up to where.
    Copied lineage(std::uint64_t slot, unsigned side, std::uint32_t region, float at) const;

private:
    const GenomeMap* map_;
    const FounderPanel* panel_;
    const Pedigree* pedigree_;
    double segment_cm_;
    std::uint64_t seed_;
    CounterDraws draws_;
};

/// Haplotypes of all samples while walking along the sites of one cell: 20 bytes a sample and
/// thread.
class HaplotypeWalker {
public:
    explicit HaplotypeWalker(const HaplotypeModel& model);

    /// Starts at the first site of a cell.
    void start(std::uint32_t region);
    /// Alleles at `at`, which must not go back: those of the panel through the mosaics.
    void common(float at, std::span<const std::uint8_t> panel_allele);
    /// Alleles at `at` of a rare variant on these haplotypes (2 * slot + side) of founders.
    void rare(float at, std::span<const std::uint64_t> carriers);
    /// [2 * slot + side]; haplotypes that do not exist (carries) hold arbitrary values.
    std::span<const std::uint8_t> alleles() const noexcept { return allele_; }

private:
    void transmit(float at);

    struct Child {
        std::uint64_t slot;
        unsigned side;
        std::uint32_t from = 0;
        float end = -1;
    };
    const HaplotypeModel* model_;
    std::uint32_t region_ = 0;
    std::vector<std::uint16_t> source_; // [2 * slot + side], of founders
    std::vector<float> end_;
    std::vector<std::uint8_t> allele_;
    std::vector<Child> children_;
    std::vector<std::uint64_t> copies_; // slots whose genome is another's
};

/// Draws who carries rare variants.
class RareCarriers {
public:
    explicit RareCarriers(const HaplotypeModel& model);
    /// Haplotypes (2 * slot + side) of founders of one group that carry the variant: one in two out
    /// of three sites, P(count >= c) = c^-1.5, at most 0.5 % of the founders. Empty where nobody
    /// can carry it.
    std::vector<std::uint64_t> draw(const SimulatedSite& site, Transmission transmission,
                                    std::uint64_t seed) const;

private:
    const HaplotypeModel* model_;
    std::vector<std::vector<std::uint32_t>> founders_; // [group], slots
};

} // namespace salus
