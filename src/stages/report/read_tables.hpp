#pragma once

#include "stages/report/genome_sketch.hpp"
#include "stages/report/report_data.hpp"
#include "store/h5.hpp"

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace salus::report {

/// Rows of a table that are read at once: a chunk.
inline constexpr std::uint64_t slice_rows = 1u << 16;

/// A numeric column as doubles, whatever its type; NaN everywhere if the table does not have it.
std::vector<double> numbers(const TableData& table, std::string_view column);
/// A numeric column as counts; negative and NaN become 0.
std::vector<std::uint64_t> counts(const TableData& table, std::string_view column);
/// A text column; empty texts if the table does not have it.
std::vector<std::string> words(const TableData& table, std::string_view column);

/// Cohort and traits of phenotypes.h5. One pass; memory O(slice).
Cohort read_cohort(const H5File& file);

/// Cuts a table into slices that depend on its length alone.
struct RowRange {
    std::uint64_t begin = 0, end = 0;
};
std::vector<RowRange> row_slices(std::uint64_t rows, std::uint64_t size);

VariantQuality read_variant_quality(const H5File& file, RowRange range);
SampleQuality read_sample_quality(const H5File& file);
/// Adds the counts of rows that come later in the table.
void merge(VariantQuality& sum, const VariantQuality& more);
/// What a part file keeps of a slice.
void write_variant_quality(H5File& file, const VariantQuality& counts);
VariantQuality read_variant_quality_part(const H5File& file);

/// Chromosomes of the `variants` table in order; DataError if one appears twice.
std::vector<ChromosomeRun> read_runs(const H5File& file);
/// One pass over the tests of a trait.
GenomeSketch read_sketch(const H5File& file, const std::string& trait,
                         const std::vector<ChromosomeRun>& runs, double suggestive,
                         std::uint32_t distance);
/// The rows of the lead variants.
std::vector<Locus> read_loci(const H5File& file, const std::string& trait,
                             std::span<const Hit> hits);
/// `trait_summary` without the pictures and loci.
std::vector<TraitAssociation> read_association_summary(const H5File& file);
/// Traits that were left out, and why.
std::vector<std::pair<std::string, std::string>> read_skipped(const H5File& file);
void write_trait(H5File& file, const TraitAssociation& trait);
void read_trait(const H5File& file, TraitAssociation& trait);

/// How much of a loci result is shown.
struct LociDrawn {
    std::size_t listed = 20; // loci in the table of a trait
    std::size_t traits = 20; // traits with pictures
    std::size_t regions = 3; // loci of a trait with pictures
    double genome_wide = 7.30103;
};
/// Loci of every trait, the strongest with pictures. Reads the table of variants only where it
/// draws; memory O(loci) and the variants of one locus.
std::vector<TraitLoci> read_loci_result(const H5File& file, const LociDrawn& drawn);

/// Measures, curves and distributions of every trait with a score. `phenotypes`, if there, gives
/// case status.
std::vector<TraitRisk> read_risk(const H5File& file, const H5File* phenotypes);

/// Result files of population structure; null where there is none.
struct StructureFiles {
    const H5File* components = nullptr;
    const H5File* ancestry = nullptr;
    const H5File* kinship = nullptr;
    const H5File* ld = nullptr;
};
/// Groups of fewer than `min_cell` samples get no places. Memory about 100 B per sample and pair.
Structure read_structure(const StructureFiles& files, std::uint64_t min_cell);

/// What `/provenance` of a result file says.
Source read_source(const std::string& port, const std::filesystem::path& path);

} // namespace salus::report
