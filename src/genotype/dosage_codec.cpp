#include "genotype/dosage_codec.hpp"

#include "base/error.hpp"
#include "kernels/isa.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace salus {
namespace {

constexpr unsigned scale_bits = 2;
constexpr std::array<std::uint32_t, 4> scales{255, 100, 1000, dosage_one}; // steps per copy
constexpr std::size_t group_samples = 64;
constexpr unsigned widest = 17;

/// `multiple` / steps copies, rounded to a dosage. No multiple of these scales lies half way.
constexpr Dosage dosage_at(std::uint32_t multiple, std::uint32_t steps) noexcept {
    return static_cast<Dosage>((2 * std::uint64_t{multiple} * dosage_one + steps) / (2 * steps));
}
constexpr std::uint32_t multiple_of(Dosage dosage, std::uint32_t steps) noexcept {
    return (2 * std::uint32_t{dosage} * steps + dosage_one) >> 15; // below 2^31
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

/// 0: the dosage of the call, else the zigzag difference to it in steps. A missing call with a
/// dosage is 1 + its multiple; a call with a missing dosage is one more than any difference.
/// `called`: the dosage of the call.
[[gnu::always_inline]] inline std::uint32_t row_code(Dosage called, Dosage dosage,
                                                     std::uint32_t steps) noexcept {
    const std::uint32_t call = called >> 14, multiple = multiple_of(dosage, steps);
    static_assert(dosage_one >> 14 == 1 && dosage_missing >> 14 == missing);
    const auto difference = static_cast<std::int32_t>(multiple - call * steps);
    std::uint32_t code =
        static_cast<std::uint32_t>(difference) << 1 ^ static_cast<std::uint32_t>(difference >> 31);
    code = dosage == dosage_missing ? 4 * steps + 1 : code;
    const std::uint32_t of_missing = dosage == dosage_missing ? 0 : 1 + multiple;
    return call == missing ? of_missing : code;
}

// Inlined into variants that differ in the width of vectors.
[[gnu::always_inline]] inline std::uint32_t group_codes(const Dosage* called, const Dosage* dosages,
                                                        std::size_t count, std::uint32_t steps,
                                                        std::uint32_t* codes) noexcept {
    std::uint32_t all = 0;
    for (std::size_t i = 0; i < count; ++i) {
        codes[i] = row_code(called[i], dosages[i], steps);
        all |= codes[i];
    }
    return all;
}

/// Whether all dosages are multiples of 1/steps copies, rounded: a dosage d is one if and only if
/// d steps / 16384 is within steps / 32768 of a whole number, as multiples are farther apart.
[[gnu::always_inline]] inline bool group_fits(const Dosage* dosages, std::size_t count,
                                              std::uint32_t steps) noexcept {
    std::int32_t farthest = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint32_t product = dosages[i] * steps;
        const auto rest = static_cast<std::int32_t>((product + dosage_one / 2) % dosage_one) -
                          static_cast<std::int32_t>(dosage_one / 2);
        const std::int32_t distance = dosages[i] == dosage_missing ? 0 : rest < 0 ? -rest : rest;
        farthest = std::max(farthest, distance);
    }
    return 2 * static_cast<std::uint32_t>(farthest) <= steps;
}

struct Difference {
    std::size_t differing = 0;
    bool valid = true;
};
/// At most 65,535 samples.
[[gnu::always_inline]] inline Difference
group_differences(const Dosage* called, const Dosage* dosages, std::size_t count) noexcept {
    std::uint16_t differing = 0, bad = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const Dosage dosage = dosages[i];
        differing = static_cast<std::uint16_t>(differing + (dosage != called[i] ? 1 : 0));
        // A missing one becomes 0.
        bad |= static_cast<std::uint16_t>(static_cast<Dosage>(dosage + 1) > 2 * dosage_one + 1);
    }
    return {differing, bad == 0};
}

struct RowKernels {
    std::uint32_t (*codes)(const Dosage*, const Dosage*, std::size_t, std::uint32_t,
                           std::uint32_t*) noexcept;
    bool (*fits)(const Dosage*, std::size_t, std::uint32_t) noexcept;
    Difference (*differences)(const Dosage*, const Dosage*, std::size_t) noexcept;
};

constexpr RowKernels plain{group_codes, group_fits, group_differences};

#if defined(__x86_64__)
[[gnu::target("avx2")]] std::uint32_t codes_avx2(const Dosage* called, const Dosage* dosages,
                                                 std::size_t count, std::uint32_t steps,
                                                 std::uint32_t* codes) noexcept {
    return group_codes(called, dosages, count, steps, codes);
}
[[gnu::target("avx2")]] bool fits_avx2(const Dosage* dosages, std::size_t count,
                                       std::uint32_t steps) noexcept {
    return group_fits(dosages, count, steps);
}
[[gnu::target("avx2")]] Difference differences_avx2(const Dosage* called, const Dosage* dosages,
                                                    std::size_t count) noexcept {
    return group_differences(called, dosages, count);
}
constexpr RowKernels avx2{codes_avx2, fits_avx2, differences_avx2};
#endif

const RowKernels& row_kernels() noexcept {
#if defined(__x86_64__)
    if (best_isa() != Isa::reference) return avx2;
#endif
    return plain;
}

/// Dosages of the four calls of every byte of a row.
const std::array<std::array<Dosage, 4>, 256>& dosages_of_byte() {
    static const auto table = [] {
        std::array<std::array<Dosage, 4>, 256> made{};
        for (unsigned byte = 0; byte < 256; ++byte)
            for (unsigned k = 0; k < 4; ++k)
                made[byte][k] = dosage_of_call(byte >> 2 * k & 3);
        return made;
    }();
    return table;
}

/// Writes 64 numbers of `width` bits, the first lowest, and up to 8 bytes beyond them.
void pack(const std::uint32_t* codes, unsigned width, std::uint8_t* to) noexcept {
    std::uint64_t word = 0;
    unsigned used = 0; // below 8 before a number is added
    const auto add = [&](std::uint64_t value, unsigned bits) {
        word |= value << used;
        used += bits;
        std::memcpy(to, &word, 8);
        to += used / 8;
        word >>= used / 8 * 8;
        used %= 8;
    };
    for (std::size_t i = 0; i < group_samples; i += 4) {
        const std::uint64_t first = codes[i] | std::uint64_t{codes[i + 1]} << width,
                            second = codes[i + 2] | std::uint64_t{codes[i + 3]} << width;
        if (4 * width <= 56) {
            add(first | second << 2 * width, 4 * width);
        } else {
            add(first, 2 * width);
            add(second, 2 * width);
        }
    }
    std::memcpy(to, &word, 8);
}

} // namespace

bool DosageEncoder::differs(const GenotypeView& view) {
    SALUS_ASSERT(view.dosages.empty() || view.dosages.size() == samples_);
    differing_ = 0;
    if (view.dosages.empty()) return false;
    called_.resize(4 * view.calls.size());
    for (std::size_t byte = 0; byte < view.calls.size(); ++byte)
        std::memcpy(&called_[4 * byte], dosages_of_byte()[view.calls[byte]].data(), 8);
    bool valid = true;
    constexpr std::size_t most = 32768;
    for (std::size_t i = 0; i < samples_; i += most) {
        const Difference found = row_kernels().differences(
            called_.data() + i, view.dosages.data() + i, std::min(most, samples_ - i));
        differing_ += found.differing;
        valid &= found.valid;
    }
    SALUS_ASSERT(valid);
    return differing_ > 0;
}

unsigned DosageEncoder::scale_of(const GenotypeView& view) const {
    constexpr std::size_t piece = 1024; // other scales mostly show in the first
    for (unsigned scale = 0; scale + 1 < scales.size(); ++scale) {
        bool fits = true;
        for (std::size_t i = 0; fits && i < samples_; i += piece)
            fits = row_kernels().fits(view.dosages.data() + i, std::min(piece, samples_ - i),
                                      scales[scale]);
        if (fits) return scale;
    }
    return scales.size() - 1;
}

void DosageEncoder::encode(const GenotypeView& view, BitWriter& bits,
                           std::vector<std::uint8_t>& bytes) {
    const unsigned scale = scale_of(view);
    const bool as_row = differing_ > samples_ / 4; // as VariantBlock::add decides
    bits.put(as_row ? 1 : 0, 1);
    bits.put(scale, scale_bits);
    if (!as_row) return encode_list(view, scale, bits);
    const std::size_t before = bytes.size();
    encode_row(view, scale, bytes);
    bits.put_number(bytes.size() - before);
}

void DosageEncoder::encode_list(const GenotypeView& view, unsigned scale, BitWriter& bits) const {
    const std::uint32_t steps = scales[scale];
    const unsigned rice = rice_parameter(samples_, differing_);
    bits.put_number(differing_);
    std::size_t next = 0;
    for (std::size_t i = 0; i < samples_; ++i) {
        const Dosage dosage = view.dosages[i];
        if (dosage == called_[i]) continue;
        bits.put_rice(i - next, rice);
        bits.put(dosage == dosage_missing ? 2 * steps + 1 : multiple_of(dosage, steps),
                 value_width(steps));
        next = i + 1;
    }
}

void DosageEncoder::encode_row(const GenotypeView& view, unsigned scale,
                               std::vector<std::uint8_t>& bytes) {
    packed_.resize((samples_ / group_samples + 1) * (1 + group_samples * widest / 8) + 8);
    std::array<std::uint32_t, group_samples> codes{};
    std::uint8_t* to = packed_.data();
    for (std::size_t begin = 0; begin < samples_; begin += group_samples) {
        const std::size_t count = std::min(group_samples, samples_ - begin);
        if (count < group_samples) codes.fill(0);
        const std::uint32_t all =
            row_kernels().codes(called_.data() + begin, view.dosages.data() + begin, count,
                                scales[scale], codes.data());
        const auto width = static_cast<unsigned>(std::bit_width(all));
        *to++ = static_cast<std::uint8_t>(width);
        pack(codes.data(), width, to);
        to += (count * width + 7) / 8;
    }
    bytes.insert(bytes.end(), packed_.data(), to);
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
    std::array<std::uint8_t, group_samples * widest / 8 + 8> group{};
    bool good = true;
    for (std::size_t begin = 0; begin < row_.size(); begin += group_samples) {
        const std::size_t count = std::min(group_samples, row_.size() - begin);
        if (bytes.empty() || bytes.front() > widest) return false;
        const unsigned width = bytes.front();
        const std::size_t length = (count * width + 7) / 8;
        if (bytes.size() - 1 < length) return false;
        std::copy_n(bytes.begin() + 1, length, group.begin());
        const std::uint32_t mask = (1U << width) - 1;
        for (std::size_t i = 0; i < count; ++i) {
            std::uint32_t code = 0;
            std::memcpy(&code, group.data() + i * width / 8, 4);
            code = code >> (i * width % 8) & mask;
            const std::uint32_t call = packed_get(calls_, begin + i), half = code >> 1;
            const std::uint32_t near = call * steps + (half ^ (0U - (code & 1))); // may wrap
            const std::uint32_t multiple = call == missing ? code - 1 : near;
            if (multiple < table.size()) {
                row_[begin + i] = table[multiple];
            } else {
                row_[begin + i] = dosage_missing;
                good &= code == (call == missing ? 0 : 4 * steps + 1);
            }
        }
        bytes = bytes.subspan(1 + length);
    }
    return good && bytes.empty();
}

} // namespace salus
