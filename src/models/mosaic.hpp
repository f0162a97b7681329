#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace salus {

/// 128 random bits as a function of four counters, for draws that must be found again in any order.
class CounterDraws {
public:
    CounterDraws(std::uint64_t seed, std::string_view purpose) noexcept;
    std::array<std::uint32_t, 4> operator()(std::uint64_t index, std::uint32_t region,
                                            std::uint32_t step) const noexcept;

private:
    std::array<std::uint32_t, 2> key_;
};

/// A stretch of a haplotype that is copied from one source.
struct MosaicSegment {
    std::uint32_t draw; // uniform 32 bits that choose the source
    float end;          // first genetic position (cM) that is copied from another source
};

/// The segment of haplotype `index` that holds genetic position `at` (cM, >= 0) of a region.
///
/// Breakpoints: exactly one, uniform, in each of consecutive frames of `mean_length` cM whose
/// origin is random per haplotype. So lengths lie in (0, 2 mean_length) with mean mean_length, and
/// any position is found in O(1) without the ones before it. Positions compare as floats: the same
/// answer however one gets there.
MosaicSegment mosaic_segment(const CounterDraws& draws, std::uint64_t index, std::uint32_t region,
                             float at, double mean_length) noexcept;

/// `draw` scaled to [0, bound).
constexpr std::uint32_t scaled(std::uint32_t draw, std::uint32_t bound) noexcept {
    return static_cast<std::uint32_t>(std::uint64_t{draw} * bound >> 32);
}

} // namespace salus
