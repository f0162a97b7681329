#pragma once

#include "genotype/genotype_source.hpp"
#include "genotype/sample_depths.hpp"
#include "models/duplicates.hpp"
#include "stages/quality/cohort.hpp"
#include "stages/quality/quality.hpp"
#include "stages/quality/sample_counters.hpp"
#include "stages/quality/sample_families.hpp"
#include "store/h5.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace salus {

/// Statistics of one sample; NaN where nothing was called.
struct SampleQuality {
    double call_rate = 0;      // all variants, Y only in recorded males
    double heterozygosity = 0; // het / called, autosomal
    double inbreeding_f = 0;   // 1 - het / expected het, autosomal
    double x_heterozygosity = 0;
    double x_f = 0; // the same F on X outside the pseudo-autosomal regions
    double y_call_rate = 0;
    double ti_tv = 0; // carried autosomal transitions over transversions
    std::uint32_t singletons = 0;
    Sex genetic_sex = Sex::unknown;
    // Of SampleDepths; NaN without counted calls.
    double het_alt_share = std::numeric_limits<double>::quiet_NaN();
    double unbalanced_het_share = std::numeric_limits<double>::quiet_NaN();
    bool imbalanced = false; // by unbalanced_het_share_max
};
SampleQuality sample_quality(const SampleCounts& counts, std::size_t sample, Sex recorded,
                             const QualityParams& params);

/// Sex from F on X, or from the Y call rate where X has fewer than `sex_variants_min` calls.
Sex genetic_sex(double x_f, std::uint64_t x_called, double y_call_rate, std::uint64_t y_variants,
                const QualityParams& params) noexcept;

/// Fewest counted heterozygous calls of a sample that can fail for allele_imbalance: fair reads
/// make at most 7.1 % of calls unbalanced, whatever their depth (two-sided binomial tail at 8
/// reads), and beyond 10 % of 1,000 such calls lie 3.6 standard deviations.
inline constexpr std::uint64_t depth_calls_min = 1000;
/// Sets the last three members from the reads of a sample.
void add_depths(const SampleDepths& depths, std::size_t sample, const QualityParams& params,
                SampleQuality& quality);

/// What the rows of all samples come from.
struct SampleFacts {
    const SampleTable& samples;
    const SampleCounts& counts;
    std::span<const std::size_t> representative; // [sample] lowest index of its equal genomes
    const QualityCohort& cohort;
    const TrioCounts& trios;
    const QualityParams& params;
    const SampleDepths* depths = nullptr; // null: not counted
};
/// The rows of all samples with their pass marks. In a group of equal genomes (find_duplicates) the
/// sample with the best call rate is kept, on ties the first.
TableData samples_table(const SampleFacts& facts);

} // namespace salus
