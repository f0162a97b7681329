#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace salus {

/// Hard calls, two bits each: number of ALT copies, or missing.
enum Call : std::uint8_t { hom_ref = 0, het = 1, hom_alt = 2, missing = 3 };

/// Bytes of a 2-bit row of `samples` calls: sample i lives in byte i/4, bits 2*(i%4); the unused
/// bits of the last byte are zero.
constexpr std::size_t packed_bytes(std::size_t samples) noexcept { return (samples + 3) / 4; }

constexpr std::uint8_t packed_get(std::span<const std::uint8_t> row, std::size_t sample) noexcept {
    return static_cast<std::uint8_t>(row[sample / 4] >> (2 * (sample % 4)) & 3);
}

constexpr void packed_set(std::span<std::uint8_t> row, std::size_t sample,
                          std::uint8_t call) noexcept {
    const auto shift = static_cast<unsigned>(2 * (sample % 4));
    row[sample / 4] = static_cast<std::uint8_t>((row[sample / 4] & ~(3u << shift)) |
                                                static_cast<unsigned>(call) << shift);
}

/// Entry of a carrier list: the sample index and its call (1, 2 or 3), ascending by sample.
/// Everybody who is not in the list is hom_ref.
using Carrier = std::uint32_t;
constexpr Carrier make_carrier(std::size_t sample, std::uint8_t call) noexcept {
    return static_cast<Carrier>(sample << 2 | call);
}
constexpr std::size_t carrier_sample(Carrier carrier) noexcept { return carrier >> 2; }
constexpr std::uint8_t carrier_call(Carrier carrier) noexcept { return carrier & 3; }

/// ALT dosage in units of 1/16384 copies: 0 to 32,768, or missing. A sample that is not certain has
/// a dosage beside its hard call.
using Dosage = std::uint16_t;
inline constexpr Dosage dosage_one = 16384, dosage_missing = 0xFFFF;

/// A dosage that differs from the hard call of its sample (a missing call may have one).
struct SampleDosage {
    std::uint32_t sample;
    Dosage dosage;
    friend bool operator==(const SampleDosage&, const SampleDosage&) = default;
};

/// The dosage that a hard call stands for.
constexpr Dosage dosage_of_call(std::uint8_t call) noexcept {
    return call == missing ? dosage_missing : static_cast<Dosage>(call * dosage_one);
}

/// Phase of a heterozygous call in a second 2-bit row of the same layout; all other calls have
/// `unphased`.
enum Phase : std::uint8_t { unphased = 0, alt_second = 1 /* 0|1 */, alt_first = 2 /* 1|0 */ };

/// What is known of all samples at one variant, on its way from a file to a store or back.
struct GenotypeView {
    std::span<const std::uint8_t> calls; // 2-bit row, packed_bytes(samples)
    std::span<const Dosage> dosages;     // [sample], or empty: the hard calls are all there is
    std::span<const std::uint8_t> phase; // 2-bit row of Phase, or empty: nothing is phased
};

} // namespace salus
