#pragma once

#include "formats/genotype_reader.hpp"
#include "formats/site_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace salus {

/// Whether reads are counted at a site: one ALT, both alleles a single base of A, C, G, T, on an
/// autosome.
bool counts_depths(const Site& site) noexcept;

inline constexpr std::int64_t no_depth = -1; // '.'

/// Takes FORMAT/AD of one sample, in order of samples, into record.depths, if its call is
/// heterozygous, both depths are there and they make het_depth_min reads. No values, or one that is
/// missing, are no depths. Throws RecordDefect unless there are two values of at most 2^31 - 1.
void take_depths(std::size_t sample, std::span<const std::int64_t> values, GenotypeRecord& record);

/// The sample columns of a VCF line; AD is field `place` of FORMAT, from 0. Throws RecordDefect.
void read_depth_columns(std::string_view text, std::size_t place, std::size_t samples,
                        GenotypeRecord& record);

} // namespace salus
