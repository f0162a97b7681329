#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace salus {

/// How a stretch of the genome passes from parents to children.
enum class Transmission : std::uint8_t { autosomal, x_linked, y_linked, mitochondrial };

/// A stretch of one chromosome that is simulated. Positions are 1-based, half-open.
struct GenomeRegion {
    std::string chromosome;
    Transmission transmission = Transmission::autosomal;
    std::uint32_t begin = 1, end = 2;
    double site_density = 1; // relative number of variant sites
};

/// A small fixed piece of a region: sites, panel and haplotypes of a cell are made without the
/// cells before it.
struct GenomeCell {
    std::uint32_t region = 0;
    std::uint32_t begin = 1, end = 2;
    float genetic_begin = 0;  // cM from the start of the region
    float genetic_length = 0; // cM; the rate is even inside a cell
};

/// Recombination map: cells of fixed length with gamma-like rates (hot and cold spots), mean cM/Mb
/// given. Y and mitochondria do not recombine. O(total length / cell_length) memory, 20 bytes a
/// cell.
class GenomeMap {
public:
    GenomeMap(std::vector<GenomeRegion> regions, double cm_per_mb, std::uint64_t seed);
    static constexpr std::uint32_t cell_length = 100'000;
    static constexpr std::uint32_t nowhere = 0xFFFFFFFF; // no region

    const std::vector<GenomeRegion>& regions() const noexcept { return regions_; }
    const std::vector<GenomeCell>& cells() const noexcept { return cells_; }
    const GenomeRegion& region_of(const GenomeCell& cell) const noexcept {
        return regions_[cell.region];
    }
    double region_length_cm(std::uint32_t region) const noexcept { return lengths_[region]; }
    /// Genetic position in cM of a base of the cell.
    static float genetic_position(const GenomeCell& cell, std::uint32_t position) noexcept {
        const float share =
            static_cast<float>(position - cell.begin) / static_cast<float>(cell.end - cell.begin);
        return cell.genetic_begin + share * cell.genetic_length;
    }

private:
    std::vector<GenomeRegion> regions_;
    std::vector<GenomeCell> cells_;
    std::vector<double> lengths_; // cM, by region
};

/// Sites per megabase and how they are spread over frequencies.
struct SiteDensity {
    double common_per_mb = 150;
    double rare_per_mb = 450;
};

/// A variant site before anybody's alleles are known. Its id keys every random draw about it.
struct SimulatedSite {
    std::uint64_t id = 0; // cell << 24 | position inside the cell
    std::uint32_t position = 0;
    bool common = false;
};

/// The sites of a cell by ascending position, no position twice. O(sites log sites).
std::vector<SimulatedSite> sites_of_cell(const GenomeMap& map, std::uint64_t cell,
                                         const SiteDensity& density, std::uint64_t seed);

/// REF and one or two ALT alleles of a site: about 92 % SNVs (transition to transversion 2.1), 8 %
/// short insertions and deletions, 2 % of the common sites with two ALT alleles.
struct SiteAlleles {
    std::string ref;
    std::vector<std::string> alt;
};
SiteAlleles alleles_of_site(const SimulatedSite& site, std::uint64_t seed);

} // namespace salus
