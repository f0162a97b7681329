#include "genotype/genotype_source.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <cstring>

namespace salus {

std::span<const std::uint8_t> VariantBlock::row(std::size_t v) const noexcept {
    return {rows_[entries_[v].begin].byte, packed_bytes(samples_)};
}

std::span<const Carrier> VariantBlock::carriers(std::size_t v) const noexcept {
    return std::span(carriers_).subspan(entries_[v].begin, entries_[v].length);
}

void VariantBlock::unpack(std::size_t v, std::span<std::uint8_t> out) const noexcept {
    const std::size_t bytes = packed_bytes(samples_);
    if (!is_carrier_list(v)) {
        std::copy_n(row(v).data(), bytes, out.data());
        return;
    }
    std::fill_n(out.data(), bytes, std::uint8_t{0});
    for (const Carrier carrier : carriers(v)) {
        const std::size_t sample = carrier_sample(carrier);
        const auto shifted = static_cast<unsigned>(carrier_call(carrier)) << (2 * (sample % 4));
        out[sample / 4] = static_cast<std::uint8_t>(out[sample / 4] | shifted);
    }
}

void VariantBlock::reset(std::uint64_t first_variant, std::size_t samples) {
    first_ = first_variant;
    samples_ = samples;
    entries_.clear();
    carriers_.clear();
    lines_ = 0;
}

void VariantBlock::add_row(std::span<const std::uint8_t> row) {
    SALUS_ASSERT(row.size() == packed_bytes(samples_));
    const std::size_t begin = lines_;
    // At least one line, so that row() of a variant without samples stays inside the array.
    const std::size_t lines = std::max<std::size_t>(1, (row.size() + 63) / 64);
    lines_ += lines;
    if (rows_.size() < lines_) rows_.resize(std::max(lines_, rows_.size() + rows_.size() / 2));
    std::uint8_t* const first = rows_[begin].byte;
    std::memset(rows_[lines_ - 1].byte, 0, sizeof(Line));
    if (!row.empty()) std::memcpy(first, row.data(), row.size());
    entries_.push_back({.carriers = false, .begin = begin, .length = lines});
}

void VariantBlock::add_carriers(std::span<const Carrier> carriers) {
    entries_.push_back({.carriers = true, .begin = carriers_.size(), .length = carriers.size()});
    carriers_.insert(carriers_.end(), carriers.begin(), carriers.end());
}

std::vector<VariantRange> variant_units(std::uint64_t variants, std::uint64_t samples,
                                        std::uint64_t block_variants) {
    constexpr std::uint64_t unit_genotypes = std::uint64_t{1} << 31;
    constexpr std::uint64_t least_units = 64, most_units = 16384;
    std::vector<VariantRange> units;
    if (variants == 0) return units;
    const std::uint64_t block = std::max<std::uint64_t>(1, block_variants);
    const std::uint64_t wanted =
        std::min(unit_genotypes / std::max<std::uint64_t>(1, samples), variants / least_units);
    const std::uint64_t least = (variants + most_units - 1) / most_units;
    const std::uint64_t length =
        std::max(std::max(block, wanted / block * block), (least + block - 1) / block * block);
    units.reserve((variants + length - 1) / length);
    for (std::uint64_t begin = 0; begin < variants; begin += length)
        units.push_back({begin, std::min(variants, begin + length)});
    return units;
}

} // namespace salus
