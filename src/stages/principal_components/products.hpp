#pragma once

#include "kernels/fixed_columns.hpp"
#include "parallel/communicator.hpp"
#include "stages/principal_components/packed_genotypes.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace salus::components {

/// How calls of the chosen variants of this rank become numbers: z = (g - centre) / scale, and 0
/// where the call is missing (the mean).
struct Standard {
    std::vector<double> centre; // 2f, in [0, 2]
    std::vector<double> scale;  // sqrt(2f(1-f)), positive
};

/// b = Z'Y of a batch: exact sums of 2-bit calls with fixed-point columns, then standardised.
/// \param y    one row per sample; zero where a sample does not count.
/// \param out  [variant of the batch][column].
void variant_products(const Batch& batch, const FixedColumns& y, const Standard& standard,
                      std::span<double> out);
/// The same of rows that are padded as row_products asks, with the standardisation from variant
/// `first` on.
void variant_products(std::span<const std::uint8_t* const> rows, const FixedColumns& y,
                      const Standard& standard, std::size_t first, std::span<double> out);

/// Coefficients of z by variant.
struct VariantWeights {
    std::span<const double> values; // [variant of this rank][column]
    std::size_t columns = 0;
    unsigned limbs = 3; // 3 or 4: rounded to 2^-22 or 2^-30 of the largest of a column over scale
};

/// (all) Sums over the variants of all ranks of z x weight: [column][sample of `samples`].
/// Exact integers, so the result does not depend on who holds which variant.
std::vector<double> sample_products(const Communicator& comm, const PackedGenotypes& genotypes,
                                    const Standard& standard, const VariantWeights& weights,
                                    std::span<const std::uint32_t> samples);

/// (all) Sums of z^2 over the variants of all ranks: [sample of `samples`]. Exact integers
/// likewise.
std::vector<double> sample_squares(const Communicator& comm, const PackedGenotypes& genotypes,
                                   const Standard& standard,
                                   std::span<const std::uint32_t> samples);

/// (all) The largest of each value over the ranks.
std::vector<double> largest_of_ranks(const Communicator& comm, std::span<const double> values);

} // namespace salus::components
