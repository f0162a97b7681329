#pragma once

#include "genotype/genotype_source.hpp"
#include "store/h5.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

// Results of earlier stages mark samples and variants of the genotypes by place: column `pass` of
// quality, `unrelated` of kinship, `kept` of ld. Marks are 0 for what is left out.

/// DataError unless the table `samples` of a result of `stage` names the samples of the genotypes
/// in their order, and its table `variants` has as many rows as they have variants. A table that
/// the result does not have is not asked for.
void require_same_rows(const H5File& result, const SampleTable& samples, std::uint64_t variants,
                       std::string_view stage);

/// Column of table `samples`. O(samples).
std::vector<std::uint8_t> sample_marks(const H5File& result, const std::string& column);

/// Column of table `variants` in a range.
std::vector<std::uint8_t> variant_marks(const H5File& result, VariantRange range,
                                        const std::string& column);

/// Sets `marks` to 0 where `others`, of the same length, are.
void leave_out(std::span<std::uint8_t> marks, std::span<const std::uint8_t> others) noexcept;

} // namespace salus
