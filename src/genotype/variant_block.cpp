#include "genotype/genotype_source.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace salus {
namespace {

/// Appends the calls of a row that are not 0, at most `most` of them.
void list_calls(std::span<const std::uint8_t> row, std::size_t most, std::vector<Carrier>& out) {
    for (std::size_t byte = 0; byte < row.size(); ++byte)
        for (unsigned bits = row[byte]; bits != 0;) {
            if (out.size() == most) return;
            const auto slot = static_cast<unsigned>(std::countr_zero(bits)) / 2;
            out.push_back(
                make_carrier(4 * byte + slot, static_cast<std::uint8_t>(bits >> 2 * slot & 3)));
            bits &= ~(3U << 2 * slot);
        }
}

} // namespace

std::span<const std::uint8_t> VariantBlock::row(std::size_t v) const noexcept {
    return {rows_.data() + entries_[v].begin, packed_bytes(samples_)};
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

bool VariantBlock::has_dosages(std::size_t v) const noexcept {
    return entries_[v].dosage_row.length + entries_[v].dosage_list.length > 0;
}

std::span<const Dosage> VariantBlock::dosage_row(std::size_t v) const noexcept {
    return std::span(dosage_rows_)
        .subspan(entries_[v].dosage_row.begin, entries_[v].dosage_row.length);
}

std::span<const SampleDosage> VariantBlock::dosage_list(std::size_t v) const noexcept {
    return std::span(dosage_lists_)
        .subspan(entries_[v].dosage_list.begin, entries_[v].dosage_list.length);
}

std::span<const Carrier> VariantBlock::phased(std::size_t v) const noexcept {
    return std::span(phased_).subspan(entries_[v].phased.begin, entries_[v].phased.length);
}

void VariantBlock::unpack_dosages(std::size_t v, std::span<Dosage> out) const noexcept {
    if (const auto all = dosage_row(v); !all.empty()) {
        std::copy(all.begin(), all.end(), out.begin());
        return;
    }
    if (is_carrier_list(v)) {
        std::fill_n(out.begin(), samples_, Dosage{0});
        for (const Carrier carrier : carriers(v))
            out[carrier_sample(carrier)] = dosage_of_call(carrier_call(carrier));
    } else {
        const auto calls = row(v);
        for (std::size_t i = 0; i < samples_; ++i)
            out[i] = dosage_of_call(packed_get(calls, i));
    }
    for (const SampleDosage& one : dosage_list(v))
        out[one.sample] = one.dosage;
}

void VariantBlock::reset(std::uint64_t first_variant, std::size_t samples, std::uint64_t most) {
    first_ = first_variant;
    most_ = most;
    samples_ = samples;
    entries_.clear();
    carriers_.clear();
    phased_.clear();
    dosage_rows_.clear();
    dosage_lists_.clear();
    used_ = 0;
}

std::span<std::uint8_t> VariantBlock::append_row() {
    const std::size_t begin = used_;
    // At least one line, so that row() of a variant without samples stays inside the array.
    const std::size_t length = std::max<std::size_t>(1, (packed_bytes(samples_) + 63) / 64) * 64;
    used_ += length;
    if (rows_.size() < used_) rows_.resize(std::max(used_, rows_.size() + rows_.size() / 2));
    std::memset(rows_.data() + used_ - 64, 0, 64);
    entries_.push_back({.carriers = false, .begin = begin, .length = length});
    return {rows_.data() + begin, length};
}

void VariantBlock::add_row(std::span<const std::uint8_t> row) {
    SALUS_ASSERT(row.size() == packed_bytes(samples_));
    std::uint8_t* const first = append_row().data();
    if (!row.empty()) std::memcpy(first, row.data(), row.size());
}

void VariantBlock::add_carriers(std::span<const Carrier> carriers) {
    entries_.push_back({.carriers = true, .begin = carriers_.size(), .length = carriers.size()});
    carriers_.insert(carriers_.end(), carriers.begin(), carriers.end());
}

void VariantBlock::set_dosage_row(std::span<const Dosage> row) {
    SALUS_ASSERT(row.size() == samples_ && !has_dosages(entries_.size() - 1));
    // Not doubled and copied as it grows: pages count when they are written.
    if (dosage_rows_.empty()) dosage_rows_.reserve(most_ * samples_);
    entries_.back().dosage_row = {.begin = dosage_rows_.size(), .length = row.size()};
    dosage_rows_.insert(dosage_rows_.end(), row.begin(), row.end());
}

void VariantBlock::set_dosage_list(std::span<const SampleDosage> list) {
    SALUS_ASSERT(!has_dosages(entries_.size() - 1));
    entries_.back().dosage_list = {.begin = dosage_lists_.size(), .length = list.size()};
    dosage_lists_.insert(dosage_lists_.end(), list.begin(), list.end());
}

void VariantBlock::set_phased(std::span<const Carrier> phased) {
    entries_.back().phased = {.begin = phased_.size(), .length = phased.size()};
    phased_.insert(phased_.end(), phased.begin(), phased.end());
}

void VariantBlock::add(const GenotypeView& view) {
    std::vector<Carrier> list;
    const std::size_t most = samples_ / 16; // 4 bytes a carrier against 1/4 byte a sample
    list_calls(view.calls, most + 1, list);
    if (list.size() > most)
        add_row(view.calls);
    else
        add_carriers(list);
    if (!view.dosages.empty()) {
        std::vector<SampleDosage> differing;
        for (std::size_t i = 0; i < samples_; ++i)
            if (view.dosages[i] != dosage_of_call(packed_get(view.calls, i)))
                differing.push_back({static_cast<std::uint32_t>(i), view.dosages[i]});
        // 8 bytes an entry of a list against 2 bytes a sample of a row.
        if (differing.size() > samples_ / 4)
            set_dosage_row(view.dosages);
        else if (!differing.empty())
            set_dosage_list(differing);
    }
    if (!view.phase.empty()) {
        list.clear();
        list_calls(view.phase, samples_, list);
        if (!list.empty()) set_phased(list);
    }
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
