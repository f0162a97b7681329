#pragma once

#include "store/h5.hpp"
#include "store/parts.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace salus::phenotypes {

/// Samples whose rows are put together by one unit of the last phase.
constexpr std::uint64_t block_samples = 65536;
constexpr std::uint64_t block_count(std::uint64_t samples) noexcept {
    return (samples + block_samples - 1) / block_samples;
}

/// Rows of numbers that belong to samples and come in any order, on their way to the order of the
/// samples.
class SampleRows {
public:
    explicit SampleRows(std::size_t columns) : columns_(columns) {}
    /// A new row of NaN for `sample`; valid until the next call.
    std::span<double> add(std::uint32_t sample);
    std::size_t size() const noexcept { return sample_.size(); }
    /// Writes the rows by sample, with the place of each block.
    void write(PartWriter& part, std::uint64_t samples) const;

private:
    std::size_t columns_;
    std::vector<std::uint32_t> sample_;
    std::vector<double> values_;
};

/// Calls `take` for each row of the samples of a block, ascending.
void read_sample_rows(
    const H5File& part, std::uint64_t block,
    const std::function<void(std::uint32_t sample, std::span<const double> values)>& take);

} // namespace salus::phenotypes
