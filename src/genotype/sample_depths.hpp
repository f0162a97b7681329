#pragma once

#include "store/h5.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

namespace salus {

/// Fewest reads of a heterozygous call that is counted.
inline constexpr std::uint32_t het_depth_min = 8;

/// Whether the share of ALT reads is outside [0.2, 0.8]; exact.
constexpr bool is_unbalanced(std::uint64_t alt, std::uint64_t total) noexcept {
    return 5 * alt < total || 5 * alt > 4 * total;
}

/// Reads at heterozygous calls of autosomal biallelic SNVs, per sample. Exact integers, so sums do
/// not depend on order; 2^32 calls of 2^31 reads fit. 32 bytes a sample.
struct SampleDepths {
    std::vector<std::uint64_t> het_calls, alt_depth, total_depth, unbalanced_calls; // [sample]
    explicit SampleDepths(std::size_t samples = 0)
        : het_calls(samples), alt_depth(samples), total_depth(samples), unbalanced_calls(samples) {}
    std::size_t size() const noexcept { return het_calls.size(); }
    /// A call with `alt` of `total` reads, at least het_depth_min.
    void add(std::size_t sample, std::uint64_t alt, std::uint64_t total) noexcept {
        ++het_calls[sample];
        alt_depth[sample] += alt;
        total_depth[sample] += total;
        unbalanced_calls[sample] += std::uint64_t{is_unbalanced(alt, total)};
    }
};

/// The table `sample_depths` of index.h5, there if depths were counted.
TableSpec sample_depths_table();
void write_sample_depths(H5File& index, const SampleDepths& depths);
/// From the genotype store at `path`; nothing if it has none or is another kind of genotypes.
/// IntegrityError if the table is not of `samples` rows.
std::optional<SampleDepths> read_sample_depths(const std::filesystem::path& path,
                                               std::size_t samples);
/// The same without reading the rows.
bool has_sample_depths(const std::filesystem::path& path);

} // namespace salus
