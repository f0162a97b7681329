#pragma once

#include "genotype/genotype_source.hpp"
#include "kernels/byte_products.hpp"
#include "kernels/genotype_counts.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace salus::whole_genome {

/// Genotypes of the variants of a block as copies of ALT in units of 1/63, rounded: exact for hard
/// calls, dosages to 0.008 copies. Missing ones have the mean of the eligible samples, rounded
/// likewise. Memory: N / 4 + 1024 bytes per variant, N bytes where it has dosages.
class BlockGenotypes {
public:
    static constexpr double one_copy = byte_max / 2;

    BlockGenotypes(const GenotypeSource& source, std::span<const std::uint64_t> variants,
                   std::span<const std::uint8_t> eligible);
    std::size_t size() const noexcept { return code_.size(); }
    /// Of variant v for ascending samples. `work` is scratch space.
    void read(std::size_t v, std::span<const std::uint32_t> samples,
              std::vector<std::uint8_t>& work, std::span<std::uint8_t> out) const noexcept;

private:
    void add(const VariantBlock& block, std::size_t b, std::size_t v, const SampleMask& eligible);
    /// Consecutive samples.
    void read_range(std::size_t v, std::size_t first, std::span<std::uint8_t> out) const noexcept;
    const std::uint8_t* row(std::size_t v) const noexcept { return rows_.data() + v * row_bytes_; }
    std::size_t samples_ = 0, row_bytes_ = 0;
    std::vector<std::uint8_t> rows_;                 // 2-bit rows, padded to 64 bytes
    std::vector<std::uint8_t> code_;                 // [variant] what a missing call is
    std::vector<std::vector<std::uint8_t>> dosages_; // [variant] bytes by sample, or empty
    static constexpr std::size_t table_size = 256;
    std::vector<std::uint32_t> tables_; // [variant][byte of a row] its four samples
};

} // namespace salus::whole_genome
