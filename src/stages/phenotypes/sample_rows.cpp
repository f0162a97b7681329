#include "stages/phenotypes/sample_rows.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace salus::phenotypes {

std::span<double> SampleRows::add(std::uint32_t sample) {
    sample_.push_back(sample);
    values_.resize(values_.size() + columns_, std::numeric_limits<double>::quiet_NaN());
    return std::span(values_).last(columns_);
}

void SampleRows::write(PartWriter& part, std::uint64_t samples) const {
    std::vector<std::size_t> order(sample_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return sample_[a] < sample_[b]; });
    std::vector<std::uint32_t> sorted;
    std::vector<double> values;
    values.reserve(values_.size());
    std::vector<std::uint64_t> begin(block_count(samples) + 1, 0);
    for (const std::size_t row : order) {
        sorted.push_back(sample_[row]);
        ++begin[sample_[row] / block_samples + 1];
        const auto from = values_.begin() + static_cast<std::ptrdiff_t>(row * columns_);
        values.insert(values.end(), from, from + static_cast<std::ptrdiff_t>(columns_));
    }
    std::partial_sum(begin.begin(), begin.end(), begin.begin());
    part.write_array<std::uint32_t>("sample", sorted, {}, Compression::none);
    part.write_array<double>("values", values, {sorted.size(), columns_}, Compression::none);
    part.write_array<std::uint64_t>("block_begin", begin, {}, Compression::none);
}

void read_sample_rows(const H5File& part, std::uint64_t block,
                      const std::function<void(std::uint32_t, std::span<const double>)>& take) {
    const auto at = part.read_rows<std::uint64_t>("block_begin", block, 2);
    const std::uint64_t rows = at[1] - at[0];
    if (rows == 0) return;
    const auto sample = part.read_rows<std::uint32_t>("sample", at[0], rows);
    const auto values = part.read_rows<double>("values", at[0], rows);
    const std::size_t columns = values.size() / rows;
    for (std::uint64_t i = 0; i < rows; ++i)
        take(sample[i], std::span(values).subspan(i * columns, columns));
}

} // namespace salus::phenotypes
