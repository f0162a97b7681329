#include "genotype/dosage_codec.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <array>

namespace salus {
namespace {

constexpr unsigned scale_bits = 2;
constexpr std::array<std::uint32_t, 4> scales{100, 255, 1000, dosage_one}; // steps per copy
constexpr std::size_t group_samples = 64;
constexpr unsigned widest = 17;

/// `multiple` / steps copies, rounded to a dosage. No multiple of these scales lies half way.
constexpr Dosage dosage_at(std::uint32_t multiple, std::uint32_t steps) noexcept {
    return static_cast<Dosage>((2 * std::uint64_t{multiple} * dosage_one + steps) / (2 * steps));
}
constexpr std::uint32_t multiple_of(Dosage dosage, std::uint32_t steps) noexcept {
    return static_cast<std::uint32_t>((2 * std::uint64_t{dosage} * steps + dosage_one) /
                                      (2 * std::uint64_t{dosage_one}));
}
constexpr bool on_scale(Dosage dosage, std::uint32_t steps) noexcept {
    return dosage == dosage_missing || dosage_at(multiple_of(dosage, steps), steps) == dosage;
}

/// Dosages by multiple.
const std::vector<Dosage>& scale_table(unsigned scale) {
    static const auto tables = [] {
        std::array<std::vector<Dosage>, scales.size()> made;
        for (std::size_t s = 0; s < scales.size(); ++s)
            for (std::uint32_t k = 0; k <= 2 * scales[s]; ++k)
                made[s].push_back(dosage_at(k, scales[s]));
        return made;
    }();
    return tables[scale];
}

unsigned value_width(std::uint32_t steps) noexcept {
    return static_cast<unsigned>(std::bit_width(2 * steps + 1));
}

/// 0: the dosage of the call. A missing call with a dosage is 1 + its multiple; a call with a
/// missing dosage is one more than any difference.
std::uint32_t row_code(std::uint8_t call, Dosage dosage, std::uint32_t steps) noexcept {
    if (dosage == dosage_of_call(call)) return 0;
    const std::uint32_t multiple = multiple_of(dosage, steps);
    if (call == missing) return 1 + multiple;
    if (dosage == dosage_missing) return 4 * steps + 1;
    const auto difference = static_cast<std::int32_t>(multiple - call * steps);
    return difference < 0 ? static_cast<std::uint32_t>(-2 * difference - 1)
                          : static_cast<std::uint32_t>(2 * difference);
}

bool from_row_code(std::uint8_t call, std::uint32_t code, std::uint32_t steps,
                   const std::vector<Dosage>& table, Dosage& out) noexcept {
    std::uint32_t multiple = code - 1;
    if (code == 0) {
        out = dosage_of_call(call);
        return true;
    }
    if (call != missing) {
        if (code == 4 * steps + 1) {
            out = dosage_missing;
            return true;
        }
        const std::uint32_t half = code >> 1;
        multiple = call * steps + ((code & 1) != 0 ? ~half : half); // wraps below 0
    }
    if (multiple >= table.size()) return false;
    out = table[multiple];
    return true;
}

} // namespace

bool DosageEncoder::differs(const GenotypeView& view) {
    differing_.clear();
    SALUS_ASSERT(view.dosages.empty() || view.dosages.size() == samples_);
    for (std::size_t i = 0; i < view.dosages.size(); ++i) {
        const Dosage dosage = view.dosages[i];
        if (dosage == dosage_of_call(packed_get(view.calls, i))) continue;
        SALUS_ASSERT(dosage <= 2 * dosage_one || dosage == dosage_missing);
        differing_.push_back({static_cast<std::uint32_t>(i), dosage});
    }
    return !differing_.empty();
}

void DosageEncoder::encode(const GenotypeView& view, BitWriter& bits,
                           std::vector<std::uint8_t>& bytes) const {
    unsigned scale = 0;
    for (std::size_t i = 0; i < differing_.size();) {
        if (on_scale(differing_[i].dosage, scales[scale])) {
            ++i;
        } else {
            ++scale;
            i = 0;
        }
    }
    const bool as_row = differing_.size() > samples_ / 4; // as VariantBlock::add decides
    bits.put(as_row ? 1 : 0, 1);
    bits.put(scale, scale_bits);
    if (!as_row) return encode_list(scale, bits);
    const std::size_t before = bytes.size();
    encode_row(view, scale, bytes);
    bits.put_number(bytes.size() - before);
}

void DosageEncoder::encode_list(unsigned scale, BitWriter& bits) const {
    const std::uint32_t steps = scales[scale];
    const unsigned rice = rice_parameter(samples_, differing_.size());
    bits.put_number(differing_.size());
    std::size_t next = 0;
    for (const SampleDosage& one : differing_) {
        bits.put_rice(one.sample - next, rice);
        bits.put(one.dosage == dosage_missing ? 2 * steps + 1 : multiple_of(one.dosage, steps),
                 value_width(steps));
        next = one.sample + 1;
    }
}

void DosageEncoder::encode_row(const GenotypeView& view, unsigned scale,
                               std::vector<std::uint8_t>& bytes) const {
    std::array<std::uint32_t, group_samples> codes{};
    BitWriter packed;
    for (std::size_t begin = 0; begin < samples_; begin += group_samples) {
        const std::size_t count = std::min(group_samples, samples_ - begin);
        std::uint32_t all = 0;
        for (std::size_t i = 0; i < count; ++i) {
            codes[i] =
                row_code(packed_get(view.calls, begin + i), view.dosages[begin + i], scales[scale]);
            all |= codes[i];
        }
        const auto width = static_cast<unsigned>(std::bit_width(all));
        bytes.push_back(static_cast<std::uint8_t>(width));
        packed.clear();
        for (std::size_t i = 0; i < count && width > 0; ++i)
            packed.put(codes[i], width);
        const auto made = packed.finish();
        bytes.insert(bytes.end(), made.begin(), made.end());
    }
}

bool DosageDecoder::decode(std::size_t samples, BitReader& bits,
                           std::span<const std::uint8_t>& bytes, VariantBlock* out) {
    const bool as_row = bits.get(1) != 0;
    const auto scale = static_cast<unsigned>(bits.get(scale_bits));
    if (!as_row) {
        if (!decode_list(samples, scale, bits)) return false;
        if (out != nullptr) out->set_dosage_list(list_);
        return true;
    }
    const std::uint64_t length = bits.get_number();
    if (!bits.ok() || length > bytes.size()) return false;
    const auto mine = bytes.first(length);
    bytes = bytes.subspan(length);
    if (out == nullptr) return true;
    row_.resize(samples);
    calls_.resize(packed_bytes(samples));
    out->unpack(out->size() - 1, calls_);
    if (!decode_row(mine, scale)) return false;
    out->set_dosage_row(row_);
    return true;
}

bool DosageDecoder::decode_list(std::size_t samples, unsigned scale, BitReader& bits) {
    const std::uint64_t count = bits.get_number();
    if (!bits.ok() || count == 0 || count > samples) return false;
    const std::uint32_t steps = scales[scale];
    const std::vector<Dosage>& table = scale_table(scale);
    const unsigned rice = rice_parameter(samples, count);
    list_.resize(count);
    std::uint64_t next = 0;
    for (SampleDosage& one : list_) {
        next += bits.get_rice(rice);
        const std::uint64_t multiple = bits.get(value_width(steps));
        if (next >= samples || multiple > table.size() || !bits.ok()) return false;
        one = {static_cast<std::uint32_t>(next),
               multiple == table.size() ? dosage_missing : table[multiple]};
        ++next;
    }
    return true;
}

bool DosageDecoder::decode_row(std::span<const std::uint8_t> bytes, unsigned scale) {
    const std::uint32_t steps = scales[scale];
    const std::vector<Dosage>& table = scale_table(scale);
    for (std::size_t begin = 0; begin < row_.size(); begin += group_samples) {
        const std::size_t count = std::min(group_samples, row_.size() - begin);
        if (bytes.empty() || bytes.front() > widest) return false;
        const unsigned width = bytes.front();
        const std::size_t length = (count * width + 7) / 8;
        if (bytes.size() - 1 < length) return false;
        BitReader codes(bytes.subspan(1, length), bytes.size() - 1);
        for (std::size_t i = 0; i < count; ++i) {
            const auto code = static_cast<std::uint32_t>(codes.get(width));
            if (!from_row_code(packed_get(calls_, begin + i), code, steps, table, row_[begin + i]))
                return false;
        }
        bytes = bytes.subspan(1 + length);
    }
    return bytes.empty();
}

} // namespace salus
