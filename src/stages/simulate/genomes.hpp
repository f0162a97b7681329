#pragma once

#include "stages/simulate/cohort.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

/// Whether genotypes are written in `format`.
bool wants(const SimulateParams& params, std::string_view format);

/// Half-open range of cells of the map.
struct CellRange {
    std::uint64_t begin = 0, end = 0;
};

/// Units of about 2^25 genotypes, at least one cell, at least 64 units where there are as many
/// cells.
std::vector<CellRange> genome_units(const SimulatedCohort& cohort);

/// What a unit writes, ready for concatenation.
struct GenomePart {
    std::vector<std::uint8_t> vcf, bcf; // BGZF blocks
    std::string bed, bim;
    std::vector<std::uint8_t> annotations; // BGZF blocks
    std::uint64_t sites = 0;
};

/// Makes the genotypes of ranges of cells. One per rank: 30 bytes a sample, plus 16 MB and one
/// compressed unit.
class GenomeMaker {
public:
    explicit GenomeMaker(const SimulatedCohort& cohort);
    /// Threads compress; cost about 10 ns a genotype.
    GenomePart make(CellRange cells);

    /// One site at a time, for those who want calls without files.
    struct Site {
        const SimulatedSite* site;
        const SiteAlleles* alleles;
        Transmission transmission;
        std::span<const std::uint8_t> truth; // [2 * slot + side]
        std::span<const CallCode> calls;     // [sample]
        std::uint32_t region;
        bool low_quality;
    };
    void for_each_site(CellRange cells, const std::function<void(const Site&)>& visit);

private:
    void visit_cell(std::uint64_t cell, const std::function<void(const Site&)>& visit);

    const SimulatedCohort* cohort_;
    Caller caller_;
    HaplotypeWalker walker_;
    RareCarriers rare_;
    std::vector<CallCode> calls_;
};

} // namespace salus
