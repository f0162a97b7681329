#include "genotype/block_codec.hpp"

#include "kernels/genotype_counts.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace salus {
namespace {

/// xors listed calls into a row.
void change(std::span<const Carrier> list, std::span<std::uint8_t> row) noexcept {
    for (const Carrier entry : list) {
        const std::size_t sample = carrier_sample(entry);
        row[sample / 4] = static_cast<std::uint8_t>(
            row[sample / 4] ^ static_cast<unsigned>(carrier_call(entry)) << (2 * (sample % 4)));
    }
}

std::uint64_t count_het(const VariantBlock& block) noexcept {
    const std::size_t v = block.size() - 1;
    return block.is_carrier_list(v) ? count_genotypes(block.carriers(v), block.sample_count()).het
                                    : count_genotypes(block.row(v), block.sample_count()).het;
}

} // namespace

bool BlockDecoder::read_list(std::size_t samples, const std::uint8_t (&order)[3], BitReader& bits) {
    const std::uint64_t count = bits.get_number();
    if (!bits.ok() || count > samples) return false;
    list_.resize(count); // all entries are written
    if (count == 0) return true;
    const bool alike = bits.get(1) != 0;
    const unsigned rice = rice_parameter(samples, count);
    const std::uint8_t symbols[4] = {order[0], order[1], order[0], order[2]};
    const std::uint8_t only = order[0];
    std::uint64_t next = 0;
    BitBurst burst(bits);
    for (Carrier& entry : list_) {
        next += burst.get_rice(rice);
        std::uint8_t symbol = only;
        if (!alike) {
            const unsigned code = burst.next_two();
            symbol = symbols[code];
            burst.take(1 + (code & 1));
        }
        if (next >= samples) return false;
        entry = make_carrier(next, symbol);
        ++next;
    }
    return true; // every caller asks bits.ok() at the end of the variant
}

bool BlockDecoder::decode_over(CallForm form, VariantBlock& out, BitReader& bits) {
    const std::size_t samples = out.sample_count();
    constexpr std::uint8_t orders[3][3] = {{1, 2, 3}, {3, 2, 1}, {3, 1, 2}};
    if (!read_list(samples, orders[static_cast<std::size_t>(form)], bits)) return false;
    if (form == CallForm::over_hom_ref && list_.size() <= samples / 16) {
        out.add_carriers(list_);
        return true;
    }
    const auto row = out.append_row().first(packed_bytes(samples));
    constexpr std::uint8_t uniform[3] = {0, 0xAA, 0xFF};
    std::fill(row.begin(), row.end(), uniform[static_cast<std::size_t>(form)]);
    if (const unsigned used = 2 * (samples % 4); used != 0)
        row.back() &= static_cast<std::uint8_t>((1U << used) - 1);
    change(list_, row);
    return true;
}

bool BlockDecoder::decode_row(VariantBlock& out) {
    const std::size_t length = packed_bytes(out.sample_count());
    if (length > bytes_.size()) return false;
    out.add_row(bytes_.first(length));
    bytes_ = bytes_.subspan(length);
    if (const unsigned used = 2 * (out.sample_count() % 4);
        used != 0 && out.row(out.size() - 1).back() >> used != 0)
        return false;
    return true;
}

bool BlockDecoder::decode_split(Commonest commonest, VariantBlock& out, BitReader& bits) {
    const std::size_t samples = out.sample_count();
    const std::uint64_t others = bits.get_number();
    if (!bits.ok() || others > samples) return false;
    const std::size_t length = split_bytes(samples, others);
    if (length > bytes_.size()) return false;
    const auto row = out.append_row();
    if (!join_row(bytes_.first(length), samples, others, commonest, row.data())) return false;
    bytes_ = bytes_.subspan(length);
    if (!read_list(samples, {2, 1, 3}, bits)) return false;
    change(list_, row);
    return true;
}

bool BlockDecoder::decode_difference(VariantBlock& out, BitReader& bits) {
    const std::uint64_t back = bits.get_number();
    if (!bits.ok() || back >= bases_.size()) return false;
    const Base base = bases_[bases_.size() - 1 - back];
    const bool few = bits.get(1) != 0;
    if (!read_list(out.sample_count(), {1, 3, 2}, bits)) return false;
    const std::size_t length = packed_bytes(out.sample_count());
    if (!few) {
        const auto row = out.append_row();
        base.block->unpack(base.index, row);
        change(list_, row);
        return true;
    }
    row_.assign(2 * length, 0); // the row, and nothing to compare it with
    const auto row = std::span(row_).first(length);
    base.block->unpack(base.index, row);
    change(list_, row);
    list_differences(row, std::span(row_).last(length), list_);
    out.add_carriers(list_);
    return true;
}

bool BlockDecoder::decode_calls(CallForm form, VariantBlock& out, BitReader& bits) {
    switch (form) {
    case CallForm::over_hom_ref:
    case CallForm::over_hom_alt:
    case CallForm::over_missing:
        return decode_over(form, out, bits);
    case CallForm::row:
        return decode_row(out);
    case CallForm::split_hom_ref:
        return decode_split(Commonest::hom_ref, out, bits);
    case CallForm::split_hom_alt:
        return decode_split(Commonest::hom_alt, out, bits);
    case CallForm::difference:
        return decode_difference(out, bits);
    }
    return false;
}

bool BlockDecoder::decode_phase(const BlockPart& part, VariantBlock* out, const VariantBlock& calls,
                                BitReader& bits) {
    const bool all = bits.get(1) != 0;
    const std::uint64_t count = count_het(calls), phased = all ? count : bits.get_number();
    if (!bits.ok() || phased > count) return false;
    if (out == nullptr || part.phase == WithPhase::no) {
        bits.skip(all ? count : count + phased);
        return bits.ok();
    }
    row_.assign(2 * packed_bytes(calls.sample_count()), 0);
    const auto row = std::span(row_).first(row_.size() / 2);
    calls.unpack(calls.size() - 1, row);
    list_differences(row, std::span(row_).last(row.size()), list_);
    std::erase_if(list_, [](Carrier c) { return carrier_call(c) != het; });
    if (!all) std::erase_if(list_, [&](Carrier) { return bits.get(1) == 0; });
    if (list_.size() != phased) return false;
    for (Carrier& entry : list_)
        entry = make_carrier(carrier_sample(entry), bits.get(1) != 0 ? alt_first : alt_second);
    out->set_phased(list_);
    return bits.ok();
}

void BlockDecoder::remember(CallForm form, const VariantBlock& block) {
    if (!is_base(form, block.sample_count(), list_.size())) return;
    if (bases_.size() == most_bases) bases_.erase(bases_.begin());
    bases_.push_back({&block, block.size() - 1});
}

bool BlockDecoder::decode_variant(const BlockPart& part, bool wanted, VariantBlock& out,
                                  BitReader& bits) {
    auto form = CallForm::over_hom_ref;
    bool has_dosages = false, has_phase = false;
    if (bits.get(1) != 0) {
        form = static_cast<CallForm>(bits.get(3));
        has_dosages = bits.get(1) != 0;
        has_phase = bits.get(1) != 0;
    }
    if (!bits.ok() || !decode_calls(form, out, bits)) return false;
    remember(form, out);
    VariantBlock* const target = wanted ? &out : nullptr;
    if (has_dosages && !dosages_.decode(out.sample_count(), bits, bytes_, target)) return false;
    return (!has_phase || decode_phase(part, target, out, bits)) && bits.ok();
}

bool BlockDecoder::decode(std::span<const std::uint8_t> block, const BlockPart& part,
                          VariantBlock& out) {
    std::uint32_t length = 0;
    if (block.size() < sizeof length || part.first + part.count > part.variants) return false;
    std::memcpy(&length, block.data(), sizeof length);
    block = block.subspan(sizeof length);
    if (length > block.size()) return false;
    BitReader bits(block.first(length), block.size());
    bytes_ = block.subspan(length);
    bases_.clear();
    before_.reset(0, out.sample_count());
    for (std::size_t v = 0; v < part.first + part.count; ++v) {
        const bool wanted = v >= part.first;
        if (!decode_variant(part, wanted, wanted ? out : before_, bits)) return false;
    }
    if (part.first + part.count < part.variants) return true;
    return bytes_.empty() && (bits.position() + 7) / 8 == length;
}

} // namespace salus
