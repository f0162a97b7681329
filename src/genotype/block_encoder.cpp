#include "genotype/block_codec.hpp"

#include "base/error.hpp"
#include "kernels/genotype_counts.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace salus {
namespace {

constexpr std::uint64_t low_call_bits = 0x5555555555555555;

std::uint64_t load_calls(std::span<const std::uint8_t> bytes, std::size_t at) noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, std::min<std::size_t>(8, bytes.size() - at));
    return word;
}

/// Bits of a list, nearly; `codes`: bits of all symbols.
std::size_t list_bits(std::size_t samples, std::size_t entries, std::size_t codes) noexcept {
    if (entries == 0) return 1;
    const unsigned rice = rice_parameter(samples, entries);
    return 2 * static_cast<std::size_t>(std::bit_width(entries)) + entries * (rice + 1) +
           ((samples - entries) >> rice) + codes;
}

/// A form that is slower to read must save a quarter.
bool saves(std::size_t bits, std::size_t of) noexcept { return 4 * bits <= 3 * of; }

std::size_t padded(std::size_t samples) noexcept { return (samples + 255) / 256 * 64; }

} // namespace

void list_differences(std::span<const std::uint8_t> row, std::span<const std::uint8_t> base,
                      std::vector<Carrier>& out) {
    out.clear();
    for (std::size_t i = 0; i < row.size(); i += 8) {
        const std::uint64_t differing = load_calls(row, i) ^ load_calls(base, i);
        for (std::uint64_t bits = (differing | differing >> 1) & low_call_bits; bits != 0;
             bits &= bits - 1) {
            const auto shift = static_cast<unsigned>(std::countr_zero(bits));
            out.push_back(
                make_carrier(4 * i + shift / 2, static_cast<std::uint8_t>(differing >> shift & 3)));
        }
    }
}

BlockEncoder::BlockEncoder(std::size_t samples)
    : samples_(samples), dosages_(samples), row_(padded(samples)), scratch_(padded(samples)) {
    for (unsigned call = 0; call < 4; ++call) {
        uniform_[call].assign(packed_bytes(samples), static_cast<std::uint8_t>(0x55 * call));
        if (const unsigned used = 2 * (samples % 4); used != 0)
            uniform_[call].back() &= static_cast<std::uint8_t>((1U << used) - 1);
    }
}

std::size_t BlockEncoder::differing(std::span<const std::uint8_t> base, std::size_t samples) {
    for (std::size_t i = 0; i < padded(samples); i += 8) {
        std::uint64_t word = 0, other = 0; // rows are padded
        std::memcpy(&word, row_.data() + i, 8);
        std::memcpy(&other, base.data() + i, 8);
        word ^= other;
        std::memcpy(scratch_.data() + i, &word, 8);
    }
    return samples - count_genotypes(scratch_, samples).hom_ref;
}

void BlockEncoder::try_differences(std::size_t most, Choice& best) {
    Choice found = best;
    for (std::size_t b = bases_.size(); b-- > 0;) {
        // Unrelated variants, which differ in twice as many, show that in their first samples.
        const std::size_t head = samples_ / 16 / 256 * 256;
        if (differing(bases_[b], head) > head * most / samples_ * 3 / 2 + 8) continue;
        const std::size_t entries = differing(bases_[b], samples_);
        if (entries > most) continue;
        const std::size_t bits = list_bits(samples_, entries, entries + entries / 4) + 8;
        if (bits < found.bits) found = {CallForm::difference, bits, b};
    }
    if (saves(found.bits, best.bits)) best = found;
}

BlockEncoder::Choice BlockEncoder::choose(const std::size_t (&counts)[4]) {
    Choice best{.form = CallForm::row, .bits = 8 * packed_bytes(samples_)};
    const bool mostly_alt = counts[hom_alt] > counts[hom_ref];
    const std::size_t commonest = std::max(counts[hom_ref], counts[hom_alt]);
    const std::size_t split =
        8 * split_bytes(samples_, samples_ - commonest) + list_bits(samples_, counts[missing], 1);
    if (saves(split, best.bits))
        best = {mostly_alt ? CallForm::split_hom_alt : CallForm::split_hom_ref, split};
    const bool mostly_missing = counts[missing] > commonest;
    const std::size_t entries = samples_ - std::max(commonest, counts[missing]);
    if (entries <= samples_ / 8) {
        const std::size_t codes = counts[het] == entries ? 1 : 2 * entries - counts[het] + 1;
        const std::size_t bits = list_bits(samples_, entries, codes);
        if (entries <= samples_ / 16 || saves(bits, best.bits))
            best = {mostly_missing ? CallForm::over_missing
                    : mostly_alt   ? CallForm::over_hom_alt
                                   : CallForm::over_hom_ref,
                    bits};
    }
    if (is_base(best.form, samples_, entries))
        try_differences(std::min(entries, samples_ / 8), best);
    return best;
}

void BlockEncoder::put_list(std::span<const std::uint8_t> base, const std::uint8_t (&order)[3]) {
    list_differences(std::span(row_).first(packed_bytes(samples_)), base, list_);
    bits_.put_number(list_.size());
    if (list_.empty()) return;
    const bool alike = std::all_of(list_.begin(), list_.end(),
                                   [&](Carrier c) { return carrier_call(c) == order[0]; });
    bits_.put(alike ? 1 : 0, 1);
    const unsigned rice = rice_parameter(samples_, list_.size());
    std::size_t next = 0;
    for (const Carrier entry : list_) {
        bits_.put_rice(carrier_sample(entry) - next, rice);
        next = carrier_sample(entry) + 1;
        if (alike) continue;
        if (carrier_call(entry) == order[0])
            bits_.put(0, 1);
        else
            bits_.put(carrier_call(entry) == order[1] ? 1 : 3, 2);
    }
}

void BlockEncoder::put_split(Commonest commonest, std::size_t others) {
    bits_.put_number(others);
    const auto row = std::span<const std::uint8_t>(row_).first(packed_bytes(samples_));
    split_row(row, samples_, commonest, bytes_);
    // What stays to be said are the missing calls, which now are heterozygous.
    scratch_ = row_;
    for (std::size_t i = 0; i < scratch_.size(); i += 8) {
        const std::uint64_t word = load_calls(scratch_, i);
        const std::uint64_t called = word & ~((word & word >> 1 & low_call_bits) << 1);
        std::memcpy(scratch_.data() + i, &called, 8);
    }
    put_list(std::span(scratch_).first(row.size()), {2, 1, 3});
}

void BlockEncoder::put_calls(const Choice& choice, const std::size_t (&counts)[4]) {
    switch (choice.form) {
    case CallForm::over_hom_ref:
        return put_list(uniform_[hom_ref], {1, 2, 3});
    case CallForm::over_hom_alt:
        return put_list(uniform_[hom_alt], {3, 2, 1});
    case CallForm::over_missing:
        return put_list(uniform_[missing], {3, 1, 2});
    case CallForm::row:
        bytes_.insert(bytes_.end(), row_.begin(),
                      row_.begin() + static_cast<std::ptrdiff_t>(packed_bytes(samples_)));
        return;
    case CallForm::split_hom_ref:
        return put_split(Commonest::hom_ref, samples_ - counts[hom_ref]);
    case CallForm::split_hom_alt:
        return put_split(Commonest::hom_alt, samples_ - counts[hom_alt]);
    case CallForm::difference:
        bits_.put_number(bases_.size() - 1 - choice.base);
        bits_.put(samples_ - counts[hom_ref] <= samples_ / 16 ? 1 : 0, 1);
        return put_list(std::span(bases_[choice.base]).first(packed_bytes(samples_)), {1, 3, 2});
    }
}

bool BlockEncoder::list_phase(const GenotypeView& view) {
    phase_.clear();
    if (view.phase.empty()) return false;
    for (std::size_t i = 0; i < view.calls.size(); ++i) {
        const unsigned calls = view.calls[i];
        for (unsigned bits = calls & ~(calls >> 1) & 0x55; bits != 0; bits &= bits - 1)
            phase_.push_back(view.phase[i] >> std::countr_zero(bits) & 3);
    }
    return std::any_of(phase_.begin(), phase_.end(), [](std::uint8_t p) { return p != unphased; });
}

void BlockEncoder::put_phase() {
    const auto without =
        static_cast<std::size_t>(std::count(phase_.begin(), phase_.end(), std::uint8_t{unphased}));
    bits_.put(without == 0 ? 1 : 0, 1);
    if (without > 0) {
        bits_.put_number(phase_.size() - without);
        for (const std::uint8_t phase : phase_)
            bits_.put(phase != unphased ? 1 : 0, 1);
    }
    for (const std::uint8_t phase : phase_)
        if (phase != unphased) bits_.put(phase == alt_first ? 1 : 0, 1);
}

void BlockEncoder::remember(CallForm form, std::size_t entries) {
    if (!is_base(form, samples_, entries)) return;
    if (bases_.size() == most_bases)
        std::rotate(bases_.begin(), bases_.begin() + 1, bases_.end());
    else
        bases_.emplace_back();
    bases_.back() = row_;
}

void BlockEncoder::add(const GenotypeView& view) {
    SALUS_ASSERT(view.calls.size() == packed_bytes(samples_));
    std::copy(view.calls.begin(), view.calls.end(), row_.begin());
    last_counts_ = count_genotypes(row_, samples_);
    const GenotypeCounts& c = last_counts_;
    const std::size_t counts[4] = {c.hom_ref, c.het, c.hom_alt, c.missing};
    const bool has_dosages = dosages_.differs(view), has_phase = list_phase(view);
    last_has_dosages_ = has_dosages;
    const Choice choice = choose(counts);
    if (choice.form == CallForm::over_hom_ref && !has_dosages && !has_phase) {
        bits_.put(0, 1);
    } else {
        bits_.put(1U | static_cast<unsigned>(choice.form) << 1 | (has_dosages ? 16U : 0U) |
                      (has_phase ? 32U : 0U),
                  6);
    }
    put_calls(choice, counts);
    if (has_dosages) dosages_.encode(view, bits_, bytes_);
    if (has_phase) put_phase();
    remember(choice.form, samples_ - std::max({counts[hom_ref], counts[hom_alt], counts[missing]}));
    ++variants_;
}

void BlockEncoder::finish(std::vector<std::uint8_t>& out) {
    const auto bits = bits_.finish();
    const auto length = static_cast<std::uint32_t>(bits.size());
    for (unsigned shift = 0; shift < 32; shift += 8)
        out.push_back(static_cast<std::uint8_t>(length >> shift));
    out.insert(out.end(), bits.begin(), bits.end());
    out.insert(out.end(), bytes_.begin(), bytes_.end());
    bits_.clear();
    bytes_.clear();
    bases_.clear();
    variants_ = 0;
}

} // namespace salus
