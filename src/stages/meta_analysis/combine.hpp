#pragma once

#include "stages/meta_analysis/matching.hpp"
#include "stages/meta_analysis/meta_analysis.hpp"
#include "store/parts.hpp"

#include <vector>

namespace salus::meta {

/// Windows whose rows are combined together.
struct Unit {
    std::size_t first = 0, last = 0; // half-open
};
/// Cuts the genome into units of about 32 MiB of rows, by the rows of all studies alone.
std::vector<Unit> cut_units(const Parts& studies);

/// Most studies whose pairs are checked for shared samples.
inline constexpr std::size_t overlap_studies_max = 200;

/// Sums over pairs (first < second), row by row of the upper triangle.
struct OverlapSums {
    std::vector<double> products, variants;
    explicit OverlapSums(std::size_t studies);
    static std::size_t place(std::size_t studies, std::size_t first, std::size_t second) noexcept;
    void add(const OverlapSums& other);
};

/// What a unit found, beside its tables.
struct UnitFacts {
    std::vector<MatchCounts> counts; // [study]
    OverlapSums overlap;
};

/// Matches and combines the rows of a unit and writes the tables to its part.
/// \param control  [study]: factors for standard errors by genomic control; 1 if it is not asked.
void combine_unit(const Unit& unit, const Parts& studies, const std::vector<double>& control,
                  const MetaAnalysisParams& params, PartWriter& part);
UnitFacts read_unit_facts(const H5File& part, std::size_t studies);

} // namespace salus::meta
