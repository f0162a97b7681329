#pragma once

#include "formats/frequency_vcf.hpp"
#include "genotype/genotype_source.hpp"
#include "kernels/genotype_counts.hpp"
#include "models/suppression.hpp"
#include "run/context.hpp"
#include "stages/allele_frequencies/allele_frequencies.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace salus::frequencies {

/// How many copies samples carry at a site.
enum class SitePloidy : std::uint8_t {
    two,          // everybody
    one_in_males, // X outside the pseudo-autosomal regions
    only_males,   // Y: one in recorded males, nobody else counts
    one,          // MT
};
SitePloidy ploidy_at(const Variant& variant, std::string_view genome_build) noexcept;

/// Samples that are counted together.
struct Population {
    FrequencyHeader::Population name;
    SampleMask all, males, others; // others: not recorded as male
};

/// All samples first, then XX and XY, then groups by name, then XX and XY of the groups that are
/// divided by sex.
struct Populations {
    static constexpr std::size_t first_group = 3;
    std::vector<Population> list;
    std::size_t groups = 0;
    std::vector<std::size_t> divided; // their numbers among the groups
    std::size_t first_divided() const noexcept { return first_group + groups; }
    std::uint64_t small_groups = 0; // left out because they have fewer than group_size_min samples
    std::vector<FrequencyHeader::Population> names() const;
};

/// Reads groups and the samples that passed quality. Groups come from the port `groups` (TSV:
/// sample_id, group) or `ancestry` (ancestry.h5). DataError for a group name that cannot be part of
/// an INFO key, for XX and XY and endings _XX and _XY, and for a sample listed twice.
/// Memory: 3/4 byte x N per population.
Populations make_populations(const RunContext& context, const SampleTable& samples,
                             const std::optional<H5File>& quality,
                             const AlleleFrequenciesParams& params);

/// Calls of one population at one site.
struct PopulationCounts {
    CarrierCounts carriers;
    std::uint64_t alleles = 0; // called
};
/// Heterozygous calls where one copy is expected count as missing.
PopulationCounts count_population(const VariantBlock& block, std::size_t v,
                                  const Population& population, SitePloidy ploidy);

/// The cells of a row with what is hidden, and how many that are.
struct HiddenCells {
    std::uint64_t small = 0, secondary = 0;
};
HiddenCells fill_cells(const Populations& populations, std::span<const PopulationCounts> counts,
                       std::uint64_t minimum, std::span<FrequencyCell> cells);

} // namespace salus::frequencies
